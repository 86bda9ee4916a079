"""Whether the sources of one measurement (its witnesses) say the same. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from readiness.measurements.run import Measurement, Witness
from readiness.metrics.catalogue import find
from readiness.text.numbers import quantity


def heard(measurement: Measurement) -> Measurement:
    """The measurement with `agrees` set on every witness that can be compared with its value."""
    witnesses = tuple(replace(witness, agrees=_agrees(measurement.value, witness)) for witness in measurement.witnesses)
    return replace(measurement, witnesses=witnesses)


def dissent(measurement: Measurement) -> str | None:
    """Why the value is not to be trusted, as a sentence; None when nobody contradicts it."""
    metric = find(measurement.metric)
    unit = metric.unit if metric else ""
    against = [witness for witness in heard(measurement).witnesses if witness.agrees is False]
    if not against or measurement.value is None:
        return None
    first = measurement.witnesses[0].source
    said = "; ".join(
        f"{witness.source} says {_BOUND[witness.relation]}{quantity(witness.value, unit)}" for witness in against
    )
    return f"the sources disagree: {first} says {quantity(measurement.value, unit)}, but {said}"


def restart_doubts(measurements: Iterable[Measurement]) -> tuple[str, ...]:
    """A target that was another process at the end than at the start was not one service under one load.

    Nor is one of whose declared instances some never answered what was declared.
    """
    return tuple(
        f"the target changed during the run: {line.subject} said {line.observed}"
        if measurement.value
        else f"not every declared instance answered: {line.subject} said {line.observed} in {line.note}; find out why "
        "the others did not, or declare those that serve (probes.instance.instances)"
        for measurement in measurements
        if measurement.metric == "service.restarts" and measurement.value is not None
        for line in measurement.details
        if line.ok is False
    )


def favour_doubts(measurements: Iterable[Measurement]) -> tuple[str, ...]:
    """A service that answers a load test otherwise than a browser was not measured as its users meet it."""
    return tuple(
        f"the service answers us otherwise than a browser: {line.subject} gives {line.note} ({line.observed})"
        for measurement in measurements
        if measurement.metric == "service.user_agent" and measurement.value == 0
        for line in measurement.details
        if line.ok is False
    )


_BOUND = {"equal": "", "at_least": "at least ", "at_most": "at most "}


def _agrees(value: float | None, witness: Witness) -> bool | None:
    if value is None or witness.value is None:
        return None
    match witness.relation:
        case "at_least":
            return value >= witness.value - witness.tolerance
        case "at_most":
            return value <= witness.value + witness.tolerance
        case _:
            return abs(value - witness.value) <= witness.tolerance
