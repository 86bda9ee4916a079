"""Answers whose framing or size attacks the client that reads them."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from functools import cache

from tests.faultd.layers import Handler
from tests.faultd.wire import reply

BOMB_BYTES = 100_000_000

KINDS: Mapping[str, Callable[[], bytes]] = {
    "bomb": lambda: reply(200, gzip.compress(bytes(BOMB_BYTES)), headers=[("Content-Encoding", "gzip")]),
    "nested": lambda: reply(200, b"x", headers=[("Content-Encoding", "gzip, gzip, gzip, gzip, gzip")]),
    "headers": lambda: reply(200, b"{}", headers=[(f"X-{number}", "1") for number in range(10_000)]),
    "cookies": lambda: reply(200, b"{}", headers=[("Set-Cookie", f"c{number}=1") for number in range(10_000)]),
    "long_header": lambda: reply(200, b"{}", headers=[("X-Long", "x" * 10_000_000)]),
    "folded": lambda: reply(200, b'{"ok": true}', headers=[("X-Folded", "one\r\n two")]),
    "interim": lambda: b"HTTP/1.1 100 Continue\r\n\r\n" * 100 + reply(200, b'{"ok": true}'),
    "no_content": lambda: b"HTTP/1.1 204 No Content\r\n\r\nsurprise",
    "http09": lambda: b"<html>no status line at all</html>\r\n\r\n",
    "status_line": lambda: b"HTTP/1.1 OK 200\r\nContent-Length: 0\r\n\r\n",
    "two_lengths": lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    "smuggled": lambda: reply(200, b'{"ok": true}') + reply(200, b'{"ok": "of another request"}'),
}


@cache
def whole(kind: str) -> bytes:
    """The bytes of one kind; some are large."""
    return KINDS[kind]()


def unruly(kind: str) -> Handler:
    """Always the answer of `kind`."""
    answer = whole(kind)
    return lambda request, connection: answer
