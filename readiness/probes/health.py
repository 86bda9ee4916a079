"""The health endpoints' own latency and success, sampled before and while the load runs.

One sample of an endpoint is in flight at a time, and the load pays for all of them (readiness/probes/allowance.py).
A service that stands still for three seconds holds one sample, where many would have been due: they are added as
HdrHistogram adds the requests that a waiting user left out (no coordinated omission).
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

import numpy as np

from readiness.config.probes import Health
from readiness.errors import NotMeasured
from readiness.measurements.histogram import Histogram
from readiness.measurements.provenance import Target
from readiness.measurements.run import Detail, Measurement, Rate, Recording, Slice
from readiness.probes.allowance import Allowance
from readiness.probes.http import FetchFailed, fetch, new_client, url_of
from readiness.probes.lean_httpx import httpx
from readiness.probes.overhead import Sent
from readiness.probes.window import Window

LIVE = "health.latency.p95"
READY = "health.ready.latency.p95"
SUCCESS = "health.success_rate"
_SOURCE = "probe health"
QUANTILE = 0.95
SLICE_S = 1.0
_GRACE_S = 0.5
"""Time that samples in flight get after the window; an ordinary answer must not count as unfinished."""
_POLL_S = 0.02
IDLE = 4.0
"""Before the window samples lie so many times further apart: only to know the service without load."""
_PROBE = "health"
_MOST_LINES = 5


@dataclass(frozen=True, slots=True)
class HealthSample:
    """One GET; `failure` is None for a 2xx answer, and `in_flight` when the load stopped first."""

    start_s: float
    elapsed_ms: float
    failure: str | None
    said: str = ""
    """What came instead of a 2xx answer, such as `404`, or the reason why nothing did."""
    sent: bool = True
    """Whether it was really sent, and does not only stand for the time that another one was waited for."""


def measure(
    target: Target, settings: Health, window: Window, allowance: Allowance, duration_s: float = 30.0
) -> tuple[Measurement, ...]:
    """p95 in ms of each endpoint over the samples started in the measurement window, and the share of good answers.

    A failed sample is slower than any other. What could not be measured has a reason.
    """
    every_ms = settings.pace_ms(duration_s)
    paths = {LIVE: (settings.path, every_ms)}
    if settings.ready is not None:
        paths[READY] = (settings.ready, every_ms)
    taken = asyncio.run(_sample_all(target, paths, settings.timeout_ms / 1000, window, allowance))
    base = urlsplit(target.url).path.rstrip("/")  # a reader must see what was asked
    found = [_latency(metric, base + path, taken[metric], window.begin_s) for metric, (path, _) in paths.items()]
    return (*found, _success(found))


def watch(
    target: Target, path: str, every_s: float, timeout_s: float, window: Window, allowance: Allowance
) -> tuple[HealthSample, ...]:
    """The samples that were really sent until the window ended. Raises NotMeasured when `path` is not the target's."""
    paths = {LIVE: (path, every_s * 1000)}
    taken = asyncio.run(_sample_all(target, paths, timeout_s, window, allowance))[LIVE]
    if isinstance(taken, str):
        raise NotMeasured(taken)
    return tuple(sample for sample in taken if sample.sent)


def _latency(metric: str, path: str, samples: list[HealthSample] | str, begin_s: float | None) -> Measurement:
    def missing(reason: str) -> Measurement:
        return Measurement(metric, None, None, _SOURCE, reason=reason)

    if isinstance(samples, str):
        return missing(samples)
    if begin_s is None:
        return missing(f"{path}: not judged, because the measurement window did not begin")
    judged = [sample for sample in samples if sample.start_s >= begin_s]
    if not judged:
        return missing(f"{path}: the measurement window was too short for one sample")
    idle = [sample for sample in samples if sample.start_s < begin_s]
    record = _recording(judged, begin_s)
    value = record.ok.quantile_ms(QUANTILE, infinite=record.failures + record.in_flight)
    details = (*_details(path, "before the window", idle), *_details(path, "in the window", judged))
    return Measurement(metric, None, value, _SOURCE, samples=len(judged), evidence=record, details=details)


def _success(latencies: list[Measurement]) -> Measurement:
    """Good answers of all samples, in percent. A sample in flight at the end is not a good one."""
    records = [found.evidence for found in latencies if isinstance(found.evidence, Recording)]
    if len(records) < len(latencies):
        reason = next(found.reason for found in latencies if found.reason)
        return Measurement(SUCCESS, None, None, _SOURCE, reason=reason)
    ok, total = sum(record.ok.total for record in records), sum(record.requests for record in records)
    blocks: dict[float, tuple[int, int]] = {}
    for part in (part for record in records for part in record.slices):
        good, whole = blocks.get(part.start_s, (0, 0))
        blocks[part.start_s] = (good + part.ok.total, whole + part.ok.total + part.failed)
    rate = Rate(ok, total, tuple(counts for _, counts in sorted(blocks.items())))
    return Measurement(SUCCESS, None, 100 * ok / total, _SOURCE, samples=total, evidence=rate)


async def _sample_all(
    target: Target, paths: Mapping[str, tuple[str, float]], timeout_s: float, window: Window, allowance: Allowance
) -> dict[str, list[HealthSample] | str]:
    async with new_client() as client:

        async def one(path: str, every_ms: float) -> list[HealthSample] | str:
            try:
                url_of(target.url, path)
            except NotMeasured as error:
                return str(error)
            return await _sample(client, target, path, every_ms / 1000, timeout_s, window, allowance)

        series = await asyncio.gather(*(one(path, every_ms) for path, every_ms in paths.values()))
    return dict(zip(paths, series, strict=True))


