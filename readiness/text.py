"""Text from outside is hostile: made harmless once, at the border where it comes in.

Sinks (HTML, Markdown, XML, terminal) still escape for their own syntax; what they get has no control characters,
no bidirectional overrides, no lone surrogates, and a bounded length.
"""

import re

MAX_LENGTH = 300
HIDDEN = "[secret]"
"""What stands where a secret was; redaction itself is readiness/redaction.py."""
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
