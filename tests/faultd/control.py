"""The second port: counts out, orders in. JSON both ways."""

from __future__ import annotations

import asyncio
import json
import time
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.faultd.server import Server, build_layers


def start_control(server: Server, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> str:
    """Serve in a thread; the URL of the control port."""

    class Control(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(url.query).items()}
            match url.path:
                case "/counts":
                    self._send(server.counts.as_json())
                case "/log":
                    self._send(list(server.counts.log))
                case "/wait":
                    self._send(_wait(server, asked))
                case _:
                    self.send_error(404)

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            match self.path:
                case "/layers":
                    try:
                        server.layers = build_layers(json.loads(raw))
                    except (KeyError, TypeError, ValueError) as error:
                        self.send_error(400, explain=str(error))
                        return
                    self._send({})
                case "/die":
                    loop.call_soon_threadsafe(server.die)
                    self._send({})
                case "/stop":
                    self._send({})
                    loop.call_soon_threadsafe(stop.set)
                case _:
                    self.send_error(404)

        def _send(self, document: Any) -> None:
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    control = ThreadingHTTPServer(("127.0.0.1", 0), Control)
    Thread(target=control.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{control.server_address[1]}"


def _wait(server: Server, asked: dict[str, str]) -> dict[str, Any]:
    """Block until `requests` requests to paths like `path` were received, at most `timeout` seconds."""
    deadline = time.monotonic() + float(asked.get("timeout", "10"))
    wanted, pattern = int(asked.get("requests", "1")), asked.get("path", "*")
    while True:
        counts = server.counts.as_json()
        seen = sum(one["requests"] for path, one in counts["paths"].items() if fnmatchcase(path, pattern))
        if seen >= wanted or time.monotonic() > deadline:
            return {**counts, "reached": seen >= wanted}
        time.sleep(0.01)
