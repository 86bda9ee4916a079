"""What it costs to record one request: nanoseconds from `begin` to `end`, folding included, and bytes it leaves behind.

`python -m benchmarks.recording [--requests 200000]`: medians of five; 50 calls are always in flight, as with 50 users,
over three endpoints, and a batch is taken every 20,000 requests, which is once a second at that rate.
"""

import argparse
import statistics
import time
import tracemalloc

from readiness.load.recorder import Recorder

NAMES = ("GET /api/bags/{qr}", "GET /dashboard", "POST /login")
IN_FLIGHT = 50
BATCH = 20_000


def record(requests: int) -> float:
    """Nanoseconds per request."""
    recorder = Recorder()
    recorder.start_s = recorder.judged_from_s = 0.0
    names = [NAMES[at % len(NAMES)] for at in range(IN_FLIGHT)]
    calls = [recorder.begin("shop", name, 1.0) for name in names]
    begin, end = recorder.begin, recorder.end
    start_ns = time.perf_counter_ns()
    for batch in range(requests // BATCH):
        for _ in range(BATCH // IN_FLIGHT):
            for at in range(IN_FLIGHT):
                end(calls[at], 1.002)
                calls[at] = begin("shop", names[at], 1.0)
        recorder.take(float(batch), batch)
    return (time.perf_counter_ns() - start_ns) / (requests // BATCH * BATCH)


def loop_alone(requests: int) -> float:
    """Nanoseconds that the benchmark's own loop costs per request."""
    calls = [1.0] * IN_FLIGHT

    def nothing(*_: object) -> float:
        return 1.0

    start_ns = time.perf_counter_ns()
    for _ in range(requests // IN_FLIGHT):
        for at in range(IN_FLIGHT):
            nothing(calls[at], 1.002)
            calls[at] = nothing("shop", NAMES[0], 1.0)
    return (time.perf_counter_ns() - start_ns) / requests


def left_behind(requests: int) -> float:
    """Bytes per request that stay allocated after the last batch."""
    record(BATCH)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    record(requests)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / requests


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=200_000)
    requests = parser.parse_args().requests
    recorded = statistics.median(record(requests) for _ in range(5))
    alone = statistics.median(loop_alone(requests) for _ in range(5))
    print(f"recording {recorded:,.0f} ns per request ({alone:,.0f} of them the benchmark's own loop)")
    print(f"left behind {left_behind(2 * BATCH):.2f} bytes per request")


if __name__ == "__main__":
    main()
