"""run.json <-> Run, schema "readiness.run/1".

A hand-written file needs only `schema`, `id`, `service`, `started_at`, `ended_at`, `target` and `measurements`, and
of a measurement only `metric` and `value` (or `reason`); DEFAULTS says what the rest is then. Unknown keys are
refused: a typo must not lose evidence, and a new key comes with a new schema version.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeVar

from readiness.errors import ConfigError
from readiness.measurements import strict
from readiness.measurements.bounds import Bounds
from readiness.measurements.codec import Codec
from readiness.measurements.histogram import Histogram
from readiness.measurements.packed import HISTOGRAM, SLICES, missing_slices, uneven_slices
from readiness.measurements.provenance import Provenance, Target
from readiness.measurements.run import (
    FAILURE_CLASSES,
    Endpoint,
    Ledger,
    Load,
    Measurement,
    Rate,
    Recording,
    Run,
    Second,
    Slice,
)
from readiness.measurements.strict import Malformed
from readiness.metrics.baseline import PREFIX
from readiness.metrics.catalogue import find
from readiness.metrics.metric import Kind
from readiness.spelling import nearest
from readiness.text import clean

T = TypeVar("T")
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
    """What is wrong with a measurement as read: its value must be the one that its evidence gives."""
    value, evidence = measurement.value, measurement.evidence
    if isinstance(evidence, Bounds):
        compared = measurement.metric.startswith(PREFIX)
        return None if compared else f"{measurement.metric} is not computed from evidence of this kind"
    unbounded = isinstance(evidence, Recording) and evidence.requests > 0
    if value is None and not measurement.reason and not unbounded:
        return "has neither a value nor a reason for its absence"
    return check_value(measurement) or (_check_evidence(measurement, evidence) if evidence is not None else None)


def check_value(measurement: Measurement) -> str | None:
    """What is wrong with a measurement whose evidence was left out."""
    value, metric = measurement.value, find(measurement.metric)
    if value is not None and measurement.reason:
        return "has both a value and a reason for its absence"
    if value is None or metric is None:
        return None
    if metric.unit == "%" and not 0 <= value <= 100 and not metric.name.startswith(PREFIX):
        return f"value is {value:g} %, but a share lies between 0 and 100 %"
    if metric.unit in ("ms", "/s") and value < 0:
        return f"value is {value:g} {metric.unit}, but cannot be negative"
    return None


def _check_evidence(measurement: Measurement, evidence: Rate | Recording) -> str | None:
    value, metric = measurement.value, find(measurement.metric)
    total = evidence.total if isinstance(evidence, Rate) else evidence.requests
    if measurement.samples not in (None, total):
        return f"samples is {measurement.samples:,}, but the evidence counts {total:,}"
    if total and measurement.reason:
        return "has a reason for the absence of its value, but also the evidence for one"
    if metric is None:
        return None
    if metric.kind is not (Kind.RATE if isinstance(evidence, Rate) else Kind.QUANTILE):
        return f"{metric.name} is not computed from evidence of this kind"
    expected: float | None
    if isinstance(evidence, Rate):
        expected = 100 * evidence.hits / total if total else None
    else:
        expected = evidence.ok.quantile_ms(metric.quantile or 1.0, infinite=evidence.failures + evidence.in_flight)
        if problem := missing_slices(evidence):
            return f"evidence: {problem}"
    if value is None or expected is None:
        same = value is expected
    else:
        same = math.isclose(value, expected, rel_tol=1e-6, abs_tol=1e-9)
    shown = ["nothing" if number is None else f"{number:g} {metric.unit}" for number in (value, expected)]
    return None if same else f"value is {shown[0]}, but its evidence gives {shown[1]}"


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
    return _classes(recording.failed) or uneven_slices(recording)


def _check_endpoint(endpoint: Endpoint) -> str | None:
    problem = missing_slices(endpoint.judged)
    return f"judged: {problem}" if problem else None


def _check_second(second: Second) -> str | None:
    return "a time is negative" if min(second.at_s, second.duration_s) < 0 else None


def _phases(load: Load) -> list[Recording]:
    return [phase for endpoint in load.endpoints for phase in (endpoint.judged, endpoint.warm_up)]


def _check_load(load: Load) -> str | None:
    """Every request that ended stands in the ledger and at an endpoint: the sums must be equal, class by class."""
    failed: Counter[str] = Counter()
    for phase in _phases(load):
        failed.update(phase.failed)
    ok, ledger = sum(phase.ok.total for phase in _phases(load)), load.ledger
    counted = {"ok": (ok, ledger.ok)}
    counted |= {word: (failed[word], ledger.failed.get(word, 0)) for word in (*failed, *ledger.failed)}
    for word, (sum_of_endpoints, in_ledger) in counted.items():
        if sum_of_endpoints != in_ledger:
            return f"the endpoints count {sum_of_endpoints:,} requests as {word}, the ledger {in_ledger:,}"
    if load.dropped_judged > ledger.dropped:
        return f"dropped_judged is {load.dropped_judged:,}, but the ledger has only {ledger.dropped:,} dropped"
    twice = _twice([(endpoint.scenario, endpoint.name) for endpoint in load.endpoints])
    if twice:
        return f'the endpoint "{clean(twice[1], 60)}" of scenario "{clean(twice[0], 60)}" stands twice'
    return _check_times(load)


def _check_times(load: Load) -> str | None:
    if load.planned_s <= 0:
        return f"planned_s is {load.planned_s:g}; a load lasts longer than 0 s"
    if load.judged_start_s < 0 or load.judged_end_s < load.judged_start_s:
        return f"the judged window cannot last from {load.judged_start_s:g} s to {load.judged_end_s:g} s"
    for index, stall in enumerate(load.stalls):
        # A gap of the drain is cut at the end of the window, so one that begins after it may end before it begins.
        backwards = stall.end_s < stall.start_s < load.judged_end_s and load.judged_s > 0
        if min(stall.start_s, stall.end_s) < 0 or backwards:
            return f"stalls[{index}] cannot last from {stall.start_s:g} s to {stall.end_s:g} s"
    return None


def _check_run(run: Run) -> str | None:
    if run.interrupted == "":
        return '"interrupted" must be the name of a signal or null, not empty'
    twice = _twice([(found.metric, found.scope) for found in run.measurements])
    if twice:
        where = "" if twice[1] is None else f' of "{clean(twice[1], 60)}"'
        return f'the measurement "{clean(twice[0], 60)}"{where} stands twice'
    if run.load is None:
        return None
    waiting, in_ledger = sum(phase.in_flight for phase in _phases(run.load)), run.load.ledger.in_flight
    # A load engine that was lost could not say where its last requests were; such a run has a doubt.
    if waiting != in_ledger and not (run.doubts and waiting < in_ledger):
        return f"the endpoints count {waiting:,} requests in flight, the ledger {in_ledger:,}"
    return None


def _twice(keys: list[T]) -> T | None:
    return next((key for key, count in Counter(keys).items() if count > 1), None)


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
        Endpoint: _check_endpoint,
        Second: _check_second,
        Load: _check_load,
        Run: _check_run,
    },
    omit_defaults=True,
).pair(Run)
