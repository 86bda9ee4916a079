"""What is always true of the drills of run.json: a part of readiness/measurements/measured_invariants.py.

A drill that was taken out of the file, renamed, or told to have proven nothing, takes its values with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from readiness.measurements.law import Broken, Law, laws_of
from readiness.measurements.request_invariants import ROUNDING_S
from readiness.measurements.run import Drilled, Measurement, Rate, Recording, Run
from readiness.metrics.catalogue import find, is_drill
from readiness.metrics.drills import (
    DRILL_ERRORS,
    DRILLS_FACT,
    GOODPUT,
    LATENCY_P95,
    LONGEST_ANSWER,
    REQUESTS_LOST,
    UNANSWERED,
)
from readiness.metrics.metric import Kind
from readiness.text import clean

_QUICK_MS = 1000.0
"""The window after a fault lasts longer, so a request of the fault that was answered so soon ended within the drill."""
_LEAST_BEFORE_S = 1.0
"""The window before a fault lasts longer."""
_ROUNDING_MS = 0.001


def drills_have_a_course(run: Run) -> Broken:
    """A drill stands once, and its fault begins before it ends, within the drill's time."""
    names = [one.name for one in run.drills]
    for index, one in enumerate(run.drills):
        path = f"$.drills[{index}]"
        if names.index(one.name) < index:
            yield path, f'"{clean(one.name, 60)}" stands twice'
        if one.end_s is not None and (one.begin_s is None or one.end_s < one.begin_s):
            yield path, f"ends at {one.end_s:g} s, and does not begin before"
        if one.series and one.begin_s is not None and one.begin_s > one.series[-1].at_s + one.series[-1].duration_s:
            yield path, f"begins at {one.begin_s:g} s, after its last second"


def points_of_a_drill_have_no_gap(run: Run) -> Broken:
    """The points of a drill that happened follow each other without a gap, from before its fault to after it."""
    for index, one in enumerate(run.drills):
        if one.problem is not None or not one.series or one.begin_s is None or one.end_s is None:
            continue
        path = f"$.drills[{index}].series"
        ends_s = [point.at_s + point.duration_s for point in one.series]
        for end_s, point in zip(ends_s, one.series[1:], strict=False):
            if point.at_s > end_s + ROUNDING_S:
                yield path, f"nothing stands between {end_s:g} s and {point.at_s:g} s"
        if one.series[0].at_s > one.begin_s + ROUNDING_S:
            yield path, f"begins at {one.series[0].at_s:g} s, after the fault at {one.begin_s:g} s"
        if ends_s[-1] < one.end_s - ROUNDING_S:
            yield path, f"ends at {ends_s[-1]:g} s, before the fault does at {one.end_s:g} s"


def planned_drills_stand_in_the_run(run: Run) -> Broken:
    """Every drill of the plan stands in the run, done or not."""
    stand = {one.name for one in run.drills}
    for name in str(run.plan.get(DRILLS_FACT) or "").split(", "):
        if name and name not in stand:
            yield "$.drills", f'"{clean(name, 60)}" of the plan is missing'


def what_a_drill_showed_is_of_a_drill_that_happened(run: Run) -> Broken:
    """A drill that measured something is a planned one, happened without a problem, and has its time and its points."""
    planned = str(run.plan.get(DRILLS_FACT) or "").split(", ")
    done = {one.name: one for one in run.drills}
    for path, one in _shown(run):
        scope = one.scope or ""
        drill = done.get(scope)
        if drill is None or scope not in planned:
            yield path, f'is of the drill "{clean(scope, 60)}", which is not one of this run'
        elif drill.problem is not None:
            yield path, f'is of the drill "{clean(scope, 60)}", which proves nothing: {clean(drill.problem, 120)}'
        elif drill.begin_s is not None and drill.begin_s < _LEAST_BEFORE_S:
            yield path, f'is of the drill "{clean(scope, 60)}", which has no window before its fault'
        elif drill.begin_s is None or drill.end_s is None or not drill.series:
            what = "time" if drill.series else "point"
            yield path, f'is of the drill "{clean(scope, 60)}", which has no {what}'


