"""Text from outside is hostile: made harmless once, at the border where it comes in.

Sinks (HTML, Markdown, XML, terminal) still escape for their own syntax; what they get has no control characters,
no bidirectional overrides, no lone surrogates, a bounded length, and no secret.
"""

import base64
import html
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote, quote_plus

MAX_LENGTH = 300
HIDDEN = "[secret]"
LEAST_SECRET = 4
"""Shorter secrets are anywhere in any text; hiding them would only spoil it."""
DISTINCT_SECRET = 8
"""From here on a secret is hidden inside words as well; a shorter one of letters only as a whole word."""
_WORDS = """
    ready not conditional inconclusive pass passed warn warned fail failed error errors skipped applicable block
    condition note notes true false null none schema readiness report run load users user rate model closed open
    duration ramp warm timeout scenario scenarios service target name title url addresses address provenance platform
    python locust cores tool version plan hash doubts doubt reason details detail subject observed evidence samples
    source message value score coverage low medium high checks check weight limit limits outcome decision exit code
    conditions risks next steps step ledger judged planned flight dropped requests request failures failure latency
    endpoints endpoint measurements measurement metric scope unit started ended start thresholds threshold
    confidence stalls stall series slices total hits blocks header headers interrupted idle script http local dns
    connect refused tls reset truncated protocol large rate_limited limited assertion allowed success throughput
    health cache pool security data database probe probes hit headroom mean time success_rate on_fail not_applicable
    not_ready
"""
OWN_WORDS = frozenset(("not ready", *_WORDS.split()))
"""Words that the report itself uses. Hiding one would hide the report, and tell the secret by the gaps."""

# C0 and C1 controls and DEL; bidirectional marks, overrides and isolates; zero-width and line separators; lone
# surrogates; noncharacters that XML forbids.
_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)


def clean(text: object, limit: int = MAX_LENGTH) -> str:
    """`text` on one line, at most `limit` characters, hostile characters replaced by a space or dropped."""
    raw = str(text)[: limit * 4]
    line = _HOSTILE.sub(lambda match: " " if match.group() in "\t\n\r\v\f\u2028\u2029" else "", raw)
    line = " ".join(line.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


_COMMAND = re.compile(r"^::|::(?![0-9A-Fa-f]{1,4}(?![\w-])|\])")
"""What may begin a command of a CI runner (`::error title=x::`), and is no part of an IPv6 address (`[::1]`)."""


def obeyed_by_nobody(text: str) -> str:
    """`text` without the prefixes that a CI runner obeys anywhere in a line, or at its start."""
    return _COMMAND.sub(": :", text.replace("##[", "# #["))


def redact(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of `secrets`, in whatever form (see `forms`).

    Left alone: secrets shorter than LEAST_SECRET, and those that are words of the report (OWN_WORDS).
    """
    found = frozenset(secret for secret in secrets if is_secret(secret))
    return _pattern(found).sub(HIDDEN, text) if found else text


def is_secret(secret: str) -> bool:
    """Whether `secret` can be told from the report's own text."""
    return len(secret.strip()) >= LEAST_SECRET and secret.strip().lower() not in OWN_WORDS


def forms(secret: str) -> frozenset[str]:
    """`secret` raw, cleaned, percent-encoded, base64, and as JSON, HTML and XML write it."""
    found = {secret, clean(secret), quote(secret, safe=""), quote(secret), quote_plus(secret)}
    for raw in tuple(found):
        escaped = html.escape(raw, quote=False)
        quoted = escaped.replace('"', "&quot;")
        found |= {escaped, quoted, escaped.replace('"', "&#34;").replace("'", "&#39;")}
        found |= {quoted.replace("'", mark) for mark in ("&#39;", "&#x27;", "&apos;")}
    for raw in tuple(found):
        found |= {json.dumps(raw)[1:-1], json.dumps(raw, ensure_ascii=False)[1:-1]}
    encoded = base64.b64encode(secret.encode(errors="replace")).decode()
    found |= {encoded, encoded.rstrip("=")}
    return frozenset(form for form in found if len(form) >= LEAST_SECRET)


@lru_cache(maxsize=8)
def _pattern(secrets: frozenset[str]) -> re.Pattern[str]:
    """Any form of any of `secrets`, the longest that fits."""
    found: dict[str, bool] = {}
    for secret in secrets:
        whole_word = secret.isalpha() and len(secret) < DISTINCT_SECRET
        for form in forms(secret):
            found[form] = found.get(form, True) and whole_word
    longest_first = sorted(found, key=len, reverse=True)
    return re.compile("|".join(_exact(form, whole_word=found[form]) for form in longest_first))


def _exact(form: str, *, whole_word: bool) -> str:
    return rf"(?<![^\W\d_]){re.escape(form)}(?![^\W\d_])" if whole_word else re.escape(form)
