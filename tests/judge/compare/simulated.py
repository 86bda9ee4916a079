"""Runs of a service that is known: log-normal latencies whose level wanders from second to second, the same for all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from readiness.measurements.histogram import Histogram, merge
from readiness.measurements.run import Recording, Run, Slice
from tests.judge import builders


def run(
    seed: int,
    *,
    endpoints: int = 3,
    seconds: int = 20,
    per_s: float = 40.0,
    slower: float = 1.0,
    failing: float = 0.002,
    wander: float = 0.1,
) -> Run:
    """`slower` is a factor on the first endpoint alone, `failing` the share of its requests that fail."""
    generator = np.random.default_rng(seed)
    level = np.exp(wander * generator.standard_normal(seconds))
    rows = []
    for index in range(endpoints):
        factor = slower if index == 0 else 1.0
        slices, failed = [], 0
        for second in range(seconds):
            n = int(generator.poisson(per_s))
            bad = int(generator.binomial(n, failing if index == 0 else 0.002))
            failed += bad
            us = generator.lognormal(np.log((5 + 3 * index) * 1000), 0.6, n - bad) * level[second] * factor
            slices.append(Slice(float(second), 1.0, Histogram.of_us(us.astype(np.int64)), bad))
        whole = merge(*(part.ok for part in slices))
        record = Recording(ok=whole, failed={"http_5xx": failed} if failed else {}, slices=tuple(slices))
        rows.append(("shop", f"GET /{index}", record))
    load = builders.load(*rows, seconds=seconds)
    return replace(builders.run(load), id=f"run-{seed}")
