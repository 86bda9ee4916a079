"""How numbers look: the only place that turns a float into text that people read.

A comma groups thousands, a point starts decimals, a unit always follows. A number that differs from its limit never
prints like it, a number that is not zero never prints as zero, and what does not exist is a word.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

from readiness.text import clean

NOT_MEASURED = "not measured"
NOT_BOUNDED = "not bounded"
_MOST_DIGITS = 12


def quantity(value: float | None, unit: str, *, apart_from: float | None = None, absent: str = NOT_MEASURED) -> str:
    """`value` with its unit, such as `1,378.7 ms`; digits widen until it differs in print from `apart_from`."""
    if not exists(value):
        return absent
    return with_unit(number(value, unit, apart_from=apart_from), unit)


def exists(value: float | None) -> bool:
    """Whether there is a finite number."""
    return value is not None and math.isfinite(value)


def with_unit(text: str, unit: str) -> str:
    """A printed number and its unit."""
    return f"{text} {unit}" if unit else text


def number(value: float | None, unit: str, *, apart_from: float | None = None) -> str:
    """`quantity` without the unit; "" when there is no number."""
    if value is None or not math.isfinite(value):
        return ""
    others = [0.0, 100.0] if unit == "%" else [0.0]
    if apart_from is not None and math.isfinite(apart_from):
        others.append(apart_from)
    digits = _digits(value, unit)
    while digits < _MOST_DIGITS and any(
        other != value and _fixed(other, digits) == _fixed(value, digits) for other in others
    ):
        digits += 1
    text = _fixed(value, digits)
    if any(other != value and _fixed(other, digits) == text for other in others):
        few = f"{value:.3g}"
        return repr(value) if float(few) in others else few  # 1e-29; else all the digits that it has
    if unit in ("%", "") and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text


def _digits(value: float, unit: str) -> int:
    size = abs(value)
    if unit == "":
        return 0 if value == int(value) else 2
    if unit == "%":
        return 2
    return 1 if size >= 1 or size == 0 else 2


def _fixed(value: float, digits: int) -> str:
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text  # no "-0.0"


def limit(value: float, unit: str) -> str:
    """A limit's own number, in the digits that it has: `100 ms`, `99.95 %`."""
    text = f"{value:,.9f}".rstrip("0").rstrip(".")
    return with_unit(repr(value) if value and not text.strip("-0.") else text, unit)


def interval(
    low: float | None, high: float | None, value: float | None, unit: str, apart_from: float | None = None
) -> str:
    """The bounds of a value: `1,350.2 – 1,402.9 ms`, `exact`, or words for an end that does not exist."""
    has_low, has_high = exists(low), exists(high)
    if has_low and has_high and low == high:
        return "exact" if low == value else quantity(low, unit, apart_from=apart_from)
    if has_low and has_high:
        ends = [number(end, unit, apart_from=apart_from) for end in (low, high)]
        digits = max(len(end.partition(".")[2]) for end in ends)
        return with_unit(" – ".join(_fixed(end, digits) for end in (low, high) if end is not None), unit)
    if has_low:
        return f"at least {quantity(low, unit, apart_from=apart_from)}"
    if has_high:
        return f"at most {quantity(high, unit, apart_from=apart_from)}"
    return "–"


def headline(value: float, target: float, unit: str) -> str:
    """A value in as few digits as its comparison with `target` bears: `1,379 ms` beside `100 ms`."""
    if unit != "%" and abs(value) >= 100 and round(value) != round(target) and round(value) != 0:
        return with_unit(f"{value:,.0f}", unit)
    return quantity(value, unit, apart_from=target)


def times(value: float, target: float) -> str:
    """How many times the limit: `13.8×`."""
    ratio = value / target
    digits = 0 if ratio >= 100 else 1 if ratio >= 1.05 else 2
    while digits < _MOST_DIGITS and ratio != 1 and _fixed(ratio, digits) == _fixed(1.0, digits):
        digits += 1
    return f"{_fixed(ratio, digits)}×"


def share(part: int, whole: int) -> str:
    """A part of a whole in percent; `–` of nothing."""
    return quantity(100 * part / whole, "%") if whole else "–"


def share_words(part: float) -> str:
    """A share (0 to 1) in a sentence: whole percent from 1 % on, as every sentence rounds."""
    return f"{100 * part:.0f} %" if 0.01 <= part < 0.995 or part in (0.0, 1.0) else quantity(100 * part, "%")


def count(n: int, one: str, many: str | None = None) -> str:
    """`1 request`, `12,034 requests`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """`850 ms`, `40 s`, `2 min 5 s`, `1 h 3 min`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"


def moment(iso: str) -> datetime | None:
    """An ISO 8601 time with zone; None when it is none, or in UTC no day of the years 1 to 9999."""
    try:
        at = datetime.fromisoformat(iso)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def utc(iso: str) -> str:
    """`2026-11-23 23:14:05 UTC`; the cleaned text itself when it is no time with a zone."""
    at = moment(iso)
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else clean(iso) or "unknown"


def elapsed(start_iso: str, end_iso: str) -> str:
    """Time between two ISO 8601 moments; `unknown` when one of them is none."""
    start, end = moment(start_iso), moment(end_iso)
    return duration(max((end - start).total_seconds(), 0.0)) if start and end else "unknown"
