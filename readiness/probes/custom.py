"""custom.<name>: one number that thresholds.yaml names, without code."""

from __future__ import annotations

import itertools
import math

from readiness.config.probes import Custom
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement
from readiness.probes.evidence import Evidence
from readiness.probes.sampler import NumberPlace, series_of, states_of
from readiness.text import clean

_SOURCE = "probe custom"


def place(settings: Custom) -> NumberPlace:
    """Where the number is."""
    if settings.json is not None:
        return NumberPlace("json", settings.json, settings.pointer or "")
    if settings.metrics is not None:
        return NumberPlace("prometheus", settings.metrics, settings.metric or "")
    if settings.info is not None:
        return NumberPlace("info", "", settings.info)
    return NumberPlace("header", settings.path or "/", settings.header or "")


def measure(name: str, evidence: Evidence) -> Measurement:
    """What `take` makes of the readings. Raises NotMeasured when there is none, or one is no number."""
    settings = evidence.settings.custom[name]
    where = place(settings)
    if where.kind == "info" and where not in evidence.readings.series:
        raise NotMeasured(f"{where.shown}: READINESS_CACHE_URL is not set")
    between = settings.take not in ("last", "delta")
    samples = (states_of if between else series_of)(evidence.readings, where)
    values: list[float] = []
    instances = set()
    for at, sample in enumerate(samples):
        if sample.lost and 0 < at < len(samples) - 1:
            continue
        if sample.problem is not None:
            raise NotMeasured(sample.problem)
        values.append(_number(sample.value, where))
        instances.add(sample.instance)
    if settings.take == "delta":
        if len(instances) > 1:
            raise NotMeasured(f"{where.shown}: another instance answered during the window")
        if any(after < before for before, after in itertools.pairwise(values)):
            raise NotMeasured(f"{where.shown}: the counter went down during the window")
        value = values[-1] - values[0]
    else:
        takes = {"last": values[-1], "max": max(values), "min": min(values), "mean": math.fsum(values) / len(values)}
        value = takes[settings.take]
    shown = f"first {values[0]:g}, last {values[-1]:g}, from {min(values):g} to {max(values):g}"
    details = (
        Detail(f"{where.shown}, {settings.take}", shown, None, f"{len(values):,} readings in the measurement window"),
    )
    return Measurement(f"custom.{name}", None, value, _SOURCE, len(values), details=details)


def _number(value: object, where: NumberPlace) -> float:
    # The size comes first: a whole number of a thousand digits is none that can be turned into a float.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1e15:
        raise NotMeasured(f"{where.shown}: {clean(repr(value), 60)} is not a number")
    return float(value)
