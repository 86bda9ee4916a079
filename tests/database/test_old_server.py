"""Row D17: a server that is too old, by the little of the protocol (version 3) that it takes to say so."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import closing, suppress
from threading import Thread

import pytest

from readiness import database
from readiness.config.model import Count, Database


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def greet(listener: socket.socket, version: str) -> None:
    """Let everybody in, say how old it is, then answer every query with an error."""
    hello = message(b"R", struct.pack("!i", 0))
    for name, value in (("server_version", version), ("client_encoding", "UTF8")):
        hello += message(b"S", f"{name}\0{value}\0".encode())
    ready = message(b"Z", b"I")
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with closing(connection), suppress(OSError):
            connection.recv(4096)
            connection.sendall(hello + ready)
            while connection.recv(4096):
                connection.sendall(message(b"E", b"SERROR\0C42601\0Mno\0\0") + ready)


@pytest.fixture
def old() -> Iterator[str]:
    """The URL of a server that says it is PostgreSQL 9.6."""
    listener = socket.create_server(("127.0.0.1", 0))
    thread = Thread(target=greet, args=(listener, "9.6.24"))
    thread.start()
    yield f"postgresql://reader:s3cret@127.0.0.1:{listener.getsockname()[1]}/bags?sslmode=disable&gssencmode=disable"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_d17_a_server_that_is_too_old_is_named_and_nothing_is_counted(old: str) -> None:
    found = database.measure(old, Database({"bags": Count("bags")}), frozenset({"database.orphans"}))
    by_metric = {one.metric: one for one in found}
    for metric in ("data.bags", "database.orphans"):
        assert by_metric[metric].value is None
        assert "PostgreSQL 12 or newer is needed, this is 9" in str(by_metric[metric].reason)
    assert "s3cret" not in repr(found)
