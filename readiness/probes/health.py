"""health.latency.p95: the health endpoint's own latency, sampled before and while the load runs.

Samples start on time whether or not earlier ones were answered: a service that stands still for three seconds is seen
by every sample of those three seconds, not by one (no coordinated omission).
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass

import httpx
import numpy as np

from readiness.config.probes import Health
from readiness.errors import NotMeasured
from readiness.measurements.histogram import Histogram
from readiness.measurements.run import Detail, Measurement, Recording, Slice
from readiness.probes.http import FetchFailed, fetch, new_client, url_of
from readiness.probes.window import Window

METRIC = "health.latency.p95"
SOURCE = "probe health"
QUANTILE = 0.95
SLICE_S = 1.0
GRACE_S = 0.5
"""Time that samples in flight get after the window; an ordinary answer must not count as unfinished."""
POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Sample:
    """One GET; `failure` is None for a 2xx answer, and `in_flight` when the load stopped first."""

    start_s: float
    elapsed_ms: float
    failure: str | None


def measure(base_url: str, settings: Health, window: Window) -> tuple[Measurement, ...]:
    """p95 in ms of the samples that started in the judged window; a failed sample is slower than any other.

    Raises NotMeasured when no sample started in the window.
    """
    url_of(base_url, settings.path)
    samples = asyncio.run(_sample(base_url, settings, window))
    begin_s = window.begin_s
    if begin_s is None:
        raise NotMeasured(f"{settings.path}: not judged, because the judged window did not begin")
    judged = [sample for sample in samples if sample.start_s >= begin_s]
    if not judged:
        raise NotMeasured(f"{settings.path}: the judged window was too short for one sample")
    idle = [sample for sample in samples if sample.start_s < begin_s]
    record = _recording(judged, begin_s)
    value = record.ok.quantile_ms(QUANTILE, infinite=record.failures + record.in_flight)
    details = (*_details(settings.path, "before the window", idle), *_details(settings.path, "in the window", judged))
    return (Measurement(METRIC, None, value, SOURCE, samples=len(judged), evidence=record, details=details),)


async def _sample(base_url: str, settings: Health, window: Window) -> list[Sample]:
    samples: list[Sample] = []
    tasks: set[asyncio.Task[None]] = set()
    every_s = settings.every_ms / 1000
    async with new_client() as client:
        due_s = time.monotonic()
        while not window.ended:
            task = asyncio.create_task(_one(client, base_url, settings, window, samples))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            due_s = max(due_s + every_s, time.monotonic() - every_s)  # after a pause of ours, no burst
            await _pause(due_s, window)
        await asyncio.gather(*tasks)
    return samples


async def _pause(until_s: float, window: Window) -> None:
    while not window.ended and time.monotonic() < until_s:
        await asyncio.sleep(min(max(until_s - time.monotonic(), 0), POLL_S))


async def _one(
    client: httpx.AsyncClient, base_url: str, settings: Health, window: Window, samples: list[Sample]
) -> None:
    start_s = time.monotonic()
    failure: str | None

    def stop() -> bool:
        return window.ended_before(GRACE_S)

    try:
        answer = await fetch(client, base_url, settings.path, timeout_s=settings.timeout_ms / 1000, stop=stop)
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
