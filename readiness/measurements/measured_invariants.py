"""What is always true of the measurements of run.json: the second part of readiness/measurements/invariants.py."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping

from readiness.measurements.bounds import Bounds
from readiness.measurements.database import Activity
from readiness.measurements.drill_invariants import DRILL_LAWS
from readiness.measurements.law import Broken, Law, laws_of
from readiness.measurements.packed import missing_slices
from readiness.measurements.run import Measurement, Rate, Recording, Run
from readiness.measurements.source_invariants import SOURCE_LAWS
from readiness.metrics.baseline import BASELINE_PREFIX
from readiness.metrics.catalogue import find, is_drill, is_load
from readiness.metrics.drills import CONNECTIONS_PER_REQUEST
from readiness.metrics.metric import Kind
from readiness.metrics.resources import PROCESS_PREFIX
from readiness.text import clean

RELATIONS = ("equal", "at_least", "at_most")
_CHANGE = ".change"
_HEALTH = ("health.latency.p95", "health.ready.latency.p95")
_FRACTIONS = ("security.observatory", CONNECTIONS_PER_REQUEST)
"""Plain numbers that are no counts."""
SIX_DIGITS = 99_999
BEFORE, _AFTER = "before the load", "after the load"
_WHOLE = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})*", re.ASCII)


def measurements_stand_once(run: Run) -> Broken:
    """A metric is measured once for each scope."""
    seen: set[tuple[str, str | None]] = set()
    for path, one in _measurements(run):
        if (one.metric, one.scope) in seen:
            where = "" if one.scope is None else f' of "{clean(one.scope, 60)}"'
            yield path, f'the measurement "{clean(one.metric, 60)}"{where} stands twice'
        seen.add((one.metric, one.scope))


def the_load_is_its_own_measurement(run: Run) -> Broken:
    """What the load's requests tell is computed from them, and written nowhere else."""
    if run.load and run.load.endpoints:
        for path, one in _measurements(run):
            if is_load(one.metric):
                yield path, f"{clean(one.metric, 60)} stands beside the load that it is computed from"


def a_measurement_has_a_value_or_a_reason(run: Run) -> Broken:
    """A measurement has a value, or a reason for its absence, or too many failures or too long a wait to be bounded."""
    for path, one in _measurements(run):
        unbounded = (isinstance(one.evidence, Recording) and one.evidence.requests > 0) or _is_open(one.evidence)
        if one.value is None and not one.reason and not unbounded:
            yield path, "has neither a value nor a reason for its absence"
        if problem := value_problem(one):
            yield path, problem


def value_problem(measurement: Measurement) -> str | None:
    """What is wrong with the value of a measurement, whatever its evidence."""
    value, metric = measurement.value, find(measurement.metric)
    if value is not None and measurement.reason:
        return "has both a value and a reason for its absence"
    if value is not None and measurement.samples == 0:
        return f"value is {value:g}, from 0 samples"
    if value is None or metric is None:
        return None
    if metric.unit == "%" and not 0 <= value <= 100 and not metric.name.startswith(BASELINE_PREFIX):
        return f"value is {value:g} %, but a share lies between 0 and 100 %"
    if metric.unit in ("ms", "/s") and value < 0:
        return f"value is {value:g} {metric.unit}, but cannot be negative"
    if metric.yes_no and value not in (0, 1):
        return f"value is {value:g}, but {metric.name} is 1 or 0"
    counted = metric.unit == "" and metric.kind is Kind.EXACT and not metric.name.startswith(("data.", "custom."))
    if counted and (value < 0 or not value.is_integer()) and metric.name not in _FRACTIONS:
        return f"value is {value:g}, but {metric.name} is counted: a whole number that is not negative"
    return None


def values_are_those_of_their_evidence(run: Run) -> Broken:
    """A value is the one that its evidence gives, from as many samples."""
    for path, one in _measurements(run):
        if isinstance(one.evidence, Bounds):
            of_a_drill = is_drill(one.metric) and _is_open(one.evidence)
            if not one.metric.startswith((BASELINE_PREFIX, PROCESS_PREFIX)) and not of_a_drill:
                yield path, f"{clean(one.metric, 60)} is not computed from evidence of this kind"
        elif one.evidence is not None and (problem := _unlike(one, one.evidence)):
            yield path, problem


def _unlike(measurement: Measurement, evidence: Rate | Recording) -> str | None:
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
    if _same(value, expected):
        return None
    shown = ["nothing" if number is None else f"{number:g} {metric.unit}".rstrip() for number in (value, expected)]
    return f"value is {shown[0]}, but its evidence gives {shown[1]}"


