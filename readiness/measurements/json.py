"""run.json <-> Run, schema "readiness.run/1".

A hand-written file needs only `schema`, `id`, `service`, `started_at`, `ended_at`, `target` and `measurements`, and
of a measurement only `metric` and `value` (or `reason`); DEFAULTS says what the rest is then. Unknown keys are
refused: a typo must not lose evidence, and a new key comes with a new schema version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from readiness.errors import ConfigError
from readiness.measurements import strict
from readiness.measurements.codec import Codec
from readiness.measurements.histogram import Histogram
from readiness.measurements.invariants import RUN_LAWS
from readiness.measurements.law import refuse_contradictions
from readiness.measurements.packed import HISTOGRAM, SLICES, within_budget
from readiness.measurements.provenance import Provenance, Target
from readiness.measurements.run import Measurement, Run, Slice
from readiness.measurements.strict import Malformed

_SCHEMA = "readiness.run/1"
DEFAULTS: Mapping[tuple[type, str], object] = {
    (Run, "provenance"): Provenance("unknown", "unknown", "unknown", 0),
    (Run, "plan"): {},
    (Run, "plan_hash"): "",
    (Run, "load"): None,
    (Measurement, "scope"): None,
    (Measurement, "value"): None,
    (Measurement, "source"): "run.json",
    (Target, "url"): "",
}
"""What an absent key of run.json means, beside the defaults of the dataclasses."""


def dumps(run: Run) -> str:
    """The whole file as strict JSON, one line for each endpoint and each measurement, with a final newline."""
    facts: dict[str, Any] = {"schema": _SCHEMA, **_RUN.write(run)}
    load = facts.pop("load", None)
    facts["load"] = load
    facts["ledger"] = load.pop("ledger") if load else None
    facts["endpoints"] = load.pop("endpoints") if load else []
    measurements = facts.pop("measurements")
    facts["measurements"] = measurements
    return "{\n" + ",\n".join(f"{strict.line(key)}: {_value(part)}" for key, part in facts.items()) + "\n}\n"


def _value(part: Any) -> str:
    if isinstance(part, list) and part and isinstance(part[0], dict):
        return "[\n" + ",\n".join(strict.line(item) for item in part) + "\n]"
    return strict.line(part)


def loads(text: str, name: str) -> Run:
    """The run in `text`, which contradicts itself nowhere; `name` is the file as the user gave it.

    Raises ConfigError that names the file, the JSON path and what is wrong; Contradicted for what cannot be true.
    """
    return refuse_contradictions(name, decode(text, name), RUN_LAWS)


def decode(text: str, name: str) -> Run:
    """The run in `text` as it stands there, whether or not it can be true. Raises ConfigError as `loads` does."""
    try:
        facts = strict.parse(text)
        schema_of(facts, _SCHEMA)
        within_budget(facts)
        load = facts.get("load")
        for key in ("ledger", "endpoints"):
            if key not in facts:
                continue
            part = facts.pop(key)
            if isinstance(load, dict):
                load.setdefault(key, part)
            elif part not in (None, []):
                raise Malformed(f'"{key}" stands without "load"')
        run: Run = _RUN.read(facts)
    except Malformed as error:
        path = error.path.replace("$.load.ledger", "$.ledger").replace("$.load.endpoints", "$.endpoints")
        raise ConfigError(f"{name}: {path}: {error}") from error
    return run


def schema_of(facts: Any, wanted: str) -> None:
    """Takes `schema` out of `facts`. Raises Malformed when it is not `wanted`."""
    if not isinstance(facts, dict):
        raise Malformed(f'must be an object with "schema": "{wanted}"')
    found = facts.pop("schema", None)
    if found != wanted:
        shown = "missing" if found is None else strict.line(found)[:60]
        raise Malformed(f'"schema" must be "{wanted}", but is {shown}')


_RUN = Codec(
    special={Histogram: HISTOGRAM, tuple[Slice, ...]: SLICES},
    defaults=DEFAULTS,
    omit_defaults=True,
).pair(Run)
