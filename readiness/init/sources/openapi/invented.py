"""Values that nobody chose, made up within the limits of their schema: numbers, texts, texts of a simple pattern."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from fractions import Fraction

from readiness.init.draft import Json
from readiness.init.sources.openapi.nodes import DocumentNode

_MOST_CHARS = 400
"""Of one text value."""
_MOST_PATTERN = 300
_LARGEST = 10**15
"""Numbers beyond it are no limits that a made-up value could meet."""
_FORMATS: dict[str, str] = {
    "date": "2026-01-01", "date-time": "2026-01-01T00:00:00Z", "time": "12:00:00Z", "email": "user@example.org",
    "uuid": "00000000-0000-4000-8000-000000000001", "uri": "https://example.org/", "url": "https://example.org/",
    "ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "hostname": "example.org", "byte": "YQ==", "binary": "a",
}  # fmt: skip
_ESCAPED = {"d": "1", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a", "t": "\t", "n": "\n", "r": "\r"}
_MEMBERS = {"d": "0123456789", "w": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", "s": " \t\n"}
_TRIED = "a1A-_ .x0:/@"
"""What a class of characters that leaves some out is tried with."""
_COUNT = re.compile(r"\{(\d{1,4})(,(\d{0,4}))?\}")
_GROUP = re.compile(r"\((?:\?(?:P?<[A-Za-z]\w{0,30}>|:))?(?!\?)")


def number(schema: DocumentNode, *, whole: bool) -> int | float:
    """The least that is allowed; without a least 1, or the most where that is less."""
    low, over = _limit(schema, "minimum", "exclusiveMinimum")
    high, under = _limit(schema, "maximum", "exclusiveMaximum")
    step = _number(schema.get("multipleOf").value) or Fraction(0)
    step = abs(step) or Fraction(int(whole))
    if low is None:
        value = Fraction(1) if high is None or high > 1 else high
        low_ok = True
    else:
        value, low_ok = low, not over
    if step:
        value = math.ceil(value / step) * step
        value += step if low is not None and not low_ok and value == low else 0
        if high is not None and (value > high or (under and value == high)):
            value = math.floor(high / step) * step
            value -= step if under and value == high else 0
    elif not low_ok or (under and value == high):
        value = (low + high) / 2 if low is not None and high is not None else value + (1 if low is not None else -1)
    return int(value) if value.denominator == 1 else float(value)


def text(schema: DocumentNode) -> str:
    """One of the format, of the pattern, or a word, as long as it must be."""
    least, most = _length(schema, "minLength", 0), _length(schema, "maxLength", _MOST_CHARS)
    if pattern := schema.get("pattern").text:
        found = of_pattern(pattern, least)
        if found is not None and len(found) <= most:
            return found
    known = _FORMATS.get(schema.get("format").text)
    return known if known is not None and least <= len(known) <= most else (known or "text").ljust(least, "x")[:most]


def of_pattern(pattern: str, least: int) -> str | None:
    """A text of `least` characters or more that the pattern finds; None for what is not understood.

    It is made, and never tried: to run a stranger's pattern may take for ever.
    """
    try:
        units, end = _sequence(pattern, 0, 0)
    except (IndexError, ValueError):
        return None
    if end != len(pattern) and pattern[end] != "|":
        return None
    counts = [fewest for _, fewest, _ in units]
    for place, (part, _, most) in enumerate(units):
        missing = max(least, 1) - sum(count * len(part) for count, (part, _, _) in zip(counts, units, strict=True))
        if missing > 0 and part:
            counts[place] = min(most, counts[place] + -(-missing // len(part)))
    if sum(count * len(part) for count, (part, _, _) in zip(counts, units, strict=True)) > _MOST_CHARS:
        return None
    made = "".join(part * count for count, (part, _, _) in zip(counts, units, strict=True))
    return made if len(made) >= least else None


_Unit = tuple[str, int, int]
"""A piece, and how often it comes at least and at most."""


def _sequence(pattern: str, at: int, depth: int) -> tuple[list[_Unit], int]:
    """Pieces until `|`, `)` or the end. Raises ValueError for what is not understood, IndexError for an early end."""
    if depth > 20 or len(pattern) > _MOST_PATTERN:
        raise ValueError(pattern)
    found: list[_Unit] = []
    while at < len(pattern) and pattern[at] not in "|)":
        if (pattern[at] == "^" and not found) or (pattern[at] == "$" and pattern[at + 1 : at + 2] in ("", "|", ")")):
            at += 1
            continue
        part, at = _piece(pattern, at, depth)
        fewest, most, at = _repeated(pattern, at)
        found.append((part, fewest, most))
    return found, at


def _piece(pattern: str, at: int, depth: int) -> tuple[str, int]:
    sign = pattern[at]
    if sign == "(":
        return _group(pattern, at, depth)
    if sign == "[":
        return _class(pattern, at + 1)
    if sign == "\\":
        return _escaped(pattern[at + 1]), at + 2
    if sign in "*+?{}^$":
        raise ValueError(sign)
    return ("a" if sign == "." else sign), at + 1


def _group(pattern: str, at: int, depth: int) -> tuple[str, int]:
    """The first of its alternatives, each piece as seldom as it may."""
    match = _GROUP.match(pattern, at)
    if match is None:
        raise ValueError(pattern)  # looks ahead, or back
    units, at = _sequence(pattern, match.end(), depth + 1)
    while pattern[at] == "|":
        _, at = _sequence(pattern, at + 1, depth + 1)
    return "".join(part * min(fewest, _MOST_CHARS) for part, fewest, _ in units)[: _MOST_CHARS + 1], at + 1


def _escaped(sign: str) -> str:
    if sign in _ESCAPED:
        return _ESCAPED[sign]
    if sign.isalnum():
        raise ValueError(sign)
    return sign


def _class(pattern: str, at: int) -> tuple[str, int]:
    """A character of `[…]`."""
    negated = pattern[at] == "^"
    at += negated
    first: str | None = None
    members: list[tuple[str, str]] = []
    begin = at
    while pattern[at] != "]" or at == begin:
        low, at = _member(pattern, at)
        high = low[-1:]
        if pattern[at] == "-" and pattern[at + 1] != "]" and len(low) == 1:
            high, at = _member(pattern, at + 1)
        first = first or low[0]
        members += [(low, high)] if len(low) == 1 else [(one, one) for one in low]
    if not negated and first is not None:
        return first, at + 1
    left = (one for one in _TRIED if not any(low <= one <= high for low, high in members))
    return next(left, ""), at + 1


def _member(pattern: str, at: int) -> tuple[str, int]:
    """One character, or all that an escape stands for, and where the next one begins."""
    if pattern[at] == "[" or pattern[at : at + 2] == "&&":
        raise ValueError(pattern)
    if pattern[at] != "\\":
        return pattern[at], at + 1
    return _MEMBERS.get(pattern[at + 1]) or _escaped(pattern[at + 1]), at + 2


def _repeated(pattern: str, at: int) -> tuple[int, int, int]:
    fewest, most = 1, 1
    if pattern[at : at + 1] in ("*", "+", "?") and at < len(pattern):
        fewest, most = {"*": (0, _MOST_CHARS), "+": (1, _MOST_CHARS), "?": (0, 1)}[pattern[at]]
        at += 1
    elif match := _COUNT.match(pattern, at):
        fewest = int(match[1])
        most = int(match[3]) if match[3] else _MOST_CHARS if match[2] else fewest
        at = match.end()
    else:
        return fewest, most, at
    return fewest, most, at + (pattern[at : at + 1] == "?")


def _limit(schema: DocumentNode, plain: str, exclusive: str) -> tuple[Fraction | None, bool]:
    """The limit, and whether it is itself outside: a flag beside it in OpenAPI 3.0, a number of its own in 3.1."""
    own, said = _number(schema.get(plain).value), schema.get(exclusive).value
    beyond = _number(said)
    if beyond is not None and (own is None or (beyond >= own if plain == "minimum" else beyond <= own)):
        return beyond, True
    return own, said is True


def _number(value: Json) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_LARGEST < value < _LARGEST:
        return None
    return Fraction(str(value))


def _length(schema: DocumentNode, key: str, otherwise: int) -> int:
    value = _number(schema.get(key).value)
    return otherwise if value is None else max(0, min(int(value), _MOST_CHARS))


def distinct(items: DocumentNode, first: Json, count: int) -> Iterator[Json]:
    """`first`, and others that differ from it where the schema lets one tell."""
    listed = [part.value for part in items.get("enum").parts() if part.value is not None and part.value != first]
    yield first
    for number in range(1, count):
        if number <= len(listed):
            yield listed[number - 1]
        elif isinstance(first, int) and not isinstance(first, bool):
            yield first + number
        else:
            yield f"{first}{number}" if isinstance(first, str) and not listed else first
