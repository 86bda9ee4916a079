"""Text from outside is hostile: made harmless once, at the border where it comes in.

Sinks (HTML, Markdown, XML, terminal) still escape for their own syntax; what they get has no control characters,
no bidirectional overrides, no lone surrogates, and a bounded length.
"""

import re

MAX_LENGTH = 300
HIDDEN = "[secret]"
"""What stands where a secret was; redaction itself is readiness/text/redaction.py."""
# What is not seen, or moves what is seen: controls (C0, C1, DEL); format characters of Unicode (Cf: soft hyphen, zero
# width, bidirectional, interlinear, tags), but not the Arabic and Kaithi ones that are seen; fillers and other
# characters that show nothing (Default_Ignorable_Code_Point, the blank of Braille); variation selectors; line and
# paragraph separators; surrogates, private use, noncharacters. Scripts that this Python does not know yet are kept.
_UNSEEN = (
    "\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ud800-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a"
    + "".join(f"{chr(plane | 0xFFFE)}{chr(plane | 0xFFFF)}" for plane in range(0x10000, 0xE0000, 0x10000))
    + "\U000e0000-\U0010ffff"
)
_HOSTILE = re.compile(f"[\x00-\x1f{_UNSEEN}]")
UNSEEN = re.compile(f"[{_UNSEEN}]")
"""One character of them but the controls of ASCII, for a format that has escapes."""
COMMAND = re.compile(r"##(?=[A-Za-z]*\[)")
"""The beginning of a command that a CI system obeys wherever it stands in a line: `##vso[`, `##[`, `##teamcity[`."""


def clean(text: object, limit: int = MAX_LENGTH) -> str:
    """`text` on one line, at most `limit` characters, without characters that are not seen and commands of CI systems.

    Takes time in proportion to `limit`, however long the text is.
    """
    try:
        raw = str(text)[: limit * 4]
    except Exception:  # an exception's own words may raise
        raw = f"<{type(text).__name__}>"
    line = _HOSTILE.sub(lambda match: " " if match.group() in "\t\n\r\v\f\u2028\u2029" else "", raw)
    line = COMMAND.sub("# #", " ".join(line.split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def shortened(text: object, limit: int) -> str:
    """The same, cut between two words where it is too long."""
    line = clean(text, limit + 1)
    if len(line) <= limit:
        return line
    whole = line[: limit - 2].rpartition(" ")[0] or line[: limit - 2]
    return f"{whole.rstrip(' ,;:')} …"