def _is_open(evidence: object) -> bool:
    """Whether somebody waited for an end that never came."""
    return isinstance(evidence, Bounds) and evidence.high is None


def bounds_hold_their_value(run: Run) -> Broken:
    """The bounds of a comparison lie around its value."""
    for path, one in _measurements(run):
        if isinstance(one.evidence, Bounds) and one.value is not None:
            low, high = one.evidence.low, one.evidence.high
            if (low is not None and low > one.value) or (high is not None and high < one.value):
                yield f"{path}.evidence", f"value {one.value:g} does not lie within its bounds"


def listed_faults_are_counted(run: Run) -> Broken:
    """A fault of the database that is listed is counted."""
    for path, one in _measurements(run):
        faults = sum(detail.ok is False for detail in one.details)
        metric = find(one.metric)
        if metric is None or metric.unit or not one.metric.startswith("database.") or one.value is None:
            continue
        if faults > one.value:
            yield path, f"value is {one.value:g}, but {faults:,} are listed"


def header_rules_are_counted(run: Run) -> Broken:
    """The share of header rules that hold is that of the rules below it that were judged."""
    for path, one in _measurements(run):
        judged = [detail.ok for detail in one.details if detail.ok is not None]
        if one.metric == "security.headers" and one.value is not None and judged:
            share = 100 * sum(judged) / len(judged)
            if not _same(one.value, share):
                yield path, f"value is {one.value:g} %, but its rules give {share:g} %"


def repeated_numbers_are_the_same(run: Run) -> Broken:
    """A count is the same wherever it stands, and a change is what was counted after less what was counted before."""
    known = {one.metric: one for one in run.measurements if one.scope is None}
    for path, one in _measurements(run):
        if not one.metric.startswith("data.") or one.value is None:
            continue
        told = {detail.subject: _number(detail.observed) for detail in one.details}
        before, after = told.get(BEFORE), told.get(_AFTER)
        if one.metric.endswith(_CHANGE) and before is not None and after is not None:
            if _told_otherwise(one.value, after - before):
                yield path, f"value is {one.value:g}, but {after:,} less {before:,} is {after - before:,}"
            told[one.metric.removeprefix("data.").removesuffix(_CHANGE)] = after
        for name, number in told.items():
            whole = known.get(f"data.{name}")
            if whole is None or whole.value is None or number is None:
                continue
            if _told_otherwise(whole.value, number):
                yield path, f"says that {clean(name, 60)} is {number:,}, but data.{clean(name, 60)} is {whole.value:g}"


def witnesses_can_be_heard(run: Run) -> Broken:
    """A witness says how the value must lie beside its own."""
    for path, one in _measurements(run):
        for index, witness in enumerate(one.witnesses):
            if witness.relation not in RELATIONS or witness.tolerance < 0:
                yield (
                    f"{path}.witnesses[{index}]",
                    f'relation "{clean(witness.relation, 40)}" within {witness.tolerance:g}',
                )


def hit_rate_of_the_load_is_the_loads(run: Run) -> Broken:
    """A cache hit rate that the load tells is that of its look-ups."""
    for path, one in _measurements(run):
        rate, told = run.load.header_rate if run.load else None, one.evidence
        if one.metric != "cache.hit_rate" or one.source != "load" or rate is None or not isinstance(told, Rate):
            continue
        if (told.hits, told.total) != (rate.hits, rate.total):
            yield path, f"{told.hits:,} of {told.total:,}, the load {rate.hits:,} of {rate.total:,}"


def database_samples_are_in_order(run: Run) -> Broken:
    """Samples of the database's sessions follow each other, and each part of the sessions is one of all."""
    if run.database is None:
        return
    at_s = 0.0
    for index, one in enumerate(run.database.sessions):
        path = f"$.database.sessions[{index}]"
        if one.at_s < at_s:
            yield path, f"at {one.at_s:g} s, before the one before it"
        at_s = one.at_s
        for name in ("active", "idle_in_transaction", "waiting_for_lock"):
            if getattr(one, name) > one.connected:
                yield path, f"{name} is {getattr(one, name):,} of {one.connected:,} connected"


