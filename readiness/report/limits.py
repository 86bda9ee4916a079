"""A limit's text, read back into a number: only to print it beside a value, never to judge."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LIMIT = re.compile(r"\s*(<=|>=|==|<|>)\s*([-+]?[0-9][0-9_,]*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)\s*(ms|s|%|/s)?\s*")


@dataclass(frozen=True, slots=True)
class Bound:
    """Operator and number, in the unit of the measured value."""

    operator: str
    value: float


def read(text: str | None, unit: str) -> Bound | None:
    """The limit that `text` says, in `unit`; None when it cannot be read, which only costs a comparison in words."""
    match = _LIMIT.fullmatch(text or "")
    if match is None:
        return None
    value = float(match[2].replace(",", "").replace("_", ""))
    if match[3] == "s" and unit == "ms":
        value *= 1000
    elif match[3] == "ms" and unit == "s":
        value /= 1000
    return Bound(match[1], value)
