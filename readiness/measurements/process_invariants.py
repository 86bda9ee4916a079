"""What is always true of the processes of run.json: a part of readiness/measurements/measured_invariants.py."""

from __future__ import annotations

import math

from readiness.measurements.bounds import Bounds
from readiness.measurements.law import Broken, Law, laws_of
from readiness.measurements.process_activity import ProcessActivity
from readiness.measurements.run import Measurement, Run
from readiness.metrics.resources import DATABASE_PREFIX, PROCESS_PREFIX
from readiness.text import clean


def what_is_measured_of_processes_is_what_was_seen_of_them(run: Run) -> Broken:
    """Numbers of the service's processes, and of the database server's, are those of what was seen of them."""
    for index, one in enumerate(run.measurements):
        if one.value is None or not one.metric.startswith(PROCESS_PREFIX):
            continue
        path, name = f"$.measurements[{index}]", one.metric.removeprefix(PROCESS_PREFIX)
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


PROCESS_LAWS: tuple[Law[Run], ...] = laws_of(globals())
