"""What is always true of what others told of the service, and of its processes: a part of measured_invariants.py."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from readiness.measurements.bounds import Bounds
from readiness.measurements.law import Broken, Law, laws_of
from readiness.measurements.process_activity import ProcessActivity
from readiness.measurements.run import Measurement, Run
from readiness.metrics.catalogue import find
from readiness.metrics.database_role import SERVICE_ROLE_METRICS
from readiness.metrics.kubernetes import KUBERNETES_PREFIX
from readiness.metrics.resources import DATABASE_PREFIX, PROCESS_PREFIX
from readiness.text import clean

_PROMETHEUS, _TLS = "Prometheus", "tls."
_HAND_WRITTEN = "run.json"
"""The source of what stands in a file by metric and value alone (readiness/measurements/json.py); it has no lines."""
_CONTAINED = ("kubernetes.restarts", "kubernetes.oom_kills", "kubernetes.pods_lost", "kubernetes.root_containers")
_MISSING = ".missing"
WITHOUT_LINES: Mapping[str, str] = {
    "limits.own": "who wrote the file is known before the run, and has no lines",
    "kubernetes.autoscaler.at_most": "neither answer is bad: its line says how many pods were wanted",
}
"""Yes/no metrics whose lines give no answer, each with the reason."""
_ONE_IS_ENOUGH = frozenset({"rate_limit.active"})
"""Of the others every line must be good."""
_BAD_LINES_ALONE = frozenset({"kubernetes.disruption_budget"})
"""Those that list only what is bad."""
_ADVICE = ": Retry-After"
"""A line that says how a refusal could be better, and decides nothing."""
_MOST_LISTED = 20
_ROLES = frozenset(metric.name for metric in SERVICE_ROLE_METRICS)


def what_the_file_defines_has_its_digest(run: Run) -> Broken:
    """A number of PromQL, or of the service's role, stands with the digest of what thresholds.yaml said that it is."""
    for path, one in _values(run):
        defined = one.metric in _ROLES or one.source == _PROMETHEUS
        if defined and one.metric not in run.definitions:
            yield path, f"{clean(one.metric, 60)} has a value, but definitions does not have it"


def values_are_those_of_their_lines(run: Run) -> Broken:
    """A yes or a no, and a number of TLS or of Kubernetes, is the one that the lines below it give."""
    for path, one in _values(run):
        bad = [detail for detail in one.details if detail.ok is False]
        if (one.metric.startswith(KUBERNETES_PREFIX) and one.metric.endswith(_MISSING)) or one.metric in _CONTAINED:
            told = [_whole(detail.observed) for detail in bad]
            listed = sum(number or 0 for number in told)
            if listed > (one.value or 0) or (len(bad) < _MOST_LISTED and listed != one.value):
                yield path, f"value is {one.value:g}, but {listed:,} are listed"
            continue
        metric = find(one.metric)
        yes_no = metric is not None and metric.yes_no
        if not (yes_no or one.metric.startswith(_TLS)) or one.metric in WITHOUT_LINES:
            continue
        if yes_no and not one.details and one.source == _HAND_WRITTEN and not one.metric.startswith(_TLS):
            continue
        lines = [detail.ok for detail in one.details if detail.ok is not None and not detail.subject.endswith(_ADVICE)]
        good = one.value == 1 if yes_no else _holds(one)
        says = any(lines) if one.metric in _ONE_IS_ENOUGH else all(lines)
        if good is not says or (not lines and one.metric not in _BAD_LINES_ALONE):
            yield path, f"value is {one.value:g}, but {lines.count(False):,} of {len(lines):,} lines say that it is bad"


def _holds(one: Measurement) -> bool:
    value = one.value or 0.0
    return value > 0 if one.metric == "tls.days_left" else value == 0


def _whole(text: str) -> int | None:
    digits = text.replace(",", "")
    return int(digits) if digits.isascii() and digits.isdigit() else None


def _values(run: Run) -> Iterator[tuple[str, Measurement]]:
    for index, one in enumerate(run.measurements):
        if one.value is not None:
            yield f"$.measurements[{index}]", one


def what_is_measured_of_processes_is_what_was_seen_of_them(run: Run) -> Broken:
    """Numbers of the service's processes, and of the database server's, are those of what was seen of them."""
    for path, one in _values(run):
        if not one.metric.startswith(PROCESS_PREFIX):
            continue
        name = one.metric.removeprefix(PROCESS_PREFIX)
        seen, block = run.process, "process"
        if one.metric.startswith(DATABASE_PREFIX):
            seen, block, name = run.database_process, "database_process", one.metric.removeprefix(DATABASE_PREFIX)
        if seen is None or seen.reason is not None:
            why = "is missing" if seen is None else f"says why nothing was seen: {clean(seen.reason, 120)}"
            yield path, f"{one.metric} has a value, but {block} {why}"
        elif problem := _unlike(seen, name, one):
            yield path, f"{one.metric} {problem} of {block}"


def _unlike(seen: ProcessActivity, name: str, one: Measurement) -> str | None:
    if name == "memory.growth":
        low = one.evidence.low if isinstance(one.evidence, Bounds) else None
        same = seen.memory_growth_mb is not None and low is not None and math.isclose(low, seen.memory_growth_mb)
        return None if same else "does not have the lower bound"
    expected = _expected(seen, name)
    if expected is None or (one.value is not None and math.isclose(one.value, expected, rel_tol=1e-6, abs_tol=1e-9)):
        return None
    return f"is {one.value:g}, not the {expected:g}"


def _expected(seen: ProcessActivity, name: str) -> float | None:
    """None where the block does not tell."""
    cores = seen.cpu_s / seen.window_s if seen.window_s else 0.0
    match name:
        case "cpu_cores":
            return cores
        case "cpu":
            return min(100 * cores / seen.cores, 100.0) if seen.cores else 0.0
        case "memory.max":
            return seen.memory_mb
        case "throttled":
            return 100 * (seen.throttled or 0.0)
    return None


SOURCE_LAWS: tuple[Law[Run], ...] = laws_of(globals())