async def _sample(
    client: httpx.AsyncClient,
    target: Target,
    path: str,
    every_s: float,
    timeout_s: float,
    window: Window,
    allowance: Allowance,
) -> list[HealthSample]:
    samples: list[HealthSample] = []
    due_s = time.monotonic()
    while not window.ended:
        async with allowance.turn(_PROBE, path, lambda: window.ended) as sent:
            if sent is None:
                break
            sample = await _one(client, target, path, timeout_s, window, sent)
        samples += [sample, *_left_out(sample, samples, every_s, window)]
        step_s = every_s if window.begin_s is not None else every_s * IDLE
        due_s = max(due_s + step_s, time.monotonic())  # what was due meanwhile is not sent in a burst
        idle = window.begin_s is None
        await _pause(due_s, window, idle=idle)
        if idle and window.begin_s is not None:
            due_s = time.monotonic()
    return samples


async def _pause(until_s: float, window: Window, *, idle: bool) -> None:
    """Until it is time, or the window begins or ends meanwhile."""
    while not window.ended and time.monotonic() < until_s and not (idle and window.begin_s is not None):
        await asyncio.sleep(min(max(until_s - time.monotonic(), 0), _POLL_S))


async def _one(
    client: httpx.AsyncClient, target: Target, path: str, timeout_s: float, window: Window, sent: Sent
) -> HealthSample:
    start_s = time.monotonic()

    def stop() -> bool:
        return window.ended_before(_GRACE_S)

    try:
        answer = await fetch(client, target, path, timeout_s=timeout_s, stop=stop, sent=sent)
        failure, said = _failure(answer.status), str(answer.status)
    except FetchFailed as error:
        failure, said = "in_flight" if error.failure == "stopped" else error.failure, str(error)
    return HealthSample(start_s, (time.monotonic() - start_s) * 1000, failure, said)


def _left_out(
    sample: HealthSample, before: list[HealthSample], every_s: float, window: Window
) -> Iterator[HealthSample]:
    """The samples that were due while `sample` was waited for: each would have waited for what was left of it.

    Due as often as samples were really sent in the window before (the median), so that an endpoint that is always slow,
    and is therefore sampled seldom, gets none. The rule is that of HdrHistogram: only those that would have waited for
    a whole interval count.
    """
    begin_s, end_s = window.begin_s, window.end_s
    if begin_s is None:
        return
    starts_s = [one.start_s for one in (*before, sample) if one.sent and one.start_s >= begin_s]
    if len(starts_s) < 2:
        return
    gaps_s = [after - earlier for earlier, after in pairwise(starts_s)]
    interval_ms = 1000 * max(every_s, statistics.median(gaps_s))
    for number in range(1, int(sample.elapsed_ms // interval_ms)):
        after_ms = number * interval_ms
        due_s = sample.start_s + after_ms / 1000
        if end_s is None or due_s <= end_s:
            yield HealthSample(due_s, sample.elapsed_ms - after_ms, sample.failure, sample.said, sent=False)


def _failure(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if status == 429:
        return "rate_limited"
    return f"http_{status // 100}xx" if 300 <= status < 600 else "protocol"


def _recording(samples: list[HealthSample], begin_s: float) -> Recording:
    ended = [sample for sample in samples if sample.failure != "in_flight"]
    blocks: dict[int, list[HealthSample]] = {}
    for sample in ended:
        blocks.setdefault(int((sample.start_s + sample.elapsed_ms / 1000 - begin_s) // SLICE_S), []).append(sample)
    slices = tuple(
        Slice(second * SLICE_S, SLICE_S, _histogram(part), sum(sample.failure is not None for sample in part))
        for second, part in sorted(blocks.items())
    )
    return Recording(
        ok=_histogram(ended),
        failed=_failures(ended),
        failed_latency=_latencies([sample for sample in ended if sample.failure is not None]),
        in_flight=len(samples) - len(ended),
        slices=slices,
    )


def _failures(samples: list[HealthSample]) -> dict[str, int]:
    return dict(sorted(Counter(sample.failure for sample in samples if sample.failure is not None).items()))


def _histogram(samples: list[HealthSample]) -> Histogram:
    return _latencies([sample for sample in samples if sample.failure is None])


def _latencies(samples: list[HealthSample]) -> Histogram:
    return Histogram.of_us(np.rint(np.array([sample.elapsed_ms for sample in samples]) * 1000).astype(np.int64))


def _details(path: str, when: str, samples: list[HealthSample]) -> tuple[Detail, ...]:
    if not samples:
        return (Detail(f"{path} {when}", "no sample", None),)
    ok, bad = _histogram(samples), sum(_failures(samples).values())
    shown = (_ms(ok.quantile_ms(q, infinite=bad)) for q in (0.5, QUANTILE))
    added = sum(not sample.sent for sample in samples)
    note = f"{len(samples):,} samples"
    if added:
        note += f", {added:,} of them for the time in which one answer was waited for and others were due"
    lines = [Detail(f"{path} {when}", "p50 {}, p95 {}".format(*shown), None, note)]
    lines += [
        Detail(f"{path} {when}", _told(path, said, count, len(samples)), False, "a 2xx answer is healthy")
        for said, count in Counter(sample.said for sample in samples if _is_bad(sample)).most_common(_MOST_LINES)
    ]
    return tuple(lines)


def _is_bad(sample: HealthSample) -> bool:
    return sample.failure not in (None, "in_flight")


def _told(path: str, said: str, count: int, total: int) -> str:
    """Such as `/health answered 404 to 20 of 20`."""
    if said.isdigit():
        return f"{path} answered {said} to {count:,} of {total:,}"
    return f"{said} ({count:,} of {total:,})"


def _ms(value_ms: float | None) -> str:
    return "not bounded" if value_ms is None else f"{value_ms:.1f} ms"
