"""Strict JSON text and its single values: what is not exactly right is refused with its path."""

from __future__ import annotations

import json
import math
import types
from collections.abc import Callable
from enum import Enum
from typing import Any

from readiness.text.outside import COMMAND, UNSEEN, clean

MAX_INTEGER = 2**63 - 1


class Malformed(ValueError):
    """A value that does not fit; every level that it passes adds its own step to the path."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.steps: list[str] = []

    @property
    def path(self) -> str:
        """JSON path from the root, such as `$.measurements[3].value`."""
        return "$" + "".join(reversed(self.steps))


MOST_CONTAINERS = 2_000_000
"""Objects and lists of a file: the smallest are three characters long, and take twenty times as much memory."""


def parse(text: str) -> Any:
    """Strict JSON: no NaN, no infinity, no duplicate keys. Raises Malformed."""
    if text.count("{") + text.count("[") > MOST_CONTAINERS:
        raise Malformed(f"holds more than {MOST_CONTAINERS:,} objects and lists")
    try:
        return json.loads(text, parse_constant=_constant, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise Malformed(f"is not JSON: {error.msg} (line {error.lineno}, column {error.colno})") from error
    except RecursionError:
        raise Malformed("is nested too deeply") from None
    except Malformed:
        raise
    except ValueError as error:  # a whole number with thousands of digits
        raise Malformed(f"is not JSON that can be read: {clean(error, 120)}") from error


def line(value: object) -> str:
    """Strict JSON on one line; characters that could deceive a reader are escaped."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _escaped(text)


def lines(value: object) -> str:
    """Strict JSON for a reader: two spaces of indent, ends with a newline."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2)
    return _escaped(text) + "\n"


def _escaped(text: str) -> str:
    """Without what is not seen, and what a CI system obeys in whatever is printed: the same strings in escapes."""
    unseen = UNSEEN.sub(lambda found: json.dumps(found[0])[1:-1], text)
    return COMMAND.sub(r"\\u0023#", unseen)


def _constant(name: str) -> object:
    raise Malformed(f"contains {name}, which is not JSON; a value that does not exist is null")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        left = set(table)
        twice = ""
        for key, _ in pairs:
            if key not in left:
                twice = key
                break
            left.remove(key)
        raise Malformed(f'contains the key "{clean(twice, 60)}" twice in one object')
    return table


def shown(value: object) -> str:
    """How a wrong value is named in a message."""
    if value is None:
        return "null"
    kinds: dict[type, str] = {dict: "an object", list: "a list", bool: str(value).lower()}
    return kinds.get(type(value)) or clean(json.dumps(value), 60)


def text(value: Any) -> str:
    """Text as it stands when it is printable, else cleaned. Raises Malformed."""
    if not isinstance(value, str):
        raise Malformed(f"must be text, not {shown(value)}")
    return value if value.isprintable() else clean(value, max(len(value), 1))


def whole(value: Any) -> int:
    """A whole number that is not negative. Raises Malformed."""
    if type(value) is not int:
        raise Malformed(f"must be a whole number, not {shown(value)}")
    if not 0 <= value <= MAX_INTEGER:
        raise Malformed("must not be negative" if value < 0 else "is too large a number")
    return value


def number(value: Any) -> float:
    """A finite number. Raises Malformed."""
    if type(value) is float and math.isfinite(value):
        return value
    if type(value) is not int:
        raise Malformed(f"must be a finite number, not {shown(value)}")
    if abs(value) > MAX_INTEGER:
        raise Malformed("is too large a number")
    return float(value)


def truth(value: Any) -> bool:
    """True or false. Raises Malformed."""
    if not isinstance(value, bool):
        raise Malformed(f"must be true or false, not {shown(value)}")
    return value


SCALARS: dict[Any, Callable[[Any], Any]] = {str: text, int: whole, float: number, bool: truth}


def scalar(value: Any, kinds: tuple[Any, ...]) -> Any:
    """A value of one of `kinds`, which are str, int, float, bool or NoneType. Raises Malformed."""
    if value is None and types.NoneType in kinds:
        return None
    kind = float if type(value) is int and int not in kinds else type(value)
    if kind not in kinds or kind not in SCALARS:
        raise Malformed(f"must be a single value, not {shown(value)}")
    return value if kind is int else SCALARS[kind](value)


def enum(kind: type[Enum], value: Any) -> Enum:
    """The member of `kind` with that value. Raises Malformed."""
    known = {member.value: member for member in kind}
    if isinstance(value, bool) or not isinstance(value, str | int) or value not in known:
        raise Malformed(f"must be one of {', '.join(str(word) for word in known)}, not {shown(value)}")
    return known[value]
