"""Coordinated omission in a closed load: what the users' waiting may hide, said in words and numbers, never judged.

The corrected latency stands beside the measured one: HdrHistogram's correction for an expected interval, which is the
median time between two requests of a user. Stalls are judged apart (docs/decisions/0003).
"""

from __future__ import annotations

from collections.abc import Mapping

from readiness.measurements.histogram import Histogram, merge
from readiness.measurements.pace import Pace, corrected
from readiness.measurements.run import Endpoint, Load
from readiness.text.numbers import quantity

BACK_TO_BACK = 0.99
"""Share of iterations without a pause from which on a user has no pace at all."""
NOTABLE = 0.01
"""Share of late iterations that is worth a sentence."""


def corrected_latencies(load: Load) -> Mapping[tuple[str, str], Histogram]:
    """Scenario and name of each endpoint of a closed load -> its successes corrected for coordinated omission."""
    paces = {pace.scenario: pace for pace in load.paces}
    return {
        (endpoint.scenario, endpoint.name): corrected(endpoint.judged.ok, interval)
        for endpoint in load.endpoints
        if endpoint.scenario in paces
        and endpoint.judged.ok.total
        and (interval := _interval_us(endpoint, paces[endpoint.scenario]))
    }


def described(load: Load) -> tuple[str, ...]:
    """One sentence for each scenario's pace, and one that sets the corrected percentiles beside the measured ones."""
    lines = [line for pace in load.paces if (line := _pace(pace))]
    fixed = corrected_latencies(load)
    if any(histogram.total for histogram in fixed.values()):
        measured = merge(*(one.judged.ok for one in load.endpoints))
        whole = merge(*fixed.values(), *(o.judged.ok for o in load.endpoints if (o.scenario, o.name) not in fixed))
        raw, fair = ([quantity(one.quantile_ms(q), "ms") for q in (0.95, 0.99)] for one in (measured, whole))
        lines.append(
            f"P95 {raw[0]} and P99 {raw[1]} as measured, {fair[0]} and {fair[1]} corrected for coordinated omission"
        )
    return tuple(lines)


def _interval_us(endpoint: Endpoint, pace: Pace) -> float:
    """Expected time between two requests of one user to the endpoint; 0 when not known."""
    median_ms = pace.interval.quantile_ms(0.5)
    requests = endpoint.judged.requests
    if median_ms is None or not requests or not pace.watched:
        return 0.0
    iterations = pace.iterations * pace.users / pace.watched
    return 1000 * median_ms * iterations / requests


def _pace(pace: Pace) -> str | None:
    if not pace.iterations:
        return None
    late = pace.unpaused / pace.iterations
    if late >= BACK_TO_BACK:
        return (
            f"{pace.scenario}: users send back to back, without any time to think: "
            "a slow answer holds back the requests that would have met it"
        )
    if late >= NOTABLE:
        return f"{pace.scenario}: {quantity(100 * late, '%')} of the iterations started late against the users' pace"
    return None
