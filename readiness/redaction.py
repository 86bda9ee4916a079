"""Secrets never leave: the one place that knows what a secret is, and takes it out of whatever is written or said.

Values: every string inside a Run or Verdict is redacted before anything is rendered, so that no format and no word of
ours can break, whoever wrote it, except what is ours by construction and cannot carry outside text: enums, numbers,
keys of mappings, and the fields of OURS (ids, times, hashes, versions, metric names, units, sources) and scenario
names, by which checks are found. After rendering a last net looks for what came in another way.

Words on a terminal go through `for_terminal`. What a secret can look like: readiness/disguise.py.
"""

from __future__ import annotations

import json
import os
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar, cast
from urllib.parse import unquote
from xml.etree import ElementTree

from readiness.disguise import BOUNDARY, DISTINCT_SECRET, LEAST_SECRET, needles, spans
from readiness.judge.verdict import CheckResult
from readiness.measurements.histogram import Histogram
from readiness.measurements.run import Measurement, Recording
from readiness.text import HIDDEN, clean

T = TypeVar("T")
LONGEST_WORD = 16
LINE_CHARS = 2000
"""Of a line on a terminal."""
OURS = frozenset(
    {
        "id", "run_id", "started_at", "ended_at", "plan_hash", "thresholds_sha256", "scenarios", "scenario",
        "idle_scenarios", "tool_version", "python", "platform", "locust", "metric", "unit", "source", "model",
        "interrupted", "on_fail",
    }
)  # fmt: skip
"""Fields, by name, in any of the dataclasses."""
OURS_IN: Mapping[type, frozenset[str]] = {CheckResult: frozenset({"name"}), Measurement: frozenset({"scope"})}
"""Fields that are ours only there: a check's name is its metric, an endpoint's name is not."""
_WHOLE = (Enum, Histogram, Recording)
SECRET_PREFIXES = (
    "READINESS_PASSWORD", "READINESS_TOKEN", "READINESS_SECRET", "READINESS_WORKER_TOKEN", "PGPASSWORD", "REDISCLI_AUTH"
)  # fmt: skip
"""Variables whose values are secrets, whatever they look like."""
_URLS = ("READINESS_DATABASE_URL", "READINESS_CACHE_URL")
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
    return _hidden(text, found, cuts=True) if found else text


def for_terminal(line: object, secrets: Iterable[str] = ()) -> str:
    """Outside text as one harmless line without `secrets` and those of our environment; redacted before it is cut."""
    known = (*secrets, *secrets_in(os.environ))
    return clean(redact(clean(line, max(len(str(line)), 1)), known), LINE_CHARS)


def net(text: str) -> str:
    """Our own text, of values that were redacted before, without distinct secrets of our environment."""
    found = frozenset(secret for secret in secrets_in(os.environ) if is_distinct(secret))
    return _hidden(text, found, cuts=False) if found else text


def redacted(value: T, secrets: Iterable[str]) -> T:
    """`value` (a dataclass, tuple, mapping or string, however deep) without `secrets`; the same object if none is in.

    Pure. See the rule above for what is left as it is.
    """
    wanted = frozenset(secret for secret in secrets if is_secret(secret))
    changed = _changed(set(_strings(value)), wanted) if wanted else {}
    return cast(T, _redacted(value, changed)) if changed else value


def _hidden(text: str, secrets: frozenset[str], *, cuts: bool) -> str:
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


def _changed(strings: set[str], secrets: frozenset[str]) -> dict[str, str]:
    """Those of `strings` that show a secret, and what they become. All are searched at once, which is much faster."""
    ordered = sorted(strings)
    starts, at = [], 0
    encoded = [string.encode("utf-8", "surrogatepass") for string in ordered]
    for data in encoded:
        starts.append(at)
        at += len(data) + len(BOUNDARY)
    touched = {}
    for start, end in spans(BOUNDARY.join(encoded), needles(secrets), cuts=True):
        for index in range(bisect_right(starts, start) - 1, bisect_right(starts, end - 1)):
            touched[ordered[index]] = ""
    return {string: new for string in touched if (new := _hidden(string, secrets, cuts=True)) != string}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str) and not isinstance(value, Enum):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _strings(part)
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _strings(part)
    elif is_dataclass(value) and not isinstance(value, (type, *_WHOLE)):
        for name in _theirs(value):
            yield from _strings(getattr(value, name))


def _redacted(value: Any, changed: Mapping[str, str]) -> Any:
    if isinstance(value, _WHOLE):
        return value
    if isinstance(value, str):
        return changed.get(value, value)
    if isinstance(value, tuple):
        parts = tuple(_redacted(part, changed) for part in value)
        return parts if _differ(parts, value) else value
    if isinstance(value, Mapping):
        pairs = {key: _redacted(part, changed) for key, part in value.items()}
        return pairs if _differ(pairs.values(), value.values()) else value
    if not is_dataclass(value) or isinstance(value, type):
        return value
    new = {name: _redacted(getattr(value, name), changed) for name in _theirs(value)}
    new = {name: part for name, part in new.items() if part is not getattr(value, name)}
    return replace(value, **new) if new else value


def _theirs(value: Any) -> list[str]:
    """The fields of a dataclass that can carry outside text."""
    ours = OURS | OURS_IN.get(type(value), frozenset())
    return [item.name for item in fields(value) if item.name not in ours]


def _differ(new: Iterable[object], old: Iterable[object]) -> bool:
    return any(one is not other for one, other in zip(new, old, strict=True))


def last_net(text: str, file_name: str, secrets: Iterable[str]) -> tuple[str, str | None]:
    """A rendered file without any form of a secret that came in past the values, and why it must not be written.

    Only secrets that cannot be a word of a format are looked for. A file that would not parse without them is refused.
    """
    found = frozenset(secret for secret in secrets if is_distinct(secret))
    clear = _hidden(text, found, cuts=False) if found else text
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


def _passwords(url: str) -> tuple[str, ...]:
    """Everything in a URL that could be a password, as written and decoded, also where the URL is not a good one."""
    found = re.findall(r"password=([^&\s]+)", url)
    if match := re.match(r"[^:]*:/*[^:@/?]*:(.*)@", url, re.DOTALL):
        found += [match[1], match[1].partition("@")[0]]
    return tuple(form for one in found for form in (one, unquote(one)))
