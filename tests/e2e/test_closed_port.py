"""Row T28: a service that answers who is there and lets nobody else in."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.e2e.conftest import LOOSE, Cli


class Closing:
    """It listens until two seconds after its first request, and answers kept connections for ever."""

    def __init__(self) -> None:
        first = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                if not first.is_set():
                    first.set()
                    threading.Timer(2, service.close).start()
                body = b'{"ok": true}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def test_t28_a_port_that_takes_nobody_new_is_a_doubt_although_the_load_is_answered(cli: Cli) -> None:
    service = Closing()
    more = "probes: { user_agent: { paths: [] } }\n"
    result = cli.run(service.url, scenario="calm.py", checks=LOOSE, more=more, load="", duration="4s")
    assert result.exit_code == 3, str(result)
    (doubt,) = (one for one in result.report["doubts"] if "a new connection after the load failed" in one)
    assert "connection refused" in doubt