def rates_and_percentiles_of_a_drill_have_evidence(run: Run) -> Broken:
    """A share or a percentile of a drill has the requests that it is computed from, and so have its other numbers."""
    kinds: Mapping[Kind, type[Rate | Recording]] = {Kind.RATE: Rate, Kind.QUANTILE: Recording}
    of_drills: dict[str, dict[str, Measurement]] = {}
    for path, one in _shown(run):
        metric = find(one.metric)
        if metric is not None and metric.kind in kinds and not isinstance(one.evidence, kinds[metric.kind]):
            yield path, f"{metric.name} has no evidence"
        if one.source == "drill":
            of_drills.setdefault(one.scope or "", {})[one.metric] = one
    for drill, found in of_drills.items():
        for name in (DRILL_ERRORS, UNANSWERED, LATENCY_P95):
            if name not in found:
                yield "$.measurements", f'the drill "{clean(drill, 60)}" has other numbers, and no {name}'


def numbers_of_a_drill_are_of_the_same_requests(run: Run) -> Broken:
    """What is told of the requests of a fault is told of the same requests."""
    found = {(one.metric, one.scope): (path, one) for path, one in _shown(run)}
    for drill in run.drills:
        told = {metric: pair for (metric, scope), pair in found.items() if scope == drill.name}
        if not {DRILL_ERRORS, LATENCY_P95} <= told.keys():
            continue
        failed, answered = told[DRILL_ERRORS][1].evidence, told[LATENCY_P95][1].evidence
        if isinstance(failed, Rate) and isinstance(answered, Recording):
            yield from _unlike(told, failed, answered)
            yield from _without_points(told[LATENCY_P95][0], drill, answered)


def _unlike(told: Mapping[str, tuple[str, Measurement]], failed: Rate, answered: Recording) -> Broken:
    bad = answered.failures + answered.in_flight
    if (failed.hits, failed.total) != (bad, answered.requests):
        yield (
            told[DRILL_ERRORS][0],
            f"{failed.hits:,} of {failed.total:,} failed, but {LATENCY_P95} has {bad:,} of {answered.requests:,}",
        )
    for name in (UNANSWERED, GOODPUT):
        path, one = told.get(name, ("", None))
        if one is not None and one.samples != failed.total:
            yield path, f"samples is {one.samples or 0:,}, but {DRILL_ERRORS} has {failed.total:,}"
    silent = told[UNANSWERED][1].evidence if UNANSWERED in told else None
    if isinstance(silent, Rate):
        if silent.hits > failed.hits:
            yield told[UNANSWERED][0], f"{silent.hits:,} had no answer, but only {failed.hits:,} failed"
        path, lost = told.get(REQUESTS_LOST, ("", None))
        if lost is not None and lost.value is not None and lost.value < silent.hits:
            yield path, f"value is {lost.value:g}, but {silent.hits:,} had no answer in the fault alone"
    path, longest = told.get(LONGEST_ANSWER, ("", None))  # may be of a request that was due as the fault began
    slowest_ms = max(answered.ok.max_us, answered.failed_latency.max_us) / 1000
    if longest is not None and longest.value is not None and longest.value < slowest_ms - _ROUNDING_MS:
        yield path, f"value is {longest.value:g} ms, but one request took {slowest_ms:g} ms"


def _without_points(path: str, drill: Drilled, answered: Recording) -> Broken:
    """The points count requests where they ended, those of the three windows alike."""
    quick = answered.ok.total - answered.ok.count_over_ms(_QUICK_MS, inclusive=True)[1]
    points = sum(point.ok for point in drill.series)
    if drill.series and quick > points:
        yield path, f"{quick:,} were answered within {_QUICK_MS:g} ms, but the points of the drill have {points:,}"


DRILL_LAWS: tuple[Law[Run], ...] = laws_of(globals())


def _shown(run: Run) -> Iterator[tuple[str, Measurement]]:
    """What drills measured: a value, or requests too many of which failed for one."""
    for index, one in enumerate(run.measurements):
        if is_drill(one.metric) and (one.value is not None or one.evidence is not None):
            yield f"$.measurements[{index}]", one
