"""The requests of a traced load that are worth reading, by endpoint."""

from __future__ import annotations

from dataclasses import dataclass

from readiness.measurements.run import Run
from readiness.measurements.traced import TracedRequest, is_trace_id, most_telling


@dataclass(frozen=True, slots=True)
class EndpointTraces:
    """Of one endpoint of one scenario in the measurement window."""

    scenario: str
    name: str
    requests: tuple[TracedRequest, ...]
    """The slowest successes, the slowest first, then failed ones."""


@dataclass(frozen=True, slots=True)
class Traces:
    """Where the traces are, and of which requests."""

    url: str | None
    """Address with {trace_id} in it; None where thresholds.yaml names none."""
    endpoints: tuple[EndpointTraces, ...]


def traces(run: Run, url: str | None) -> Traces | None:
    """None where no request is known by its trace."""
    found = []
    for seen in run.load.seen if run.load else ():
        requests = most_telling(one for one in seen.traces if is_trace_id(one.trace_id))
        if requests:
            found.append(EndpointTraces(seen.scenario, seen.name, requests))
    return Traces(url, tuple(found)) if found else None
