"""A small shop on loopback that believes nobody: sessions, a form with its own token, ids nobody can guess."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar
from urllib.parse import parse_qs


class Shop(BaseHTTPRequestHandler):
    """Answers 403 to whoever brings back another value than was given."""

    protocol_version = "HTTP/1.1"
    forms: ClassVar[set[str]] = set()
    sessions: ClassVar[dict[str, str]] = {}
    orders: ClassVar[dict[str, int]] = {}
    payments: ClassVar[set[str]] = set()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Silent."""

    def do_GET(self) -> None:
        """Pages and lists."""
        path = self.path.partition("?")[0]
        if path == "/login":
            token = secrets.token_hex(12)
            self.forms.add(token)
            self._answer(
                200, f'<form method=post><input type="hidden" name="csrf" value="{token}"></form>', "text/html"
            )
        elif self._session() is None:
            self._answer(403, "log in first")
        elif path == "/orders":
            self._answer(200, "<h1>Orders</h1>", "text/html")
        elif path == "/api/orders":
            number = secrets.randbelow(10**9) + 10**9
            self.orders[self._session() or ""] = number
            self._answer(200, json.dumps({"items": [{"id": number, "name": "bag"}], "total": 1}), "application/json")
        elif path == f"/api/orders/{self.orders.get(self._session() or '')}":
            self._answer(200, json.dumps({"id": self.orders[self._session() or ""]}), "application/json")
        elif path.startswith("/api/payments/") and path.split("/")[3] in self.payments:
            self._answer(200, json.dumps({"state": "paid"}), "application/json")
        else:
            self._answer(404, "no such page")

    def do_POST(self) -> None:
        """The log-in, and a payment."""
        sent = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if self.path == "/login":
            fields = {name: values[0] for name, values in parse_qs(sent).items()}
            if fields.get("csrf") not in self.forms or fields.get("password") != "hunter2":
                self._answer(403, "wrong form or password")
                return
            self.forms.discard(fields["csrf"])
            session, token = secrets.token_hex(16), secrets.token_hex(8)
            self.sessions[session] = token
            self._answer(302, "", cookies=(f"sessionid={session}; HttpOnly", f"xsrf={token}"), location="/orders")
            return
        number = self.orders.get(self._session() or "")
        if self.headers.get("X-Xsrf") != self.sessions.get(self._session() or "") or number is None:
            self._answer(403, "wrong token")
        elif self.path != f"/api/orders/{number}/pay" or json.loads(sent).get("order_id") != number:
            self._answer(422, "another order, or its number is a text")
        else:
            payment = secrets.token_hex(10)
            self.payments.add(payment)
            self._answer(
                201, "{}", "application/json", location=f"http://{self.headers['Host']}/api/payments/{payment}"
            )

    def _session(self) -> str | None:
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("sessionid")
        return cookie.value if cookie is not None and cookie.value in self.sessions else None

    def _answer(
        self, status: int, text: str, media: str = "text/plain", *, cookies: tuple[str, ...] = (), location: str = ""
    ) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        for cookie in cookies:
            self.send_header("Set-Cookie", cookie)
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def shop() -> Iterator[str]:
    """The address of a running shop."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
