"""comparison.json, schema "readiness.comparison/1": the comparison for machines, complete and strict."""

from __future__ import annotations

from typing import Any

from readiness.judge.compare.comparison import Comparison
from readiness.measurements import strict
from readiness.measurements.codec import Codec

_SCHEMA = "readiness.comparison/1"


def render(comparison: Comparison) -> str:
    """The whole file."""
    facts: dict[str, Any] = {"schema": _SCHEMA, "exit_code": int(comparison.exit_code), **_PAIR.write(comparison)}
    return strict.lines(facts)


def read(text: str) -> Comparison:
    """The comparison in `text`. Raises Malformed."""
    facts = strict.parse(text)
    for name in ("schema", "exit_code"):
        facts.pop(name, None)
    found: Comparison = _PAIR.read(facts)
    return found


_PAIR = Codec().pair(Comparison)
