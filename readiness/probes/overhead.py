"""What the probes cost: every request of a probe is counted where it is sent, with the work that it was.

Counted in the measurement window, where the load is: what is sent before it disturbs nobody that is measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from readiness.measurements.probing import MOST_SHARE, Cost, Probing
from readiness.measurements.run import Load
from readiness.text import server_timing
from readiness.text.numbers import count, duration, share_words

_TOTAL = "total"


@dataclass(slots=True)
class Sent:
    """One request of a probe."""

    at_s: float
    waited_ms: float = 0.0
    """Until the answer's head was there, or nobody waited any more."""
    service_ms: float | None = None
    received_bytes: int = 0
    requests: int = 1
    """More than one where a kept connection was gone, and it was sent again."""


def service_ms(timing: str) -> float | None:
    """All time in a `Server-Timing`: its `total`, else the sum of its parts; None where it has none."""
    return _whole(dict(server_timing.parts_ms(timing)))


def _whole(parts_ms: Mapping[str, float]) -> float | None:
    if not parts_ms:
        return None
    return parts_ms[_TOTAL] if _TOTAL in parts_ms else sum(parts_ms.values())


def of_probes(sent: Iterable[Sent], begin_s: float | None, end_s: float | None) -> tuple[Cost, int]:
    """Of the requests that were sent in the measurement window, and the bytes that came for them."""
    if begin_s is None or end_s is None:
        return Cost(0, 0.0), 0
    inside = [one for one in sent if begin_s <= one.at_s <= end_s]
    told = [one.service_ms for one in inside if one.service_ms is not None]
    requests = sum(one.requests for one in inside)
    cost = Cost(requests, sum(one.waited_ms for one in inside), sum(told) if told else None)
    return cost, sum(one.received_bytes for one in inside)


def of_load(load: Load) -> Cost:
    """Of the judged requests of the load; what `Server-Timing` said of some stands for all of an endpoint."""
    records = [endpoint.judged for endpoint in load.endpoints]
    waited_ms = sum(record.ok.sum_us + record.failed_latency.sum_us for record in records) / 1000
    told = []
    answered = {(one.scenario, one.name): one.judged.ok.total + one.judged.failures for one in load.endpoints}
    for seen in load.seen:
        whole_ms, requests = _whole(seen.timing.parts_ms), answered.get((seen.scenario, seen.name), 0)
        if whole_ms is not None and seen.timing.samples:
            told.append(whole_ms * requests / seen.timing.samples)
    return Cost(sum(record.requests for record in records), waited_ms, sum(told) if told else None)


def words(probing: Probing) -> str:
    """One sentence on what the probes added, and one on what the declared health checks need beyond that."""
    probes, load = probing.looks, probing.load
    sentence = f"Probes sent {count(probes.requests, 'request')} in the measurement window"
    if probing.request_share is None:
        return f"{sentence}."
    sentence += f", {share_words(probing.request_share)} of the load's {load.requests:,}"
    if probing.work_share is not None:
        sentence += (
            f"; by Server-Timing they took {probes.service_ms:,.0f} ms of the service's time beside "
            f"{load.service_ms:,.0f} ms, {share_words(probing.work_share)}, in a window of {duration(probing.window_s)}"
        )
    elif probing.wait_share is not None:
        sentence += (
            f"; their answers took {probes.waited_ms:,.0f} ms beside {load.waited_ms:,.0f} ms, "
            f"{share_words(probing.wait_share)}"
        )
    sentence += f"; {probing.received_bytes / 1024:,.0f} KiB came back."
    if probing.needed_looks is None:
        return sentence
    plan = "" if probing.planned_requests is None else f", and this plan yields about {probing.planned_requests:,}"
    return (
        f"{sentence} The declared health checks need {probing.needed_looks:,} samples of each endpoint, which is more "
        f"than {share_words(MOST_SHARE)} of the load's requests{plan}."
    )
