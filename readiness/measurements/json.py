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
from readiness.measurements.packed import HISTOGRAM, SLICES
from readiness.measurements.run import (
    FAILURE_CLASSES,
    Ledger,
    Load,
    Measurement,
    Provenance,
    Rate,
    Recording,
    Run,
    Slice,
    Target,
)
from readiness.measurements.strict import Malformed
from readiness.spelling import nearest

SCHEMA = "readiness.run/1"
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
    facts: dict[str, Any] = {"schema": SCHEMA, **_RUN.write(run)}
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
    """The run in `text`; `name` is the file as the user gave it.

    Raises ConfigError that names the file, the JSON path and what is wrong.
    """
    try:
        facts = strict.parse(text)
        schema_of(facts, SCHEMA)
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


def check_ledger(ledger: Ledger) -> str | None:
    """What is wrong with a ledger as read."""
    if problem := _classes(ledger.failed):
        return problem
    if not ledger.balanced:
        ended = ledger.ok + sum(ledger.failed.values()) + ledger.in_flight + ledger.dropped
        return f"planned is {ledger.planned:,}, but ok + failed + in_flight + dropped is {ended:,}"
    return None


def check_measurement(measurement: Measurement) -> str | None:
    """What is wrong with a measurement as read."""
    unbounded = isinstance(measurement.evidence, Recording) and measurement.evidence.requests > 0
    if measurement.value is None and not measurement.reason and not unbounded:
        return "has neither a value nor a reason for its absence"
    if measurement.value is not None and measurement.reason:
        return "has both a value and a reason for its absence"
    return None


def check_rate(rate: Rate) -> str | None:
    """What is wrong with a rate as read."""
    if rate.hits > rate.total:
        return f"hits ({rate.hits:,}) are more than total ({rate.total:,})"
    if sum(total for _, total in rate.blocks) > rate.total or sum(hits for hits, _ in rate.blocks) > rate.hits:
        return "its blocks count more than the whole"
    if any(hits > total for hits, total in rate.blocks):
        return "a block has more hits than events"
    return None


def _check_recording(recording: Recording) -> str | None:
    if problem := _classes(recording.failed):
        return problem
    ok = sum(part.ok.total for part in recording.slices)
    failed = sum(part.failed for part in recording.slices)
    if ok > recording.ok.total or failed > recording.failures:
        return f"its slices count {ok:,} ok and {failed:,} failed, more than the whole"
    return None


def _check_load(load: Load) -> str | None:
    phases = [phase for endpoint in load.endpoints for phase in (endpoint.judged, endpoint.warm_up)]
    ok, started = sum(phase.ok.total for phase in phases), sum(phase.requests for phase in phases)
    if ok > load.ledger.ok or started > load.ledger.planned - load.ledger.dropped:
        return (
            f"the endpoints count {started:,} requests, {ok:,} of them ok; "
            f"the ledger only {load.ledger.planned - load.ledger.dropped:,} and {load.ledger.ok:,}"
        )
    return None


def _classes(failed: Mapping[str, int]) -> str | None:
    unknown = next((word for word in failed if word not in FAILURE_CLASSES), None)
    return None if unknown is None else f'"{unknown}" is not a class of failure{nearest(unknown, FAILURE_CLASSES)}'


_RUN = Codec(
    special={Histogram: HISTOGRAM, tuple[Slice, ...]: SLICES},
    defaults=DEFAULTS,
    checks={
        Ledger: check_ledger,
        Measurement: check_measurement,
        Rate: check_rate,
        Recording: _check_recording,
        Load: _check_load,
    },
    omit_defaults=True,
).pair(Run)
