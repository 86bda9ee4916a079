"""A collector of spans: a real server that keeps what the exporter sends."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest


class Collector:
    """A real server; `status`, `location` and `answer` are its answer, after `pause_s`, with `drip_s` between bytes."""

    def __init__(self) -> None:
        self.status, self.pause_s, self.location = 200, 0.0, ""
        self.answer, self.drip_s = b"", 0.0
        self.bodies: list[bytes] = []
        self.heads: list[str | None] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                collector.heads.append(self.headers["Authorization"])
                time.sleep(collector.pause_s)
                self.send_response(collector.status)
                if collector.location:
                    self.send_header("Location", collector.location)
                self.send_header("Content-Length", str(len(collector.answer)))
                self.end_headers()
                pieces = [bytes([byte]) for byte in collector.answer] if collector.drip_s else [collector.answer]
                with contextlib.suppress(OSError):  # who asked is gone
                    for piece in pieces:
                        self.wfile.write(piece)
                        time.sleep(collector.drip_s)

            do_GET = do_POST  # noqa: N815 - what a followed redirect would send

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def spans_in(body: bytes) -> list[Any]:
    """Of one request to a collector."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    told = ExportTraceServiceRequest.FromString(body).resource_spans
    return [span for resource in told for scope in resource.scope_spans for span in scope.spans]


@pytest.fixture
def collector() -> Iterator[Collector]:
    one = Collector()
    yield one
    one.close()
