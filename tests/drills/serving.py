"""`python -m tests.drills.serving PORT PIDFILE [careful]`: a small service that is stopped and started by commands.

PORT 0 takes any. At SIGTERM the careful one takes no new connection, answers what it has, and ends; any other ends at
once. It tells its port on standard output. GET /stock is answered after 30 ms.
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
from urllib.request import ProxyHandler, build_opener

ROOT = Path(__file__).parents[2]


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
        with build_opener(ProxyHandler({})).open(f"{self.url}/count", timeout=10) as answer:
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


class Answer(BaseHTTPRequestHandler):
    """Every path is answered."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        till = self.server
        assert isinstance(till, Till)
        with till.lock:
            till.busy += 1
            till.counted += self.path != "/count"
        time.sleep(0.03)
        body = str(till.counted).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        if till.stopping:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        with till.lock:
            till.busy -= 1

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
