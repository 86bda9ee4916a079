"""`python -m tests.drills.serving PORT PIDFILE WORD…`: a small service that is stopped and started by commands.

PORT 0 takes any; the port is told on standard output. GET /stock is answered after 30 ms. Words:
`careful`: at SIGTERM it takes no new connection, answers what it has, and ends; any other ends at once.
`slow`: answers take 300 ms. `sessions`: /stock needs the cookie of /login, which this process alone remembers.
`sheds`: beyond 80 requests in a second it answers 503 with Retry-After. `collapses`: it then answers 503 for good.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.request import ProxyHandler, build_opener

ROOT = Path(__file__).parents[2]
_MOST_PER_S = 80


@dataclass(frozen=True)
class Served:
    """A running one."""

    port: int
    pidfile: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the process that serves now."""
        return int(self.pidfile.read_text())

    def requests(self) -> int:
        """How many it has had, without this question."""
        with build_opener(ProxyHandler({})).open(f"{self.url}/count", timeout=300) as answer:
            return int(answer.read())


def serve(folder: Path) -> Iterator[Callable[..., Served]]:
    """For a fixture: `make("careful")` starts one; whatever serves at the end is killed."""
    started: list[subprocess.Popen[str]] = []
    served: list[Served] = []

    def make(*how: str) -> Served:
        pidfile = folder / f"pid-{len(started)}"
        line = [sys.executable, "-m", "tests.drills.serving", "0", str(pidfile), *how]
        process = subprocess.Popen(line, stdout=subprocess.PIPE, cwd=ROOT, text=True)
        started.append(process)
        assert process.stdout is not None
        served.append(Served(int(process.stdout.readline()), pidfile))
        return served[-1]

    yield make
    for process in started:
        process.kill()
        process.communicate()
    for one in served:
        with suppress(ProcessLookupError):
            os.kill(one.pid, signal.SIGKILL)


class Till(ThreadingHTTPServer):
    """The service."""

    daemon_threads = True
    request_queue_size = 256
    allow_reuse_port = True
    stopping = False
    busy = 0
    counted = 0
    lock = threading.Lock()
    known: ClassVar[set[str]] = set()
    seconds: ClassVar[dict[int, int]] = {}
    collapsed = False

    def status(self) -> int:
        """Of the next answer, after its time."""
        second = int(time.monotonic())
        with self.lock:
            self.busy += 1
            self.counted += 1
            self.seconds[second] = many = self.seconds.get(second, 0) + 1
            self.collapsed |= many > _MOST_PER_S and "collapses" in sys.argv
        if self.collapsed or (many > _MOST_PER_S and "sheds" in sys.argv):
            return 503
        time.sleep(0.3 if "slow" in sys.argv else 0.03)
        return 200


class Answer(BaseHTTPRequestHandler):
    """Every path is answered."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        till = self.server
        assert isinstance(till, Till)
        status, cookie = 200, ""
        if self.path == "/login":
            cookie = f"who={len(till.known)}-{os.getpid()}"
            till.known.add(cookie)
        elif self.path == "/stock":
            status = till.status()
            if "sessions" in sys.argv and self.headers.get("Cookie") not in till.known:
                status = 401
        body = str(till.counted).encode()
        self.send_response(status)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        if status == 503 and not till.collapsed:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(body)))
        if till.stopping:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        with till.lock:
            till.busy -= self.path == "/stock"

    def log_message(self, *args: object) -> None:
        """Nothing."""


def main() -> None:
    """Serve until SIGTERM."""
    till = Till(("127.0.0.1", int(sys.argv[1])), Answer)

    def stop(*_: object) -> None:
        if "careful" not in sys.argv:
            os._exit(0)
        till.stopping = True
        threading.Thread(target=_drain, args=(till,)).start()

    signal.signal(signal.SIGTERM, stop)
    Path(sys.argv[2]).write_text(str(os.getpid()))
    sys.stdout.write(f"{till.server_address[1]}\n")
    sys.stdout.flush()
    till.serve_forever()


def _drain(till: Till) -> None:
    with suppress(OSError):
        till.socket.shutdown(socket.SHUT_RD)
    until_s = time.monotonic() + 5
    while till.busy and time.monotonic() < until_s:
        time.sleep(0.01)
    time.sleep(0.3)
    os._exit(0)


if __name__ == "__main__":
    main()
