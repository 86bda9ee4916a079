"""The load as a moment of its requests tells it: each endpoint's recording of that moment in the place of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from readiness.measurements.run import Endpoint, Load, Recording
from readiness.metrics import moments
from readiness.metrics.metric import Metric
from readiness.metrics.moments import moment_of
from readiness.text.numbers import count


def noted(load: Load | None, metric: str) -> bool:
    """Whether the load watched for what `metric` is computed from."""
    moment = moment_of(metric)
    return load is not None and any(moment is None or getattr(one, moment) is not None for one in load.endpoints)


def told(endpoints: Iterable[Endpoint], metric: Metric) -> tuple[Endpoint, ...]:
    """The endpoints whose `judged` is what `metric` is computed from; without those where that was not measured."""
    moment = moment_of(metric.name)
    if moment is None:
        return tuple(endpoints)
    pairs = [(one, getattr(one, moment)) for one in endpoints]
    return tuple(replace(one, judged=record) for one, record in pairs if record is not None)


def untold(endpoints: Sequence[Endpoint], metric: Metric) -> str:
    """Why what `metric` is computed from is not known of all these requests; "" where it is, or where there is none."""
    match moment_of(metric.name):
        case None:
            return ""
        case moments.FIRST_BYTE:
            return _untold_bytes([one for one in endpoints if one.judged.requests], metric)
        case moment:
            found = [record for one in endpoints if (record := getattr(one, moment)) is not None]
            if not found:
                return (
                    f"no stream was noted: it needs a check of {metric.name} in thresholds.yaml when the load runs, "
                    "and requests with stream=True"
                )
            return "" if any(record.requests for record in found) else "no stream had two events"


def _untold_bytes(asked: Sequence[Endpoint], metric: Metric) -> str:
    seen = [one.first_byte for one in asked if one.first_byte is not None]
    if asked and not seen:
        return f"this run did not measure it: run again with a check of {metric.name} in thresholds.yaml"
    missing = sum(one.judged.ok.total - (one.first_byte or Recording()).ok.total for one in asked)
    if not missing:
        return ""
    return (
        f"{count(missing, 'answer')} came to a client that does not say when they began: it is measured of "
        "readiness.scenario.User, and of most requests of HttpUser"
    )
