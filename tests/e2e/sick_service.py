"""A small service as a process of its own, ill in one way: `python sick_service.py KIND [FILE or URL]`.

GET /slow is where it is ill, GET /quick is well; /stats has the numbers of its connection pool. Prints its port.
"""

from __future__ import annotations

import gc
import json
import mmap
import os
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KIND, WHERE = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
BURNS_S, HELD_S = 0.05, 0.04
COSTS_S = 0.01
STOPS_S = 1.5
kept: list[bytes] = []
pool, numbers, counting = threading.Semaphore(1), {"requests": 0, "errors": 0, "waited_ms": 0.0}, threading.Lock()
own = threading.local()


def burn(lasts_s: float = BURNS_S) -> None:
    end_s = time.thread_time() + lasts_s
    while time.thread_time() < end_s:
        pass


def use_pool() -> None:
    began_s = time.monotonic()
    with pool:
        with counting:
            numbers["requests"] += 1
            numbers["waited_ms"] += 1000 * (time.monotonic() - began_s)
        time.sleep(HELD_S)


def write() -> None:
    """Past the page cache, and back when it is on the disk."""
    file = os.open(WHERE, os.O_CREAT | os.O_RDWR | os.O_DIRECT | os.O_DSYNC)
    with mmap.mmap(-1, int(sys.argv[3])) as data:
        os.pwrite(file, data, 0)
    os.close(file)


def lock() -> None:
    """One row that everybody changes, and keeps locked for a while."""
    import psycopg

    if not hasattr(own, "connection"):
        own.connection = psycopg.connect(WHERE)
    with own.connection.transaction():
        own.connection.execute("update stock set sold = sold + 1 where id = 1")
        time.sleep(HELD_S)


def leak() -> None:
    kept.append(os.urandom(200_000))


def collect() -> list[tuple[str, str]]:
    """Of many objects that point at each other, as after a heap has grown."""
    began_s = time.perf_counter()
    gc.collect()
    return [("Server-Timing", f"gc;dur={1000 * (time.perf_counter() - began_s):.3f}")]


def pause(*headers: tuple[str, str]) -> list[tuple[str, str]]:
    time.sleep(HELD_S)
    return list(headers)


def look_up(miss_s: float) -> list[tuple[str, str]]:
    """Every other look-up misses."""
    with counting:
        numbers["requests"] += 1
        missed = numbers["requests"] % 2
    time.sleep(miss_s if missed else 0.02)
    return [("X-Cache", "MISS" if missed else "HIT")]


def stop() -> None:
    """Again and again, work that lets no other thread run: a sum of numbers keeps the interpreter's lock."""
    began_s = time.thread_time()  # of the processor: a busy machine makes a stop longer, and no shorter
    sum(range(2_000_000))
    n = int(2_000_000 * STOPS_S / (time.thread_time() - began_s))
    while True:
        time.sleep(1.0)
        sum(range(n))


ILL: dict[str, Callable[[], object]] = {
    "cpu": burn,
    "pool": use_pool,
    "disk": write,
    "database": lock,
    "leak": leak,
    "sleep": lambda: time.sleep(0.4),
    "costs": lambda: burn(COSTS_S),
    "gc": collect,
    "gc-lie": lambda: pause(("Server-Timing", "gc;dur=90000, app;dur=0.4")),
    "cache": lambda: look_up(0.12),
    "cache-quick": lambda: look_up(0.02),
}


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # one segment for each answer

    def log_message(self, *words: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        more: object = ILL.get(KIND, int)() if self.path == "/slow" else None
        with counting:
            numbers["requests"] += KIND == "costs"
        said: dict[str, object] = (
            {"pool": {**numbers, "size": 1, "available": 0, "max": 1}} if self.path == "/stats" else {}
        )
        said |= {"cpu_s": time.process_time()}
        body = json.dumps(said).encode()
        self.send_response(200)
        for name, value in more if isinstance(more, list) else ():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True


if __name__ == "__main__":
    heap: list[object] = [[[]] for _ in range(400_000)] if KIND == "gc" else []
    server = Server(("127.0.0.1", 0), Answer)
    print(server.server_address[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()  # ends with its parent
    if KIND == "stops":
        threading.Thread(target=stop, daemon=True).start()
    server.serve_forever()
