"""Secrets never leave: the one place that knows what a secret is, and takes it out of whatever is written or said.

Values (Run, Verdict): readiness/report/redacted.py, before anything is rendered. After rendering a last net
searches for what came in another way.

Words on a terminal go through `for_terminal`. What a secret can look like: readiness/text/disguise.py.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote
from xml.etree import ElementTree

from readiness.text import HIDDEN, clean
from readiness.text.disguise import DISTINCT_SECRET, LEAST_SECRET, needles, spans

LONGEST_WORD = 16
LINE_CHARS = 2000
"""Of a line on a terminal."""
SECRET_PREFIXES = (
    "READINESS_PASSWORD", "READINESS_TOKEN", "READINESS_SECRET", "READINESS_WORKER_TOKEN", "PGPASSWORD", "REDISCLI_AUTH"
)  # fmt: skip
"""Variables whose values are secrets, whatever they look like."""
_URLS = (
    "READINESS_DATABASE_URL", "READINESS_RESTORE_URL", "READINESS_CACHE_URL", "READINESS_PROMETHEUS_URL",
    "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
)  # fmt: skip
_NAMED = re.compile(r"PASSW|SECRET|TOKEN|API_?KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIAL", re.IGNORECASE)
"""Variables of others; of their values only those that are no plain word and no plain number."""
_WORDS = """
    ready not conditional inconclusive pass passed warn warned fail failed error errors skipped applicable block
    condition note notes true false null none schema readiness report run load users user rate model closed open
    duration ramp warm timeout scenario scenarios service target name title url addresses address provenance platform
    python locust cores tool version plan hash doubts doubt reason details detail subject observed evidence samples
    source message value score coverage low medium high checks check weight limit limits outcome decision exit code
    conditions risks next steps step ledger judged planned flight dropped requests request failures failure latency
    endpoints endpoint measurements measurement metric scope unit started ended start thresholds threshold
    confidence stalls stall series slices total hits blocks header headers interrupted idle script http local dns
    connect refused tls reset truncated surplus protocol large rate_limited limited assertion allowed success throughput
    health cache pool security data database probe probes hit headroom mean time success_rate on_fail not_applicable
    not_ready
"""
OWN_WORDS = frozenset(("not ready", *_WORDS.split()))
"""Words that the report itself uses. Hiding one would hide the report, and tell the secret by the gaps."""


def secrets_in(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The values of `environ` that must not be shown: by their names, and the passwords in its URLs."""
    found = []
    for name, value in environ.items():
        if name.startswith(SECRET_PREFIXES) or (_NAMED.search(name) and is_distinct(value)):
            found.append(value)
        if name in _URLS:
            found += _passwords(value)
        if name.startswith("OTEL_") and name.endswith("_HEADERS"):
            found += _header_values(value)
    return tuple(dict.fromkeys(found))


def is_secret(secret: str) -> bool:
    """Whether `secret` can be told from the report's own text."""
    return len(secret.strip()) >= LEAST_SECRET and secret.strip().lower() not in OWN_WORDS


def is_distinct(secret: str) -> bool:
    """Long enough, and neither a plain word nor a plain number, which formats are made of."""
    plain_word = secret.isalpha() and len(secret) < LONGEST_WORD
    plain_number = not any(character.isalpha() for character in secret)
    return len(secret) >= DISTINCT_SECRET and is_secret(secret) and not plain_word and not plain_number


def redact(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of `secrets`, in whatever form, and without what a cut left of them.

    Left alone: secrets shorter than LEAST_SECRET, and those that are words of the report (OWN_WORDS).
    """
    found = frozenset(secret for secret in secrets if is_secret(secret))
    return hidden(text, found, cuts=True) if found else text


def for_terminal(line: object, secrets: Iterable[str] = ()) -> str:
    """Outside text as one harmless line without `secrets` and those of our environment; redacted before it is cut."""
    known = (*secrets, *secrets_in(os.environ))
    return clean(redact(clean(line, max(len(str(line)), 1)), known), LINE_CHARS)


def net(text: str) -> str:
    """Our own text, of values that were redacted before, without distinct secrets of our environment."""
    found = frozenset(secret for secret in secrets_in(os.environ) if is_distinct(secret))
    return hidden(text, found, cuts=False) if found else text


def hidden(text: str, secrets: frozenset[str], *, cuts: bool) -> str:
    """`text` without any of `secrets`, all of which are hidden; with `cuts` also without what a cut left of them."""
    data = text.encode("utf-8", "surrogatepass")
    found = spans(data, needles(secrets), cuts=cuts)
    if not found:
        return text
    kept = []
    done = 0
    for start, end in found:
        kept.append(data[done:start])
        done = end
    kept.append(data[done:])
    return HIDDEN.encode().join(kept).decode("utf-8", "surrogatepass")


def last_net(text: str, file_name: str, secrets: Iterable[str]) -> tuple[str, str | None]:
    """A rendered file without any form of a secret that came in past the values, and why it must not be written.

    Only secrets that cannot be a word of a format are searched for. A file that does not parse without them is refused.
    """
    found = frozenset(secret for secret in secrets if is_distinct(secret))
    clear = hidden(text, found, cuts=False) if found else text
    if clear == text:
        return text, None
    try:
        if file_name.endswith((".json", ".sarif")):
            json.loads(clear)
        elif file_name.endswith((".xml", ".svg")):
            ElementTree.fromstring(clear)
    except (ValueError, ElementTree.ParseError):
        return "", f"{file_name} was not written: it would have shown a secret from the environment"
    return clear, None


def _header_values(text: str) -> Iterator[str]:
    """Every value of `name=value,name=value`, as written and decoded, and what stands behind its scheme."""
    for pair in text.split(","):
        value = pair.partition("=")[2].strip()
        decoded = unquote(value)
        yield from (form for form in (value, decoded, decoded.rpartition(" ")[2]) if form)


def _passwords(url: str) -> tuple[str, ...]:
    """Everything in a URL that could be a password, as written and decoded, also where the URL is not a good one."""
    found = re.findall(r"password=([^&\s]+)", url)
    if match := re.match(r"[^:]*:/*[^:@/?]*:(.*)@", url, re.DOTALL):
        found += [match[1], match[1].partition("@")[0]]
    return tuple(form for one in found for form in (one, unquote(one)))
