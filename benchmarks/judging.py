"""Judging and rendering a run of 1,000 endpoints: seconds of each stage, medians of five; then the report's own goals.

200 endpoints and an hour of seconds: HTML in under 1.5 s, 300 MB and 1 MB of text; 5,000 endpoints: summarised.
"""

import resource
import statistics
import time
from collections.abc import Callable

import numpy as np

from readiness.config.model import Check, Config, Limit, Operator
from readiness.judge.judge import judge
from readiness.measurements.histogram import Histogram
from readiness.measurements.json import dumps, loads
from readiness.measurements.provenance import Provenance, Target
from readiness.measurements.run import Endpoint, Ledger, Load, Recording, Run, Second, Slice
from readiness.report import FORMATS

ENDPOINTS = 1000
SLICES = 12
PER_SLICE = 40


def main() -> None:
    run, config = synthetic_run(), _config()
    verdict = judge(run, config)
    text = dumps(run)
    stages: dict[str, Callable[[], object]] = {
        "write run.json": lambda: dumps(run),
        "read run.json": lambda: loads(text, "run.json"),
        "judge": lambda: judge(run, config),
    }
    stages |= {f"render {name}": lambda fmt=fmt: fmt.render(verdict, run) for name, fmt in FORMATS.items()}  # type: ignore[misc]
    medians = {name: _median_s(stage) for name, stage in stages.items()}
    for name, seconds in medians.items():
        print(f"{name:16} {seconds:6.3f} s")
    total = sum(seconds for name, seconds in medians.items() if "run.json" not in name)
    print(f"judge and render {total:6.3f} s for {ENDPOINTS:,} endpoints (goal: under 2 s)")
    for endpoints, slices, seconds in ((200, 60, 3600), (5000, 8, 600)):
        _html(endpoints, slices, seconds)


def _html(endpoints: int, slices: int, seconds: int) -> None:
    """One report of that size, with nearly every check failing, which costs most."""
    run = synthetic_run(endpoints, slices, seconds)
    config = _config(endpoints, limit_ms=20)
    started_s = time.perf_counter()
    verdict = judge(run, config)
    judged_s = time.perf_counter() - started_s
    sizes: list[int] = []
    html_s = _median_s(lambda: sizes.append(len(FORMATS["html"].render(verdict, run).encode())))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{endpoints:,} endpoints, {seconds:,} s: judge {judged_s:.2f} s, html {html_s:.2f} s, "
        f"{sizes[0] / 1000:,.0f} kB, "
        f"{peak_mb:,.0f} MB at most in the process"
    )


def synthetic_run(count: int = ENDPOINTS, slices: int = SLICES, seconds: int = 60) -> Run:
    """A run of many endpoints with log-normal latencies, from a fixed seed."""
    generator = np.random.default_rng(1)
    endpoints = tuple(_endpoint(number, generator, slices) for number in range(count))
    ok = sum(endpoint.judged.ok.total for endpoint in endpoints)
    each, more = divmod(ok, seconds)
    series = tuple(Second(float(at), 1.0, 50, each + (at < more), 0, 5.0, 20.0, 50.0, {}) for at in range(seconds))
    return Run(
        "bench",
        "bench",
        "2026-01-01T00:00:00.000+00:00",
        "2026-01-01T00:01:00.000+00:00",
        Target("http://127.0.0.1", "http://127.0.0.1"),
        Provenance("0", "3.11", "Linux", 2),
        {},
        "",
        Load("closed", 50, None, 0.0, float(seconds), float(seconds), Ledger(ok, ok, {}, 0, 0), endpoints, series),
        (),
    )


def _endpoint(number: int, generator: np.random.Generator, slices: int) -> Endpoint:
    latencies_us = generator.lognormal(9, 0.8, (slices, PER_SLICE)).astype(np.int64)
    blocks = tuple(Slice(5.0 * at, 5.0, Histogram.of_us(block), 0) for at, block in enumerate(latencies_us))
    record = Recording(Histogram.of_us(latencies_us.ravel()), slices=blocks)
    return Endpoint(f"scenario{number % 10}", f"GET /api/things/{number}", record, Recording())


def _config(endpoints: int = ENDPOINTS, limit_ms: float = 100) -> Config:
    def under(metric: str, limit_ms: float, scope: str | None = None) -> Check:
        return Check(metric, scope, metric, Limit(Operator.LESS, limit_ms, f"< {limit_ms:g} ms"))

    scoped = [under("latency.p95", 0.8 * limit_ms, f"GET /api/things/{number}") for number in range(0, endpoints, 20)]
    return Config("bench", (under("latency.p95", limit_ms), under("latency.p99", 2 * limit_ms), *scoped))


def _median_s(stage: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        start_s = time.perf_counter()
        stage()
        times.append(time.perf_counter() - start_s)
    return statistics.median(times)


if __name__ == "__main__":
    main()
