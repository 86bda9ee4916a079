"""The health endpoints' own latency and success, sampled before and while the load runs.

Samples start on time whether or not earlier ones were answered: a service that stands still for three seconds is seen
by every sample of those three seconds, not by one (no coordinated omission).
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from readiness.config.probes import Health
from readiness.errors import NotMeasured
from readiness.measurements.histogram import Histogram
from readiness.measurements.provenance import Target
from readiness.measurements.run import Detail, Measurement, Rate, Recording, Slice
from readiness.probes.cost import Meter
from readiness.probes.http import FetchFailed, fetch, new_client, url_of
from readiness.probes.library import httpx
from readiness.probes.window import Window

LIVE = "health.latency.p95"
READY = "health.ready.latency.p95"
SUCCESS = "health.success_rate"
SOURCE = "probe health"
QUANTILE = 0.95
SLICE_S = 1.0
GRACE_S = 0.5
"""Time that samples in flight get after the window; an ordinary answer must not count as unfinished."""
POLL_S = 0.02
IDLE = 4.0
"""Before the window the service is looked at so many times less often: only to know it without load."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One GET; `failure` is None for a 2xx answer, and `in_flight` when the load stopped first."""

    start_s: float
    elapsed_ms: float
    failure: str | None


def measure(
    target: Target, settings: Health, window: Window, meter: Meter, duration_s: float = 30.0
) -> tuple[Measurement, ...]:
    """p95 in ms of each endpoint over the samples that started in the judged window, and the share of good answers.

    A failed sample is slower than any other. What could not be measured has a reason.
    """
    every_ms = settings.pace_ms(duration_s)
    paths = {LIVE: (settings.path, every_ms)}
    if settings.ready is not None:
        paths[READY] = (settings.ready, every_ms)
    taken = asyncio.run(_sample_all(target, paths, settings.timeout_ms / 1000, window, meter))
    found = [_latency(metric, path, taken[metric], window.begin_s) for metric, (path, _) in paths.items()]
    return (*found, _success(found))


def _latency(metric: str, path: str, samples: list[Sample] | str, begin_s: float | None) -> Measurement:
    def missing(reason: str) -> Measurement:
        return Measurement(metric, None, None, SOURCE, reason=reason)

    if isinstance(samples, str):
        return missing(samples)
    if begin_s is None:
        return missing(f"{path}: not judged, because the judged window did not begin")
    judged = [sample for sample in samples if sample.start_s >= begin_s]
    if not judged:
        return missing(f"{path}: the judged window was too short for one sample")
    idle = [sample for sample in samples if sample.start_s < begin_s]
    record = _recording(judged, begin_s)
    value = record.ok.quantile_ms(QUANTILE, infinite=record.failures + record.in_flight)
    details = (*_details(path, "before the window", idle), *_details(path, "in the window", judged))
    return Measurement(metric, None, value, SOURCE, samples=len(judged), evidence=record, details=details)


def _success(latencies: list[Measurement]) -> Measurement:
    """Good answers of all samples, in percent. A sample in flight at the end is not a good one."""
    records = [found.evidence for found in latencies if isinstance(found.evidence, Recording)]
    if len(records) < len(latencies):
        reason = next(found.reason for found in latencies if found.reason)
        return Measurement(SUCCESS, None, None, SOURCE, reason=reason)
    ok, total = sum(record.ok.total for record in records), sum(record.requests for record in records)
    blocks: dict[float, tuple[int, int]] = {}
    for part in (part for record in records for part in record.slices):
        good, whole = blocks.get(part.start_s, (0, 0))
        blocks[part.start_s] = (good + part.ok.total, whole + part.ok.total + part.failed)
    rate = Rate(ok, total, tuple(counts for _, counts in sorted(blocks.items())))
    return Measurement(SUCCESS, None, 100 * ok / total, SOURCE, samples=total, evidence=rate)


