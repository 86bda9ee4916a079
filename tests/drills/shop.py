"""`python -m tests.drills.shop PORT DEPENDENCY_PORT LOG [careless]`: a service with one dependency, for drills.

The dependency is a line protocol of this file (`serve_stock`): a question, an answer. The service asks it for every
request over one of its kept connections, with a deadline of 300 ms and one retry; the careless one has no deadline
and tries again twenty times. `/breaker` says `open` after three failures in a row: it is counted, and refuses nobody.
LOG gets a line for each connection of the dependency and for how it ended.
"""

from __future__ import annotations

import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, SimpleQueue

DEADLINE_S = 0.3
ANSWER = b"stock 17 " + b"." * 200 + b"\n"


class Stock:
    """Kept connections to the dependency."""

    def __init__(self, port: int, *, careless: bool) -> None:
        self._port = port
        self._timeout_s = None if careless else DEADLINE_S
        self._tries = 20 if careless else 2
        self._free: SimpleQueue[socket.socket] = SimpleQueue()
        self.failed_in_a_row = 0

    def ask(self) -> bytes:
        """An answer; raises OSError."""
        for left in range(self._tries - 1, -1, -1):
            try:
                return self._once()
            except OSError:
                if not left or (not self._free.empty() and left == 0):
                    raise
        raise AssertionError

    def _once(self) -> bytes:
        try:
            connection = self._free.get_nowait()
        except Empty:
            connection = socket.create_connection(("127.0.0.1", self._port), timeout=self._timeout_s)
        connection.settimeout(self._timeout_s)
        try:
            connection.sendall(b"how many?\n")
            answer = b""
            while not answer.endswith(b"\n"):
                part = connection.recv(4096)
                if not part:
                    raise ConnectionResetError("cut off")
                answer += part
        except OSError:
            connection.close()
            raise
        self._free.put(connection)
        return answer


class Shop(ThreadingHTTPServer):
    """The service."""

    daemon_threads = True
    request_queue_size = 256
    stock: Stock


class Page(BaseHTTPRequestHandler):
    """Every path asks the dependency."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        shop = self.server
        assert isinstance(shop, Shop)
        if self.path == "/breaker":
            state = "open" if shop.stock.failed_in_a_row >= 3 else "closed"
            status, body = 200, f'{{"stock": "{state}"}}'.encode()
        else:
            try:
                status, body = 200, shop.stock.ask()
                shop.stock.failed_in_a_row = 0
            except OSError:
                status, body = 503, b"no stock\n"
                shop.stock.failed_in_a_row += 1
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing."""


def serve_stock(log: Path) -> int:
    """Start the dependency in threads of this process; its port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)

    def say(text: str) -> None:
        with log.open("a") as file:
            file.write(text + "\n")

    def answer(connection: socket.socket) -> None:
        try:
            while connection.recv(4096):
                say("asked")
                connection.sendall(ANSWER)
            say("ended")
        except OSError as error:
            say(type(error).__name__)
        connection.close()

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            say("connected")
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    port: int = listener.getsockname()[1]
    return port


def main() -> None:
    """Serve on a port of its own, which is printed, until standard input ends."""
    shop = Shop(("127.0.0.1", 0), Page)
    shop.stock = Stock(int(sys.argv[1]), careless="careless" in sys.argv)
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    sys.stdout.write(f"{shop.server_address[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
