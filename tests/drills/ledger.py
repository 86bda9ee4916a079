"""A service that stores each write in PostgreSQL and acknowledges it when its transaction is committed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg


class _Ledger(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    url = ""


class _Write(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Ledger

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            with psycopg.connect(self.server.url, autocommit=True, connect_timeout=2) as connection:
                connection.execute(
                    "insert into scans (idempotency_key, run_id) values (%s, %s)",
                    (self.headers["Idempotency-Key"], self.headers["X-Run-Id"]),
                )
            status = 201
        except psycopg.Error:
            status = 503
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet."""


@contextmanager
def serve_ledger(url: str) -> Iterator[str]:
    """Serve until the block ends, with the database of `url`; the service's own URL."""
    server = _Ledger(("127.0.0.1", 0), _Write)
    server.url = url
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
