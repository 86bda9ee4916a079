"""How many plain GETs a second one core sends: our client, also with 5 % traced, beside FastHttpUser's.

`python -m benchmarks.client [--seconds 2] [--users 50] [--rounds 5]`: rounds are interleaved, medians printed.
The server answers 200 bytes of JSON from one uvloop process on another core (where there are two).
"""

import argparse
import asyncio
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

TRACED_SHARE = 0.05
BODY = b'{"id": 1, "name": "' + b"x" * 179 + b'"}'
ANSWER = b"HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n" + BODY
assert len(BODY) == 200


def serve() -> None:
    """Answer every read that ends a head; print the port first."""
    import uvloop

    class Talk(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.write = transport.write  # type: ignore[attr-defined]

        def data_received(self, data: bytes) -> None:
            if data.endswith(b"\r\n\r\n"):
                self.write(ANSWER)

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Talk, "127.0.0.1", 0)
        sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        await server.serve_forever()

    uvloop.run(main())


def generate(kind: str, port: int, users: int, seconds: float) -> None:
    """Print requests per CPU second and per second, of one process."""
    from locust.contrib.fasthttp import FastHttpSession
    from locust.event import EventHook

    import gevent  # isort: skip

    from readiness.load.http.client import Client
    from readiness.load.traced_calls import UNTRACED, TracedCalls

    class Always:
        judged_from_s, judged_until_s = -math.inf, math.inf

    url = f"http://127.0.0.1:{port}"
    count = 0

    class Recorder:
        def __init__(self) -> None:
            self.latencies: list[float] = []

        def enter(self, call: Any) -> None:
            pass

        def end(self, call: Any, end_s: float, failure: str | None = None, detail: str = "") -> None:
            assert failure is None, detail
            self.latencies.append(end_s - call.start_s)

        answer = end

        def heard(self, call: Any, at_s: float) -> None:
            pass

    recorder = Recorder()
    traced = TracedCalls(TRACED_SHARE, Always()) if kind == "traced" else UNTRACED

    def user() -> None:
        nonlocal count
        get: Callable[[str], object]
        if kind in ("readiness", "traced"):
            get = Client(url, scenario="bench", recorder=recorder, addresses=("127.0.0.1",), traced=traced).get
        else:
            event = EventHook()
            event.add_listener(lambda **fields: recorder.latencies.append(fields["response_time"]))
            get = FastHttpSession(url, event, None, insecure=False).get
        while True:
            get("/item")
            count += 1

    greenlets = [gevent.spawn(user) for _ in range(users)]
    gevent.sleep(0.3)
    before, cpu, start = count, time.process_time(), time.perf_counter()
    gevent.sleep(seconds)
    done, used, took = count - before, time.process_time() - cpu, time.perf_counter() - start
    gevent.killall(greenlets)
    sys.stdout.write(f"{done / took:.0f} {done / used:.0f}\n")


def _on_core(core: int) -> None:
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})


def main() -> None:
    """Run the rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--generate", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        _on_core(0)
        return serve()
    if options.generate:
        _on_core(-1)
        return generate(options.generate[0], int(options.generate[1]), options.users, options.seconds)
    here = [sys.executable, "-m", "benchmarks.client", "--users", str(options.users), "--seconds", str(options.seconds)]
    server = subprocess.Popen([*here, "--serve"], stdout=subprocess.PIPE, text=True)
    rates: dict[str, list[tuple[int, int]]] = {"readiness": [], "traced": [], "FastHttpUser": []}
    try:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        for _ in range(options.rounds):
            for kind, seen in rates.items():
                line = subprocess.run([*here, "--generate", kind, port], stdout=subprocess.PIPE, text=True, check=True)
                per_s, per_cpu_s = line.stdout.split()
                seen.append((int(per_s), int(per_cpu_s)))
    finally:
        server.kill()
        server.wait()
    for kind, seen in rates.items():
        per_s, per_cpu_s = (statistics.median(values) for values in zip(*seen, strict=True))
        sys.stdout.write(f"{kind:14} {per_s:>9,.0f} requests/s {per_cpu_s:>9,.0f} per CPU second\n")
    return None


if __name__ == "__main__":
    main()
