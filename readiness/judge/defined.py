"""Whether a number that thresholds.yaml defines is still what the file says that it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from readiness.config.definitions import definitions, drill_key
from readiness.config.drills import Drill
from readiness.config.model import Database
from readiness.config.monitoring import PrometheusQuery
from readiness.measurements.run import Run
from readiness.metrics.catalogue import is_drill

_OTHERWISE = "the file defines it otherwise than when it was measured; run again"


def as_defined(
    run: Run,
    section: Database,
    queries: Mapping[str, PrometheusQuery] | None = None,
    drills: Mapping[str, Drill] | None = None,
) -> Run:
    """The run without the numbers that the file now defines otherwise than when they were measured.

    They are those of the database and, with `queries` and `drills`, those of probes.prometheus and of the drills.
    """
    now = definitions(section, queries, drills)
    other = {metric for metric, meant in run.definitions.items() if now.get(metric, meant) != meant}
    if not other:
        return run
    measurements = tuple(
        replace(one, value=None, samples=None, evidence=None, details=(), reason=_OTHERWISE)
        if (drill_key(one.scope) if is_drill(one.metric) else one.metric) in other
        and (one.value is not None or one.evidence is not None)
        else one
        for one in run.measurements
    )
    return replace(run, measurements=measurements)