def database_measurements_are_those_of_its_counters(run: Run) -> Broken:
    """What is measured of the database under load is what its samples and counters say."""
    activity = run.database
    for path, one in _measurements(run):
        if one.value is None or one.source != "database" or one.metric not in {*_SAMPLED, *_COUNTED, *_SHARES}:
            continue
        if activity is None:
            yield path, f"{one.metric} has a value, but nothing is kept of the database under load"
            continue
        if one.metric in _SAMPLED and one.samples is not None and one.samples != len(activity.sessions):
            yield path, f"samples is {one.samples:,}, but the database was sampled {len(activity.sessions):,} times"
        expected = _expected(activity, one.metric)
        if expected is None:
            yield path, f"{one.metric} has a value, but neither samples nor counters of the database give one"
        elif not _same(one.value, expected):
            yield path, f"value is {one.value:g}, but samples and counters give {expected:g}"


def _expected(activity: Activity, metric: str) -> float | None:
    counters = activity.counters
    if metric in _SAMPLED and activity.sessions:
        return _SAMPLED[metric](activity)
    if metric in _COUNTED and counters is not None:
        return float(getattr(counters, _COUNTED[metric]))
    if metric in _SHARES and counters is not None:
        part, other = (getattr(counters, name) for name in _SHARES[metric])
        return 100 * part / (part + other) if part + other else None
    return None


def _headroom(activity: Activity) -> float:
    used = max(sample.connected for sample in activity.sessions)
    return 100 * max(activity.limit - used, 0) / max(activity.limit, 1)


_SAMPLED: Mapping[str, Callable[[Activity], float]] = {
    "pool.headroom": _headroom,
    "database.oldest_transaction": lambda one: max(sample.oldest_transaction_ms for sample in one.sessions),
    "database.lock_waits": lambda one: max(sample.waiting_for_lock for sample in one.sessions),
    "database.idle_in_transaction": lambda one: max(sample.idle_in_transaction for sample in one.sessions),
}
_COUNTED = {
    "database.deadlocks": "deadlocks",
    "database.temp_files": "temp_files",
    "database.sessions_lost": "sessions_lost",
}
_SHARES = {
    "database.rollback_rate": ("rollbacks", "commits"),
    "database.buffer_hit_rate": ("blocks_hit", "blocks_read"),
}


def health_is_that_of_its_samples(run: Run) -> Broken:
    """The share of good health checks is that of the samples whose latencies stand beside it."""
    known = {one.metric: one.evidence for one in run.measurements if one.scope is None}
    rate = known.get("health.success_rate")
    samples = [one for name in _HEALTH if isinstance(one := known.get(name), Recording)]
    if not isinstance(rate, Rate) or not samples:
        return
    good, total = sum(one.ok.total for one in samples), sum(one.requests for one in samples)
    if (rate.hits, rate.total) != (good, total):
        told = f"{rate.hits:,} of {rate.total:,}"
        yield "$.measurements", f"health.success_rate counts {told}, but its samples {good:,} of {total:,}"


def probes_saw_the_same_load(run: Run) -> Broken:
    """The load beside which the probes' cost stands is the load of the run."""
    if run.probing is None or run.load is None:
        return
    requests = sum(endpoint.judged.requests for endpoint in run.load.endpoints)
    if run.probing.load.requests != requests:
        yield "$.probing.load", f"{run.probing.load.requests:,} requests, but {requests:,} were judged"
    waited_ms = sum(one.judged.ok.sum_us + one.judged.failed_latency.sum_us for one in run.load.endpoints) / 1000
    if not _same(run.probing.load.waited_ms, waited_ms):
        yield "$.probing.load", f"waited_ms is {run.probing.load.waited_ms:g}, but the judged took {waited_ms:g} ms"
    if run.probing.window_s and abs(run.probing.window_s - run.load.judged_s) > 0.001:
        yield "$.probing", f"a window of {run.probing.window_s:g} s, but {run.load.judged_s:g} s were judged"


MEASURED_LAWS: tuple[Law[Run], ...] = (*laws_of(globals()), *SOURCE_LAWS, *DRILL_LAWS)


def _measurements(run: Run) -> Iterator[tuple[str, Measurement]]:
    return ((f"$.measurements[{index}]", one) for index, one in enumerate(run.measurements))


def _same(value: float | None, expected: float | None) -> bool:
    if value is None or expected is None:
        return value is expected
    return math.isclose(value, expected, rel_tol=1e-6, abs_tol=1e-9)


def _told_otherwise(value: float, number: int) -> bool:
    """Whether a whole number in words is another one than `value`; a fraction of six digits and more is rounded."""
    rounded = not value.is_integer() and abs(number) >= SIX_DIGITS
    return abs(value - number) > 1 if rounded else value != float(number)


def _number(text: str) -> int | None:
    """A whole number as a detail shows it, such as `25,746`."""
    return int(text.replace(",", "")) if _WHOLE.fullmatch(text) else None