async def _sample_all(
    target: Target, paths: Mapping[str, tuple[str, float]], timeout_s: float, window: Window, meter: Meter
) -> dict[str, list[Sample] | str]:
    async with new_client(meter) as client:

        async def one(path: str, every_ms: float) -> list[Sample] | str:
            try:
                url_of(target.url, path)
            except NotMeasured as error:
                return str(error)
            return await _sample(client, target, path, every_ms / 1000, timeout_s, window)

        series = await asyncio.gather(*(one(path, every_ms) for path, every_ms in paths.values()))
    return dict(zip(paths, series, strict=True))


async def _sample(
    client: httpx.AsyncClient, target: Target, path: str, every_s: float, timeout_s: float, window: Window
) -> list[Sample]:
    samples: list[Sample] = []
    tasks: set[asyncio.Task[None]] = set()
    due_s = time.monotonic()
    while not window.ended:
        task = asyncio.create_task(_one(client, target, path, timeout_s, window, samples))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        step_s = every_s if window.begin_s is not None else every_s * IDLE
        due_s = max(due_s + step_s, time.monotonic() - step_s)  # after a pause of ours, no burst
        idle = window.begin_s is None
        await _pause(due_s, window, idle=idle)
        if idle and window.begin_s is not None:
            due_s = time.monotonic()
    await asyncio.gather(*tasks)
    return samples


async def _pause(until_s: float, window: Window, *, idle: bool) -> None:
    """Until it is time, or the window begins or ends meanwhile."""
    while not window.ended and time.monotonic() < until_s and not (idle and window.begin_s is not None):
        await asyncio.sleep(min(max(until_s - time.monotonic(), 0), POLL_S))


async def _one(
    client: httpx.AsyncClient, target: Target, path: str, timeout_s: float, window: Window, samples: list[Sample]
) -> None:
    start_s = time.monotonic()
    failure: str | None

    def stop() -> bool:
        return window.ended_before(GRACE_S)

    try:
        answer = await fetch(client, target, path, timeout_s=timeout_s, stop=stop)
        failure = _failure(answer.status)
    except FetchFailed as error:
        failure = "in_flight" if error.failure == "stopped" else error.failure
    samples.append(Sample(start_s, (time.monotonic() - start_s) * 1000, failure))


def _failure(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if status == 429:
        return "rate_limited"
    return f"http_{status // 100}xx" if 300 <= status < 600 else "protocol"


def _recording(samples: list[Sample], begin_s: float) -> Recording:
    ended = [sample for sample in samples if sample.failure != "in_flight"]
    blocks: dict[int, list[Sample]] = {}
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


def _failures(samples: list[Sample]) -> dict[str, int]:
    return dict(sorted(Counter(sample.failure for sample in samples if sample.failure is not None).items()))


def _histogram(samples: list[Sample]) -> Histogram:
    return _latencies([sample for sample in samples if sample.failure is None])


def _latencies(samples: list[Sample]) -> Histogram:
    return Histogram.of_us(np.rint(np.array([sample.elapsed_ms for sample in samples]) * 1000).astype(np.int64))


def _details(path: str, when: str, samples: list[Sample]) -> tuple[Detail, ...]:
    if not samples:
        return (Detail(f"{path} {when}", "no sample", None),)
    failures = _failures(samples)
    ok, bad = _histogram(samples), sum(failures.values())
    shown = (_ms(ok.quantile_ms(q, infinite=bad)) for q in (0.5, QUANTILE))
    lines = [Detail(f"{path} {when}", "p50 {}, p95 {}".format(*shown), None, f"{len(samples):,} samples")]
    lines += [
        Detail(f"{path} {when}: {failure}", f"{count:,} of {len(samples):,} samples", False, "a 2xx answer is healthy")
        for failure, count in failures.items()
    ]
    return tuple(lines)


def _ms(value_ms: float | None) -> str:
    return "not bounded" if value_ms is None else f"{value_ms:.1f} ms"
