"""What the proxy of the drills costs: added latency of one exchange, and small exchanges per second of its own core.

One connection asks a question now and then, direct and through the proxy in turns: the difference of the medians is
what the proxy adds. Then many connections ask at once, and the exchanges are divided by the processor time that the
proxy's process used: what one core could do, whoever else uses this machine.
"""

from __future__ import annotations

import selectors
import socket
import subprocess
import sys
import time
from statistics import median

from benchmarks.machine import cpu_s
from readiness.config.proxies import HostPort, Proxy
from readiness.drills.proxies import start

QUESTION, ANSWER = b"q" * 40, b"a" * 200
CONNECTIONS = 32
ROUNDS, EXCHANGES = 20, 50
PAUSE_S = 0.002
"""Before each question, so that the proxy sleeps when it comes."""
BUSY_S = 5.0
MOST_ADDED_MS, LEAST_PER_CORE = 0.3, 20_000


def main() -> int:
    """Print both figures beside those of a direct connection."""
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.proxy", "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert server.stdout is not None
    to = int(server.stdout.readline())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    try:
        proxy = Proxy(HostPort("127.0.0.1", port), HostPort("127.0.0.1", to))
        with start({"stock": proxy}, "benchmark") as proxies:
            direct_ms, through_ms = _latencies(to, port)
            added_ms = through_ms - direct_ms
            _line("added to an exchange on an idle proxy", f"{added_ms:.3f} ms", added_ms <= MOST_ADDED_MS)
            print(f"  direct {direct_ms:.3f} ms, through it {through_ms:.3f} ms; goal <= {MOST_ADDED_MS:g} ms")
            direct_per_s, _ = _busy(to, None)
            per_s, per_core = _busy(port, proxies.process.pid)
            _line("small exchanges per second of a core", f"{per_core:,.0f} /s", per_core >= LEAST_PER_CORE)
            print(f"  {per_s:,.0f} /s here, direct {direct_per_s:,.0f} /s; goal >= {LEAST_PER_CORE:,} /s of a core")
    finally:
        server.kill()
        server.communicate()
    return 0


def _line(words: str, value: str, met: bool) -> None:
    print(f"{words:45} {value:>14} {'' if met else '<- over'}".rstrip(), flush=True)


def _latencies(direct: int, through: int) -> tuple[float, float]:
    """Medians in ms, in turns: of the round in which other processes disturbed each the least."""
    least: dict[int, float] = {direct: float("inf"), through: float("inf")}
    connections = {port: _connect(port) for port in least}
    for _ in range(ROUNDS):
        for port, connection in connections.items():
            taken = [_exchange_s(connection) for _ in range(EXCHANGES)]
            least[port] = min(least[port], median(taken) * 1000)
    for connection in connections.values():
        connection.close()
    return least[direct], least[through]


def _exchange_s(connection: socket.socket) -> float:
    time.sleep(PAUSE_S)
    began_s = time.perf_counter()
    connection.sendall(QUESTION)
    _whole(connection)
    return time.perf_counter() - began_s


def _busy(port: int, proxy: int | None) -> tuple[float, float]:
    """Exchanges per second, and per second of the processor time that the process `proxy` used."""
    selector = selectors.DefaultSelector()
    connections = [_connect(port) for _ in range(CONNECTIONS)]
    for connection in connections:
        connection.sendall(QUESTION)
        _whole(connection)
    began_s, used_s = time.monotonic(), 0.0 if proxy is None else cpu_s(proxy)
    for connection in connections:
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ, [connection, 0])
        connection.send(QUESTION)
    exchanges = 0
    while time.monotonic() - began_s < BUSY_S:
        for key, _ in selector.select(1.0):
            state = key.data
            state[1] += len(state[0].recv(4096))
            if state[1] == len(ANSWER):
                state[1] = 0
                exchanges += 1
                state[0].send(QUESTION)
    lasted_s, used_s = time.monotonic() - began_s, 0.0 if proxy is None else cpu_s(proxy) - used_s
    for connection in connections:
        connection.close()
    return exchanges / lasted_s, exchanges / used_s if used_s else 0.0


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _whole(connection: socket.socket) -> None:
    left = len(ANSWER)
    while left:
        part = connection.recv(left)
        if not part:
            raise ConnectionError("the connection ended in an answer")
        left -= len(part)


def serve() -> None:
    """Answer every question until standard input ends."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS)
    print(listener.getsockname()[1], flush=True)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    selector.register(sys.stdin, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(connection, selectors.EVENT_READ)
            elif isinstance(key.fileobj, socket.socket):
                try:
                    there = key.fileobj.recv(4096)
                    key.fileobj.sendall(ANSWER if there else b"")
                except OSError:  # whoever asked is gone
                    there = b""
                if not there:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
            else:
                return


if __name__ == "__main__":
    if "serve" in sys.argv:
        serve()
    else:
        sys.exit(main())
