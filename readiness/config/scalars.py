"""Forms of single values: text, numbers, durations, percentages, rates, choices."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import date
from enum import StrEnum
from typing import TypeVar

from readiness.config import durations
from readiness.config.form import Form, mapping, scalar
from readiness.config.tree import Scalar
from readiness.text import clean
from readiness.text.spelling import nearest

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

_WHOLE = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", re.ASCII)
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%", re.ASCII)
_RATE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?/s", re.ASCII)
_NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,62}$"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NULL = re.compile(r"|~|null|Null|NULL")
# What some YAML reader takes for something other than text: 1.1's booleans, octal, sexagesimal, underscores, floats.
_NOT_TEXT = re.compile(
    r"~|null|yes|no|on|off|y|n|true|false|[-+]?[0-9][0-9_,:]*(\.[0-9_]*)?(e[-+]?[0-9]+)?|[-+]?\.(inf|nan|[0-9]+)|0[xob]\w+",
    re.IGNORECASE | re.ASCII,
)
Literal = str | int | float | bool | None


def number(text: str, *, least: float, most: float) -> float:
    """A plain decimal number within bounds. Raises ValueError."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"must be a plain decimal number, not {text!r}")
    value = float(text)
    if not math.isfinite(value) or not least <= value <= most:
        if least == most:
            raise ValueError(f"must be {least:,g}, not {text}")
        raise ValueError(f"must be between {least:,g} and {most:,g}, not {text}")
    return value


def whole(text: str, *, least: int, most: int) -> int:
    """A plain whole number within bounds. Raises ValueError."""
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"must be a whole number, not {text!r}")
    if not least <= int(text) <= most:
        if least == most:
            raise ValueError(f"must be {least:,}, not {text}")
        raise ValueError(f"must be between {least:,} and {most:,}, not {text}")
    return int(text)


def share(text: str, *, least: float, most: float) -> float:
    """0 to 1 from a percentage such as `95%`; the bounds are percentages too. Raises ValueError."""
    match = _PERCENT.fullmatch(text.strip())
    if not match:
        raise ValueError(f'must be a percentage such as "{_percentage(text, least)}", not {text!r}')
    if not least <= float(match[1]) <= most:
        raise ValueError(f"must be between {least:g}% and {most:g}%, not {text.strip()}")
    return round(float(match[1]) / 100, 8)


def _percentage(text: str, least: float) -> str:
    """What was meant where a number stands without its sign; else an example within the bounds."""
    if _DECIMAL.fullmatch(text.strip()):
        return f"{100 * float(text):g}%" if 0 < float(text) < 1 else f"{text.strip()}%"
    return "95%" if least > 5 else "5%"


def rate(text: str, *, most: float) -> float:
    """Events per second from `20 /s`. Raises ValueError."""
    match = _RATE.fullmatch(text.strip())
    if not match:
        hint = f'needs a unit, such as "{text.strip()} /s"' if _DECIMAL.fullmatch(text.strip()) else ""
        raise ValueError(hint or f'must be a rate such as "20 /s", not {text!r}')
    value = float(match[1])
    if not 0 < value <= most:
        raise ValueError(f"must be more than 0 /s and at most {most:,g} /s, not {text.strip()}")
    return value


def number_form(*, least: float, most: float) -> Form[float]:
    """A number written without quotes."""
    return scalar(
        lambda node: number(_bare(node), least=least, most=most),
        {"type": "number", "minimum": least, "maximum": most},
    )


def whole_form(*, least: int, most: int) -> Form[int]:
    """A whole number written without quotes."""
    return scalar(
        lambda node: whole(_bare(node), least=least, most=most),
        {"type": "integer", "minimum": least, "maximum": most},
    )


def duration_form(*, least_s: float, most_s: float) -> Form[float]:
    """Seconds from a duration with its unit."""
    return scalar(
        lambda node: durations.parse(node.text, least_s=least_s, most_s=most_s),
        {"type": "string", "pattern": durations.PATTERN},
    )


def milliseconds_form(*, least_s: float, most_s: float) -> Form[float]:
    """Milliseconds from a duration with its unit."""
    seconds = duration_form(least_s=least_s, most_s=most_s)
    return Form(lambda node, path: seconds.read(node, path) * 1000, seconds.schema)


