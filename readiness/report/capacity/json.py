"""capacity.json, schema "readiness.capacity/1": the answer for machines, complete and strict."""

from __future__ import annotations

from typing import Any

from readiness.judge.capacity.capacity import Capacity
from readiness.measurements import strict
from readiness.measurements.codec import Codec

_SCHEMA = "readiness.capacity/1"


def render(capacity: Capacity) -> str:
    """The whole file."""
    facts: dict[str, Any] = {"schema": _SCHEMA, "exit_code": int(capacity.exit_code), **_PAIR.write(capacity)}
    return strict.lines(facts)


def read(text: str) -> Capacity:
    """The capacity in `text`. Raises Malformed."""
    facts = strict.parse(text)
    if not isinstance(facts, dict) or facts.pop("schema", None) != _SCHEMA:
        raise strict.Malformed(f"is not a file of the schema {_SCHEMA}")
    facts.pop("exit_code", None)
    found: Capacity = _PAIR.read(facts)
    return found


_PAIR = Codec().pair(Capacity)
