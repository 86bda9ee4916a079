"""Workers that drive no load: `python -m benchmarks.simulated_workers PORT WORKERS ENDPOINTS SECONDS`.

Each joins the master like a real one and sends a batch a second with the numbers of ENDPOINTS endpoints.
"""

import locust  # isort: skip
import os
import sys
import time

import gevent
import numpy as np
from locust.rpc.protocol import Message

from readiness.load import engine_events
from readiness.load.locustfiles import sha256
from readiness.load.workers import messages
from readiness.load.workers.curve_sockets import CurveClient
from readiness.measurements.histogram import EMPTY, Histogram

SAMPLES = 500
"""Requests of an endpoint in a second."""


def work(port: int, name: str, endpoints: int, seconds: int) -> None:
    """From the greeting to the farewell."""
    client = CurveClient(os.environ["READINESS_WORKER_TOKEN"], 30.0, "127.0.0.1", port, name)

    def say(kind: str, data: object) -> None:
        client.send(Message(kind, data, name))

    def event(what: engine_events.Event) -> None:
        say(messages.EVENT, {"line": engine_events.dumps(what)})

    def beat() -> None:
        while True:
            say("heartbeat", {"state": "ready", "current_cpu_usage": 0, "current_memory_usage": 0})
            gevent.sleep(1)

    random = np.random.default_rng(1)
    one = Histogram.of_us(np.rint(random.lognormal(9, 0.7, SAMPLES)).astype(np.int64))
    cells = {
        engine_events.Cell("bench", f"GET /{n}", 0): engine_events.CellCounts(one, {}, EMPTY) for n in range(endpoints)
    }
    each = endpoints * SAMPLES
    batches = [  # written beforehand: this process is not what is measured
        engine_events.dumps(engine_events.Batch(seq, seq + 1.0, 1, (seq + 1) * each, (seq + 1) * each, {}, 0, cells))
        for seq in range(seconds)
    ]
    say("client_ready", -1)
    gevent.spawn(beat)
    say(
        messages.JOINED,
        {"name": name, "version": messages.own_version(), "scenarios": {"bench": sha256(os.environ["SCENARIO"])}},
    )
    while (kind := client.recv().type) != messages.GO:
        if kind == messages.PLAN:
            event(engine_events.Hello(locust.__version__, {"bench": 1}))
    began_s = time.monotonic()
    event(engine_events.WindowBegan(0.0))
    for seq, line in enumerate(batches):
        gevent.sleep(max(began_s + seq + 1 - time.monotonic(), 0))
        say(messages.EVENT, {"line": line})
    event(engine_events.WindowEnded(float(seconds)))
    total = seconds * each
    event(engine_events.Done(seconds, total, total, {}, {}, float(seconds), float(seconds), {}))
    while client.recv().type != messages.LEAVE:
        pass


def main(port: str, workers: str, endpoints: str, seconds: str) -> None:
    """All of them in one process."""
    gevent.joinall(
        [gevent.spawn(work, int(port), f"w{n}", int(endpoints), int(seconds)) for n in range(int(workers))], timeout=90
    )
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
