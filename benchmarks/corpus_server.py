"""The server of `benchmarks corpus`: answers everything, and counts what it saw.

`ok` answers every request with 200 and a little JSON. `broken` has a way to answer for each method and path, by their
hash, so that both tools meet the same one: statuses, other bodies, delays, redirects, connections that end.
"""

from __future__ import annotations

import json
import re
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

KINDS = ("ok", "broken")
_BODY = json.dumps({"id": 1, "token": "t", "access_token": "t", "data": [], "results": [], "items": []}).encode()
_WAYS = ("404", "500", "401", "text", "empty", "slow", "redirect", "closed", "list", "ok")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: CorpusServer

    def __getattr__(self, name: str) -> Callable[[], None]:
        """One answer to every method; the base class asks for `do_GET` and its like."""
        if not name.startswith("do_"):
            raise AttributeError(name)
        return self._answer

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        self.rfile.read(int(length) if length.isdigit() else 0)
        path = re.sub(r"[0-9a-f-]{8,}|\d+", "#", self.path.partition("?")[0])
        if not self.headers.get("User-Agent", "").startswith("readiness"):  # probe requests are no load
            self.server.seen[f"{self.command} {path}"] += 1
        match self.server.way(self.command, path):
            case "404" | "500" | "401" as status:
                self._send(int(status), b'{"detail": "no"}')
            case "text":
                self._send(200, b"<html><body>hello</body></html>", "text/html")
            case "empty":
                self._send(204, b"")
            case "slow":
                time.sleep(0.4)
                self._send(200, _BODY)
            case "redirect":
                self._send(302, b"", location="/redirected")
            case "closed":
                self.close_connection = True
            case "list":
                self._send(200, b"[]")
            case _:
                self._send(200, _BODY)

    def _send(self, status: int, body: bytes, kind: str = "application/json", location: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if location:
            self.send_header("Location", location)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


class CorpusServer(ThreadingHTTPServer):
    """On a free port of loopback."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, kind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._broken = kind == "broken"
        self.seen: Counter[str] = Counter()
        """Requests by method and path, numbers and ids as `#`."""

    def way(self, method: str, path: str) -> str:
        """How it answers; what a redirect leads to is always good."""
        if not self._broken or path == "/redirected":
            return "ok"
        return _WAYS[zlib.crc32(f"{method} {path}".encode()) % len(_WAYS)]

    def handle_error(self, *_: object) -> None:
        """Connections that a tool resets when it ends are no news."""


@contextmanager
def serving(kind: str) -> Iterator[CorpusServer]:
    """One for a run of one tool."""
    server = CorpusServer(kind)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
