"""Serves the live page on loopback from a thread of its own: one page, one stream of events, nothing else.

Bounded whatever clients do: how many there are, how long a head may take, how much waits for one that does not read. A
snapshot that finds the one before still waiting is left out for that client. The run never waits for any of it.
"""

from __future__ import annotations

import secrets
import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from readiness.run.live.http_request import EVENTS, PAGE, PageAddress, answer_to

MOST_CLIENTS = 32
"""Connections at once; the oldest that has not shown the token makes room for a new one."""
_HEAD_S = 5.0
"""How long the head of a request, or the reading of a page, may take."""
_UNREAD_S = 15.0
"""A stream whose reader took nothing for so long is closed."""
_TOKEN_BYTES = 16
_CLOSE_S = 1.0
_READ_BYTES = 4096
_REASONS = {400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 431: "Head Too Large"}


@dataclass(slots=True, eq=False)
class _Client:
    socket: socket.socket
    deadline_s: float
    received: bytes = b""
    unsent: bytearray = field(default_factory=bytearray)
    streams: bool = False
    ending: bool = False
    """Closed as soon as `unsent` is sent."""


class EventServer:
    """Listens from its start to its close; `tell` never blocks."""

    def __init__(self, page: Callable[[], bytes], event: Callable[[], bytes | None], end: bytes) -> None:
        """`page` is the whole answer to PAGE, `event` the newest event if there is one, `end` the last one.

        Raises OSError when nothing can be listened on.
        """
        self._page, self._event, self._end = page, event, end
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=MOST_CLIENTS)
        self._listener.setblocking(False)
        self.address = PageAddress(self._listener.getsockname()[1], secrets.token_urlsafe(_TOKEN_BYTES))
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._woken.setblocking(False)
        self._clients: dict[socket.socket, _Client] = {}
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name="live-page", daemon=True)
        self._thread.start()

    def tell(self) -> None:
        """There is a new event."""
        with suppress(OSError):  # full: it will wake anyway
            self._wake.send(b"x")

    def close(self) -> None:
        """Tell every stream that this is the end, and stop listening."""
        self._closing = True
        self.tell()
        self._thread.join(_CLOSE_S)

    def _serve(self) -> None:
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._listener, selectors.EVENT_READ)
                selector.register(self._woken, selectors.EVENT_READ)
                while not self._closing:
                    self._turn(selector)
                for client in list(self._clients.values()):
                    if client.streams and not client.unsent:
                        client.unsent += self._end
                        self._send(selector, client)
        finally:
            for one in (self._listener, self._wake, self._woken, *self._clients):
                one.close()

    def _turn(self, selector: selectors.BaseSelector) -> None:
        for key, ready in selector.select(1.0 if self._clients else None):
            if key.fileobj is self._listener:
                self._accept(selector)
            elif key.fileobj is self._woken:
                with suppress(BlockingIOError):
                    self._woken.recv(_READ_BYTES)
                self._publish(selector)
            elif client := self._clients.get(key.fileobj):  # type: ignore[call-overload]  # only sockets are registered
                if ready & selectors.EVENT_READ:
                    self._read(selector, client)
                if ready & selectors.EVENT_WRITE and client.socket in self._clients:
                    self._send(selector, client)
        now_s = time.monotonic()
        for client in [one for one in self._clients.values() if one.deadline_s < now_s]:
            self._drop(selector, client)

    def _accept(self, selector: selectors.BaseSelector) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        if len(self._clients) >= MOST_CLIENTS:
            strangers = (one for one in self._clients.values() if not one.streams)
            self._drop(selector, next(strangers, next(iter(self._clients.values()))))
        connection.setblocking(False)
        self._clients[connection] = _Client(connection, time.monotonic() + _HEAD_S)
        selector.register(connection, selectors.EVENT_READ)

    def _read(self, selector: selectors.BaseSelector, client: _Client) -> None:
        try:
            data = client.socket.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(selector, client)
        elif not (client.streams or client.ending):  # what comes after the head is not wanted
            client.received += data
            answer = answer_to(client.received, self.address)
            if answer is not None:
                self._answer(client, answer)
                self._send(selector, client)

    def _answer(self, client: _Client, answer: str | int) -> None:
        client.received = b""
        if answer == EVENTS:
            client.streams = True
            client.deadline_s = float("inf")
            client.unsent += head_of(200, "text/event-stream")
            client.unsent += self._event() or b": the load has no numbers yet\n\n"
        else:
            client.ending = True
            client.unsent += self._page() if answer == PAGE else _refusal(answer)

    def _publish(self, selector: selectors.BaseSelector) -> None:
        streams = [one for one in self._clients.values() if one.streams and not one.unsent]
        event = self._event() if streams else None
        for client in streams if event else ():
            client.unsent += event or b""
            self._send(selector, client)

    def _send(self, selector: selectors.BaseSelector, client: _Client) -> None:
        try:
            sent = client.socket.send(client.unsent) if client.unsent else 0
        except BlockingIOError:
            sent = 0
        except OSError:
            self._drop(selector, client)
            return
        del client.unsent[:sent]
        if client.ending and not client.unsent:
            self._drop(selector, client)
            return
        if client.streams:
            if not client.unsent:
                client.deadline_s = float("inf")
            elif sent or client.deadline_s == float("inf"):
                client.deadline_s = time.monotonic() + _UNREAD_S
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.unsent else 0)
        selector.modify(client.socket, wanted)

    def _drop(self, selector: selectors.BaseSelector, client: _Client) -> None:
        self._clients.pop(client.socket, None)
        with suppress(KeyError, ValueError):
            selector.unregister(client.socket)
        client.socket.close()


def head_of(status: int, kind: str, *more: str) -> bytes:
    """Status line and headers; every answer is the last one of its connection, and stays on this machine."""
    lines = (
        f"HTTP/1.1 {status} {_REASONS.get(status, 'OK')}",
        f"Content-Type: {kind}; charset=utf-8",
        "Cache-Control: no-store",
        "Connection: close",
        "Cross-Origin-Opener-Policy: same-origin",
        "Cross-Origin-Resource-Policy: same-origin",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        *more,
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def _refusal(status: str | int) -> bytes:
    text = f"{_REASONS[int(status)]}\n".encode()
    return (
        head_of(
            int(status), "text/plain", f"Content-Length: {len(text)}", "Content-Security-Policy: default-src 'none'"
        )
        + text
    )
