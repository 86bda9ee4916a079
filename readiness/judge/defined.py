"""Whether a number of the database is still what thresholds.yaml says that it is."""

from __future__ import annotations

from dataclasses import replace

from readiness.config.definitions import definitions
from readiness.config.model import Database
from readiness.measurements.run import Run

_OTHERWISE = "the file defines it otherwise than when it was measured; run again"


def as_defined(run: Run, section: Database) -> Run:
    """The run without the numbers of the database that the file now defines otherwise than when they were measured."""
    now = definitions(section)
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
