"""What a PromQL query says of time: how far back it reaches, and whether at another time than it is asked for.

A number of the measurement window must not be made of what was before it, so these are read without a parser of
PromQL: brackets hold nothing but ranges in it, outside of strings and comments.
"""

from __future__ import annotations

import re

from readiness.text import clean

WINDOW_WORD = "$window"
"""In a query: the length of the measurement window."""
_TEXT = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*(?:"|$)|'(?:[^'\\]|\\.)*(?:'|$)|`[^`]*(?:`|$))|\#[^\n]*""",
    re.DOTALL,
)
_RANGE = re.compile(r"\[([^\]]*)\]?")
_WORD = re.compile(r"@|(?<![\w:])(?:offset|anchored|smoothed)(?![\w:])", re.ASCII | re.IGNORECASE)
"""The last two read samples beside a range."""
_BEFORE_NAMES = "({,+-*/%^=<>!~"
"""After these, and at the begin, a word is the name of a metric or a label; a modifier follows what it modifies."""
_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "y": 31_536_000_000}
_DURATION = re.compile(r"(?:[0-9]{1,9}(?:ms|[smhdwy]))+", re.ASCII)
_PIECE = re.compile(r"([0-9]+)(ms|[smhdwy])", re.ASCII)


def problem_of(query: str) -> str | None:
    """Why `query` cannot be asked for the measurement window alone; None when it can."""
    if any(ord(sign) < 32 and sign not in "\n\t" for sign in query):
        return "must hold no control characters: servers do not agree where a comment ends"
    code = _code(query)
    for found in _WORD.finditer(code):
        before = code[: found.start()].rstrip()
        if found[0] == "@" or (before and before[-1] not in _BEFORE_NAMES):
            return f"{found[0]} reads another time than the measurement window; remove it"
    for text in _RANGE.findall(code):
        try:
            _range_ms(text, 1)
        except ValueError:
            return f"must have ranges such as [30s] or [{WINDOW_WORD}], not [{clean(text, 40)}]"
    return None


def reach_back_ms(query: str, window_ms: int) -> int:
    """How far back `query` reaches at most: its longest range, and every subquery's beside it.

    Raises ValueError for a query that has a problem (`problem_of`).
    """
    ranges: list[str] = _RANGE.findall(_code(query))
    plain = max((_range_ms(text, window_ms) for text in ranges if ":" not in text), default=0)
    return plain + sum(_range_ms(text, window_ms) for text in ranges if ":" in text)


def _code(query: str) -> str:
    """The query without what its strings and comments say."""
    return _TEXT.sub(lambda found: ('"' if found["text"] else " ") * len(found[0]), query)


def asked(query: str, window_ms: int) -> str:
    """`query` with the length of the window in its place."""
    return query.replace(WINDOW_WORD, f"{window_ms}ms")


def _range_ms(text: str, window_ms: int) -> int:
    """Of `[length]`, or of `[length:step]`, whose step may be left out. Raises ValueError for anything else."""
    length, _, step = (part.strip() for part in text.partition(":"))
    if step:
        _length_ms(step, window_ms)
    return _length_ms(length, window_ms)


def _length_ms(length: str, window_ms: int) -> int:
    if length == WINDOW_WORD:
        return window_ms
    if not _DURATION.fullmatch(length):
        raise ValueError(length)
    return sum(int(number) * _UNITS_MS[unit] for number, unit in _PIECE.findall(length))
