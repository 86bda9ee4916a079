"""Text from outside is hostile: made harmless once, at the border where it comes in.

Sinks (HTML, Markdown, XML, terminal) still escape for their own syntax; what they get has no control characters,
no bidirectional overrides, no lone surrogates, a bounded length, and no secret.
"""

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote

MAX_LENGTH = 300
HIDDEN = "[secret]"

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


def redact(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of `secrets`, raw, percent-encoded or base64; shorter than 4 characters are no secrets."""
    for secret in sorted({s for s in secrets if len(s) >= 4}, key=len, reverse=True):
        encoded = base64.b64encode(secret.encode()).decode()
        for form in {secret, quote(secret, safe=""), quote(secret), encoded, encoded.rstrip("=")}:
            text = text.replace(form, HIDDEN)
    return text