def share_form(*, least: float, most: float) -> Form[float]:
    """0 to 1 from a percentage."""
    return scalar(
        lambda node: share(node.text, least=least, most=most),
        {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?%$"},
    )


def rate_form(*, most: float) -> Form[float]:
    """Events per second."""
    return scalar(lambda node: rate(node.text, most=most), {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?/s$"})


def choice_form(kind: type[E]) -> Form[E]:
    """One word of an enumeration."""
    return scalar(lambda node: kind(_one_of(node.text, [*kind])), {"enum": [member.value for member in kind]})


def word_form(words: Iterable[str]) -> Form[str]:
    """One of `words`."""
    known = tuple(words)
    return scalar(lambda node: _one_of(node.text, known), {"enum": list(known)})


def _one_of(text: str, words: Iterable[str]) -> str:
    known = [str(word) for word in words]
    if text not in known:
        guess = nearest(text, known) if len(known) > 4 else ""
        raise ValueError(f"must be {', '.join(known[:-1])} or {known[-1]}, not {text!r}{guess}")
    return text


def text_form(*, check: Callable[[str], str | None] = lambda _: None, pattern: str = "", most: int = 300) -> Form[str]:
    """One line of text; `check` gives the sentence about what is wrong with it, or None."""

    def parse(node: Scalar) -> str:
        text = _text(node)
        if not text.strip():
            raise ValueError("must not be empty")
        if len(text) > most:
            raise ValueError(f"must have at most {most} characters")
        if clean(text, most) != " ".join(text.split()):
            raise ValueError("must not contain control or invisible characters")
        if problem := check(text):
            raise ValueError(problem)
        return text

    schema = {"type": "string", "minLength": 1, "maxLength": most}
    return scalar(parse, {**schema, "pattern": pattern} if pattern else schema)


def sentence_form(most: int = 200) -> Form[str]:
    """Free words for a report: made harmless instead of refused."""

    def parse(node: Scalar) -> str:
        text = clean(_text(node), most)
        if not text:
            raise ValueError("must not be empty")
        if node.variables and text != node.text:
            raise ValueError("a part of a secret could not be hidden any more")
        return text

    return scalar(parse, {"type": "string", "minLength": 1})


def day_form() -> Form[date]:
    """A day such as 2026-12-31."""

    def parse(text: str) -> date:
        try:
            if _DAY.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass  # such as 2026-02-30
        raise ValueError(f"must be a day such as 2026-12-31, not {text!r}")

    return scalar(
        lambda node: parse(node.text), {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
    )


def flag_form() -> Form[bool]:
    """`true` or `false`, and none of YAML's other words for them."""

    def parse(node: Scalar) -> bool:
        if not node.plain or node.text not in ("true", "false"):
            raise ValueError(f"must be true or false, without quotes, not {node.text!r}")
        return node.text == "true"

    return scalar(parse, {"type": "boolean"})


def block_form(most: int = 20_000, *, check: Callable[[str], str | None] = lambda _: None) -> Form[str]:
    """Text of any number of lines, such as SQL; `check` as of `text_form`."""

    def parse(node: Scalar) -> str:
        text = _text(node).strip()
        if not text:
            raise ValueError("must not be empty")
        if len(text) > most:
            raise ValueError(f"must have at most {most:,} characters")
        if problem := check(text):
            raise ValueError(problem)
        return text

    return scalar(parse, {"type": "string", "minLength": 1, "maxLength": most})


def named(form: Form[T], *, least: int = 0) -> Form[dict[str, T]]:
    """Values by names that become the end of a metric's name."""

    def check(text: str) -> None:
        if not re.fullmatch(_NAME, text, re.ASCII):
            raise ValueError("is not a name: letters, digits and _, not starting with a digit, at most 63")

    return mapping(form, key=check, pattern=_NAME, least=least)


def literal_form() -> Form[Literal]:
    """A value to compare a column with: text, a decimal number, true, false or null."""

    def parse(node: Scalar) -> Literal:
        text = node.text
        if not node.plain or node.variables:
            return text
        if _NULL.fullmatch(text):
            return None
        if text in ("true", "false"):
            return text == "true"
        if re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text, re.ASCII):
            return int(text)
        return float(text) if _DECIMAL.fullmatch(text) and "." in text else _text(node)

    return scalar(parse, {"type": ["string", "number", "boolean", "null"]})


def _bare(node: Scalar) -> str:
    if not node.plain and not node.variables and _DECIMAL.fullmatch(node.text):
        raise ValueError(f"must be a number: write {node.text} without quotes")
    return node.text


def _text(node: Scalar) -> str:
    if node.plain and not node.variables and _NOT_TEXT.fullmatch(node.text):
        raise ValueError(f'is read as a number, a boolean or null by some; put it in quotes: "{node.text}"')
    if node.plain and not node.text:
        raise ValueError("must not be empty")
    return node.text
