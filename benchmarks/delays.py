"""A server of known delays that writes down itself how long each answer took; one thread, one epoll.

`python -m benchmarks.delays KIND SEED`: prints its port; on `GET /record` it gives every answer's own time in µs as
JSON and begins a new record. Kinds: `lognormal` (median 20 ms, P95 about 75), `steps` (1.4, 105 and 1,049 ms in the
shares 94.5, 4.3 and 1.2 %), `stall` (5 ms, and for 2 s of every 10 nobody
is served).
"""

import heapq
import json
import math
import random
import select
import socket
import sys
import time
from collections.abc import Callable

from benchmarks import machine
from benchmarks.server import BODY

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n" + BODY.encode()
STALL_S, STALL_EVERY_S = 2.0, 10.0


def delays(kind: str, seed: int) -> Callable[[], float]:
    """Seconds until the next answer."""
    chance = random.Random(seed)
    if kind == "lognormal":
        return lambda: min(math.exp(chance.gauss(math.log(0.020), 0.8)), 2.0)
    if kind == "steps":
        return lambda: chance.choices((0.0014, 0.105, 1.049), (94.5, 4.3, 1.2))[0]
    return lambda: 0.005


class Server:
    """Serves until it is killed."""

    def __init__(self, kind: str, seed: int) -> None:
        self._delay = delays(kind, seed)
        self._stalls = kind == "stall"
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listener.setblocking(False)
        self._poll = select.epoll()
        self._poll.register(self._listener, select.EPOLLIN)
        self._talks: dict[int, socket.socket] = {}
        self._due: list[tuple[float, int, float]] = []
        self._record_us: list[int] = []
        self._first_s = math.inf
        self.port = self._listener.getsockname()[1]

    def serve(self) -> None:
        """Read what came, answer what is due."""
        while True:
            wait_s = max(self._due[0][0] - time.perf_counter(), 0.0) if self._due else 1.0
            # epoll's clock is a millisecond coarse: the last one is spent looking
            for fd, _ in self._poll.poll(max(wait_s - 0.002, 0.0)):
                if fd == self._listener.fileno():
                    self._accept()
                else:
                    self._read(fd)
            now_s = time.perf_counter()
            while self._due and self._due[0][0] <= now_s:
                _, fd, came_s = heapq.heappop(self._due)
                if fd in self._talks:
                    self._talks[fd].send(ANSWER)
                    now_s = time.perf_counter()
                    self._record_us.append(round((now_s - came_s) * 1e6))

    def _accept(self) -> None:
        talk, _ = self._listener.accept()
        talk.setblocking(False)
        talk.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._talks[talk.fileno()] = talk
        self._poll.register(talk, select.EPOLLIN)

    def _read(self, fd: int) -> None:
        came_s = time.perf_counter()
        data = self._talks[fd].recv(4096)
        if not data:
            self._poll.unregister(fd)
            self._talks.pop(fd).close()
        elif data.startswith(b"GET /record"):
            body = json.dumps({"took_us": self._record_us, "first_s": self._first_s}).encode()
            self._record_us, self._first_s = [], math.inf
            self._talks[fd].setblocking(True)
            self._talks[fd].sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            self._talks[fd].setblocking(False)
        elif not data.startswith(b"GET /item"):
            self._talks[fd].send(ANSWER)  # a probe of the tool, not its load
        else:
            self._first_s = min(self._first_s, came_s)
            heapq.heappush(self._due, (self._later(came_s), fd, came_s))

    def _later(self, came_s: float) -> float:
        """When to answer; in a stall nobody is served before its end."""
        due_s = came_s + self._delay()
        into_s = (came_s - self._first_s) % STALL_EVERY_S
        if self._stalls and into_s >= STALL_EVERY_S - STALL_S:
            due_s += STALL_EVERY_S - into_s
        return due_s


def main() -> None:
    """Print the port, then serve."""
    machine.pin(machine.SERVER_CORE)
    server = Server(sys.argv[1], int(sys.argv[2]))
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    server.serve()


if __name__ == "__main__":
    main()
