"""What a PromQL query says of time: how far back it looks, and whether at another time than it is asked for.

A number of the measurement window must not be made of what was before it, so these are read without a parser of
PromQL: brackets hold nothing but ranges in it, outside of strings and comments.
"""

from __future__ import annotations

import re

WINDOW_WORD = "$window"
"""In a query: the length of the measurement window."""
_PARTS = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*(?:"|$)|'(?:[^'\\]|\\.)*(?:'|$)|`[^`]*(?:`|$)|\#[^\n]*)"""
    r"""|\[(?P<range>[^\]\n]*)\]?|(?P<at>@)|(?P<offset>\boffset\s*[-(0-9])""",
    re.DOTALL | re.IGNORECASE,
)
_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "y": 31_536_000_000}
_DURATION = re.compile(r"(?:[0-9]{1,9}(?:ms|[smhdwy]))+", re.ASCII)
_PIECE = re.compile(r"([0-9]+)(ms|[smhdwy])", re.ASCII)


def problem_of(query: str) -> str | None:
    """Why `query` cannot be asked for the measurement window alone; None when it can."""
    for found in _PARTS.finditer(query):
        if found["at"] or found["offset"]:
            return f"{'@' if found['at'] else 'offset'} reads another time than the measurement window; remove it"
        if found["range"] is not None:
            try:
                _range_ms(found["range"], 1)
            except ValueError:
                return f"must have ranges such as [30s] or [{WINDOW_WORD}], not [{found['range'][:40]}]"
    return None


def looks_back_ms(query: str, window_ms: int) -> int:
    """How far `query` looks back at most: its longest range, and every subquery's beside it.

    Raises ValueError for a query that has a problem (`problem_of`).
    """
    ranges = [text for found in _PARTS.finditer(query) if (text := found["range"]) is not None]
    plain = max((_range_ms(text, window_ms) for text in ranges if ":" not in text), default=0)
    return plain + sum(_range_ms(text, window_ms) for text in ranges if ":" in text)


def asked(query: str, window_ms: int) -> str:
    """`query` with the length of the window in its place."""
    return query.replace(WINDOW_WORD, f"{window_ms}ms")


def _range_ms(text: str, window_ms: int) -> int:
    length = text.partition(":")[0].strip()
    if length == WINDOW_WORD:
        return window_ms
    if not _DURATION.fullmatch(length):
        raise ValueError(text)
    return sum(int(number) * _UNITS_MS[unit] for number, unit in _PIECE.findall(length))
