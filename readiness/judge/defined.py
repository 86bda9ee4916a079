"""Whether a number that thresholds.yaml defines is still what the file says that it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from readiness.config.definitions import definitions
from readiness.config.model import Database
from readiness.config.monitoring import PrometheusQuery
from readiness.measurements.run import Run

_OTHERWISE = "the file defines it otherwise than when it was measured; run again"


def as_defined(run: Run, section: Database, queries: Mapping[str, PrometheusQuery] | None = None) -> Run:
    """The run without the numbers that the file now defines otherwise than when they were measured.

    They are those of the database and, with `queries`, those of probes.prometheus.
    """
    now = definitions(section, queries)
    other = {metric for metric, meant in run.definitions.items() if now.get(metric, meant) != meant}
    if not other:
        return run
    measurements = tuple(
        replace(one, value=None, samples=None, evidence=None, details=(), reason=_OTHERWISE)
        if one.metric in other and one.value is not None
        else one
        for one in run.measurements
    )
    return replace(run, measurements=measurements)
