"""custom.<name> by PromQL: what Prometheus saw in the measurement window, and in no other time.

The window is told in the server's own clock. A query that reaches back ([30s]) is evaluated from where all that it sees
lies in the window, and one that reaches back longer than the window is not asked. A series that is not there over
the whole window, more than one series, and a point that is no number are reasons: nothing of that is 0.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from readiness.config import promql
from readiness.config.monitoring import PrometheusQuery
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement
from readiness.probes.prometheus_server import (
    PROMETHEUS_VARIABLE,
    PrometheusAnswer,
    PrometheusSeries,
    PrometheusServer,
    SeriesTimes,
)
from readiness.probes.window import Window
from readiness.text import clean, name_service
from readiness.text.numbers import count

_SOURCE = "Prometheus"
_SETTLE_S = 2.0
"""After the window: a scrape that ended in it is written a moment later."""
_QUERY_TIMEOUT_S, _ALL_S = 5.0, 12.0
_AT_ONCE = 4
_MOST_POINTS, _SHORTEST_STEP_MS = 240, 1000
_LONGEST_LOOKBACK_MS = 300_000
"""Of Prometheus itself: how long a sample stands for what comes after it."""
_MOST_AHEAD_MS, _LEAST_EXACT_MS = 60_000, 1000
_MISSING = 0.1
"""Share of the moments at which a series may be missing: a failed scrape or two."""
_SHOWN_SERIES = 4
_P95 = 0.95


@dataclass(frozen=True, slots=True)
class PrometheusSeen:
    """What every query gave, or why it gave nothing."""

    answers: Mapping[str, tuple[SeriesTimes, PrometheusAnswer] | str] = field(default_factory=dict)
    """By name of the query."""


def ask(url: str | None, queries: Mapping[str, PrometheusQuery], window: Window) -> PrometheusSeen:
    """Wait for the end of the window, then ask for all of it; returns within about `_SETTLE_S` and `_ALL_S` after it.

    Never raises NotMeasured: a reason stands in the place of an answer.
    """
    window.wait_end()
    if not url:
        return PrometheusSeen(dict.fromkeys(queries, f"{PROMETHEUS_VARIABLE} is not set"))
    begin_s, end_s = window.begin_s, window.end_s
    if begin_s is None or end_s is None:
        return PrometheusSeen(dict.fromkeys(queries, "the measurement window never began"))
    since_s = time.time() - time.monotonic()
    time.sleep(_SETTLE_S)
    begin_ms, end_ms = (round(1000 * (since_s + at_s)) for at_s in (begin_s, end_s))
    return PrometheusSeen(name_service.run(_all(url, queries, begin_ms, end_ms)))


async def _all(
    url: str, queries: Mapping[str, PrometheusQuery], begin_ms: int, end_ms: int
) -> dict[str, tuple[SeriesTimes, PrometheusAnswer] | str]:
    late = f"Prometheus: all queries together took longer than {_ALL_S:g} s"
    found: dict[str, tuple[SeriesTimes, PrometheusAnswer] | str] = dict.fromkeys(queries, late)
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(server: PrometheusServer, name: str, ahead_ms: int) -> None:
        async with turns:
            try:
                text, times = _plan(queries[name], begin_ms + ahead_ms, end_ms + ahead_ms)
                back_ms = min(max(end_ms - begin_ms, _SHORTEST_STEP_MS), _LONGEST_LOOKBACK_MS)
                found[name] = times, await server.over(text, times, back_ms, _QUERY_TIMEOUT_S)
            except NotMeasured as error:
                found[name] = str(error)

    async with PrometheusServer(url) as server:
        try:
            async with asyncio.timeout(_ALL_S):
                ahead_ms = await _ahead_ms(server)
                await asyncio.gather(*(one(server, name, ahead_ms) for name in queries))
        except NotMeasured as error:
            return dict.fromkeys(queries, str(error))
        except TimeoutError:
            pass
    return found


async def _ahead_ms(server: PrometheusServer) -> int:
    ahead_ms, exact_ms = await server.ahead_ms(_QUERY_TIMEOUT_S)
    if abs(ahead_ms) > _MOST_AHEAD_MS:
        way = "ahead of" if ahead_ms > 0 else "behind"
        raise NotMeasured(f"Prometheus: its clock is {abs(ahead_ms) / 1000:,.0f} s {way} this machine's; set both")
    if exact_ms > _LEAST_EXACT_MS:
        raise NotMeasured("Prometheus: took longer than 2 s to tell its time, so the window is not known there")
    return ahead_ms


def _plan(query: PrometheusQuery, begin_ms: int, end_ms: int) -> tuple[str, SeriesTimes]:
    """What to ask and when. Raises NotMeasured where it would read what was before the window."""
    window_ms = end_ms - begin_ms
    back_ms = promql.reach_back_ms(query.query, window_ms)
    room_ms = window_ms - back_ms
    if room_ms < 0:
        raise NotMeasured(
            f"the query reaches back {back_ms / 1000:g} s, which is longer than the measurement window "
            f"({window_ms / 1000:.1f} s): use a shorter range, or {promql.WINDOW_WORD}"
        )
    steps = min(room_ms // _SHORTEST_STEP_MS, _MOST_POINTS)
    step_ms = room_ms // steps if steps else _SHORTEST_STEP_MS
    return promql.asked(query.query, window_ms), SeriesTimes(end_ms - steps * step_ms, end_ms, step_ms)


def measure(name: str, query: PrometheusQuery, seen: PrometheusSeen) -> Measurement:
    """What `take` makes of the one series. Raises NotMeasured with the reason."""
    found = seen.answers[name]
    if isinstance(found, str):
        raise NotMeasured(found)
    times, answer = found
    if answer.warnings:
        raise NotMeasured(f"Prometheus: the answer may be partial: {answer.warnings[0]}")
    series = _only(answer)
    values = _values(series, times)
    if query.take in ("last", "increase") and series.points[-1][0] != times.end_ms:
        raise NotMeasured(f"{series.labels}: is not there at the end of the measurement window")
    if query.take == "increase":
        value = _increase(series, values, times)
    elif query.take == "p95":
        value = sorted(values)[math.ceil(_P95 * len(values)) - 1]
    else:
        mean = math.fsum(values) / len(values)
        value = {"max": max(values), "min": min(values), "last": values[-1], "mean": mean}[query.take]
    shown = f"first {values[0]:g}, last {values[-1]:g}, from {min(values):g} to {max(values):g}"
    of_all = f"{count(len(values), 'point')} of {times.count:,} in the measurement window"
    details = (Detail(f"{query.take} of {clean(query.query, 160)}", shown, None, of_all),)
    return Measurement(f"custom.{name}", None, value, _SOURCE, len(values), details=details)


def _only(answer: PrometheusAnswer) -> PrometheusSeries:
    if not answer.series:
        raise NotMeasured("Prometheus: the query gives no series in the measurement window")
    if len(answer.series) > 1:
        named = "; ".join(one.labels for one in answer.series[:_SHOWN_SERIES])
        more = f" and {len(answer.series) - _SHOWN_SERIES:,} more" if len(answer.series) > _SHOWN_SERIES else ""
        raise NotMeasured(
            f"Prometheus: the query gives {len(answer.series):,} series ({named}{more}); "
            "make them one with sum, max or a label"
        )
    return answer.series[0]


def _values(series: PrometheusSeries, times: SeriesTimes) -> list[float]:
    wrong = [value for _, value in series.points if not abs(value) <= 1e15]
    if wrong:
        raise NotMeasured(
            f"{series.labels}: {wrong[0]} is not a number that can be judged "
            f"({len(wrong):,} of {count(len(series.points), 'point')})"
        )
    missing = times.count - len(series.points)
    if missing > _MISSING * times.count:
        raise NotMeasured(
            f"{series.labels}: is there at {len(series.points):,} of {count(times.count, 'moment')} "
            "of the measurement window only"
        )
    return [value for _, value in series.points]


def _increase(series: PrometheusSeries, values: list[float], times: SeriesTimes) -> float:
    if len(values) < 2 or series.points[0][0] != times.start_ms:
        raise NotMeasured(f"{series.labels}: is not there at the begin and the end of the measurement window")
    if any(after < before for before, after in itertools.pairwise(values)):
        raise NotMeasured(
            f"{series.labels}: went down in the measurement window, so it is no counter or it started again; "
            f"use increase(…[{promql.WINDOW_WORD}]) and take: last"
        )
    return values[-1] - values[0]
