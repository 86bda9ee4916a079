"""Sending and receiving without a wait: the module in Python, and in C (tests/load/test_compiled.py)."""

import os
import socket
from collections.abc import Iterator

import pytest

from readiness.load.http.nonblocking import receive, send


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def test_what_came_is_received_then_nothing_then_the_end(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    assert receive(ours.fileno(), 4096) is None
    theirs.sendall(b"\x00abc" * 1000)
    assert [receive(ours.fileno(), 4), receive(ours.fileno(), 65_536)] == [b"\x00abc", b"\x00abc" * 999]
    theirs.shutdown(socket.SHUT_WR)
    assert receive(ours.fileno(), 4096) == b""


def test_sending_takes_what_there_is_room_for(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    taken = 0
    while sent := send(ours.fileno(), b"x" * 100_000):
        taken += sent
    assert taken
    theirs.setblocking(True)
    while taken:
        taken -= len(theirs.recv(65_536))
    assert send(ours.fileno(), b"") == 0
    assert send(ours.fileno(), b"y") == 1


def test_what_the_system_refuses_is_the_error_of_its_kind(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    theirs.close()
    with pytest.raises(BrokenPipeError):
        send(ours.fileno(), b"x")
    closed = os.dup(ours.fileno())
    os.close(closed)
    with pytest.raises(OSError, match="Bad file descriptor"):
        receive(closed, 1)
    with pytest.raises(OSError, match="Bad file descriptor"):
        send(closed, b"x")
