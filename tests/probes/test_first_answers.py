"""What is asked before a load that nobody described: is there a page to load, and where is the health check?"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from readiness.measurements.provenance import Target
from readiness.probes.first_answers import health_path, unloadable
from readiness.text.error_pages import shown_error

Answers = Callable[[str], tuple[int, str, str, str]]
"""Path to status, media type, body and Location."""


@contextmanager
def serving(answers: Answers) -> Iterator[Target]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, kind, body, location = answers(self.path)
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body.encode())))
            if location:
                self.send_header("location", location.replace("HERE", f"http://127.0.0.1:{self.server.server_port}"))  # type: ignore[attr-defined]
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Target("x", f"http://127.0.0.1:{server.server_port}", ("127.0.0.1",))
    finally:
        server.shutdown()
        server.server_close()


HTML, JSON = "text/html; charset=utf-8", "application/json"


@pytest.mark.parametrize(
    ("status", "kind", "body", "location", "told"),
    [
        (200, HTML, "<title>Shop</title>", "", None),
        (500, HTML, "<title>Internal Server Error</title>", "", None),  # the load shows it
        (429, HTML, "", "", None),
        (404, HTML, "", "", "GET /a answers 404. Give a page that exists: --path /PATH"),
        (405, HTML, "", "", "does not take GET"),
        (401, JSON, "", "", "it wants a log-in: write a scenario that logs in"),
        (301, HTML, "", "/a/", "a redirect to /a/: redirects are not followed; name that page with --path /a/"),
        (302, HTML, "", "HERE/login?next=tok3n", "a redirect to /login: it wants a log-in"),
        (302, HTML, "", "https://sso.example.org/x?code=tok3n", "a redirect to https://sso.example.org/x: it wants"),
        (302, HTML, "", "https://www.example.org/", "which is not the target: give that address as TARGET"),
        (302, HTML, "", "http://[::1", "Invalid URL in location header"),
        (200, HTML, "<h1>404 - Page not found</h1>", "", "a page titled “404 - Page not found”, which looks like an"),
        (200, HTML, "<title>Oops!</title>", "", "looks like an error"),
        (200, JSON, '{"error": "no token"}', "", "JSON whose “error” is set"),
    ],
)
def test_a_path_that_answers_no_page_is_not_loaded(
    status: int, kind: str, body: str, location: str, told: str | None
) -> None:
    with serving(lambda _: (status, kind, body, location)) as target:
        found = unloadable(target, ["/a"], lambda: False)
    assert (found is None) if told is None else (told in str(found)), found
    assert "tok3n" not in str(found)


def test_a_service_without_a_page_that_describes_itself_is_told_what_to_do_with_that() -> None:
    document = '{"openapi": "3.1.0", "paths": {}}'
    for there in ("/v3/api-docs", "/elsewhere"):

        def answers(path: str, there: str = there) -> tuple[int, str, str, str]:
            return (200 if path == there else 404, JSON, document, "")

        with serving(answers) as target:
            found = str(unloadable(target, ["/"], lambda: False))
        told = f"readiness init {target.url}/v3/api-docs writes scenarios from it" in found
        assert told is (there == "/v3/api-docs")


def test_what_speaks_no_http_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            talk, _ = listener.accept()
            with talk:
                talk.recv(9000)
                talk.sendall(b"220 mail.example.org ESMTP\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        target = Target("x", f"http://127.0.0.1:{listener.getsockname()[1]}", ("127.0.0.1",))
        assert "is TARGET right, its port, and http:// or https://?" in str(unloadable(target, ["/"], lambda: False))


@pytest.mark.parametrize(
    ("healthy", "nowhere", "found"),
    [
        ({"/healthz": "ok"}, (404, "no"), "/healthz"),
        ({"/up": "up", "/ping": "pong"}, (404, "no"), "/up"),
        ({"/healthz": "ok"}, (200, "<title>App</title>"), "/healthz"),  # an app that answers its page to everything
        ({}, (200, "<title>App</title>"), None),
        ({}, (404, "no"), None),
    ],
)
def test_a_health_check_is_found_where_it_is(
    healthy: dict[str, str], nowhere: tuple[int, str], found: str | None
) -> None:
    def answers(path: str) -> tuple[int, str, str, str]:
        return (200, "text/plain", healthy[path], "") if path in healthy else (nowhere[0], HTML, nowhere[1], "")

    with serving(answers) as target:
        assert health_path(target, lambda: False) == found


def test_pages_that_speak_of_errors_in_passing_are_pages() -> None:
    for title in ("Shop", "Terms of service", "Order 404 shipped", "Room 500", "Exceptional shoes"):
        assert shown_error(HTML, f"<title>{title}</title><p>an error occurred</p>".encode()) is None, title
    for body in (b'{"error": null}', b"[]", b'{"errors": []}', b"{", b"[" * 60_000):
        assert shown_error(JSON, body) is None
