"""Each fault against what both ends of a real connection saw."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from readiness.config.drills import BANDWIDTH, CUT_OFF, HANG, LATENCY, REFUSE, RESET, Fault
from readiness.config.proxies import HostPort, Proxy
from readiness.drills.proxies import Proxies, start
from readiness.errors import ConfigError
from tests.drills.kernel import CLOSED, listens, tcp_of, unread_at
from tests.drills.shop import ANSWER, serve_stock
from tests.faultd.client import free_port, until

QUESTION = b"how many?\n"


class Line:
    """A proxy before a dependency that writes down what happens to it."""

    def __init__(self, proxies: Proxies, port: int, log: Path) -> None:
        self.proxies = proxies
        self.port = port
        self._log = log

    def seen(self, what: str) -> int:
        """How often the dependency wrote `what`."""
        return self._log.read_text().split().count(what)

    def faulted(self) -> int:
        """How often the proxy says that the fault did something."""
        return sum(second.faulted for second in self.proxies.seconds("stock"))

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=300)

    def ask(self, connection: socket.socket, *, patience_s: float = 300) -> bytes:
        """A whole answer, or what came before the end; raises OSError."""
        connection.settimeout(patience_s)
        connection.sendall(QUESTION)
        return self.read(connection)

    def read(self, connection: socket.socket) -> bytes:
        answer = b""
        while len(answer) < len(ANSWER):
            part = connection.recv(4096)
            if not part:
                break
            answer += part
        return answer


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    log = tmp_path / "log"
    log.touch()
    port, to = free_port(), serve_stock(log)
    with start({"stock": Proxy(HostPort("127.0.0.1", port), HostPort("127.0.0.1", to))}, "t.yaml") as proxies:
        yield Line(proxies, port, log)
    with pytest.raises(ProcessLookupError):
        os.kill(proxies.process.pid, 0)
    socket.create_server(("127.0.0.1", port)).close()  # the port is free again


def test_without_a_fault_every_byte_passes_and_is_counted(line: Line) -> None:
    with line.connect() as connection:
        assert [line.ask(connection) for _ in range(20)] == [ANSWER] * 20
    assert until(lambda: sum(one.up_bytes for one in line.proxies.seconds("stock")) == 20 * len(QUESTION))
    seconds = line.proxies.seconds("stock")
    assert sum(one.down_bytes for one in seconds) == 20 * len(ANSWER)
    assert (
        sum(one.opened for one in seconds) == sum(one.first_answers for one in seconds) == line.seen("connected") == 1
    )
    assert until(lambda: line.seen("ended") == 1)


def test_a_hang_reaches_no_one_and_lets_everything_through_afterwards(line: Line) -> None:
    with line.connect() as old, contextlib.ExitStack() as more:
        line.ask(old)
        line.proxies.set_fault("stock", Fault(HANG))
        with pytest.raises(TimeoutError):
            line.ask(old, patience_s=0.5)
        new = more.enter_context(line.connect())  # it accepts
        with pytest.raises(TimeoutError):
            line.ask(new, patience_s=0.5)
        assert (line.seen("asked"), line.seen("connected")) == (1, 1), "the dependency heard nothing"
        line.proxies.set_fault("stock", None)
        for connection in (old, new):
            connection.settimeout(10)
            assert line.read(connection) == ANSWER
        assert (line.seen("asked"), line.seen("connected")) == (3, 2)
        assert until(lambda: line.faulted() >= 2)


def test_refuse_ends_what_there_is_and_the_kernel_refuses_what_comes(line: Line) -> None:
    with line.connect() as old:
        line.ask(old)
        line.proxies.set_fault("stock", Fault(REFUSE))
        with pytest.raises(ConnectionResetError):
            line.ask(old)
        with pytest.raises(ConnectionRefusedError):
            line.connect()
    assert until(lambda: line.seen("ConnectionResetError") == 1)
    line.proxies.set_fault("stock", None)
    with line.connect() as new:
        assert line.ask(new) == ANSWER


def test_reset_and_cut_end_connections_in_their_own_way(line: Line) -> None:
    with line.connect() as old:
        line.ask(old)
        line.proxies.set_fault("stock", Fault(RESET))
        with pytest.raises(ConnectionResetError):
            line.ask(old)
        # The reset may come before `connect` has returned.
        with pytest.raises((ConnectionResetError, BrokenPipeError)), line.connect() as new:
            line.ask(new)
    asked = line.seen("asked")
    line.proxies.set_fault("stock", Fault(CUT_OFF))
    with line.connect() as cut:
        cut.sendall(QUESTION)
        assert 0 < len(cut.recv(4096)) < len(ANSWER), "a part of the answer came"
        with pytest.raises(ConnectionResetError):
            cut.recv(4096)
    assert line.seen("asked") == asked + 1, "the dependency did its work"
    line.proxies.set_fault("stock", None)
    with line.connect() as new:
        assert line.ask(new) == ANSWER


def test_slow_lines_change_no_byte_and_a_share_spares_the_others(line: Line) -> None:
    line.proxies.set_fault("stock", Fault(LATENCY, latency_ms=50, jitter_ms=40))
    with line.connect() as connection:
        assert [line.ask(connection) for _ in range(5)] == [ANSWER] * 5
    line.proxies.set_fault("stock", Fault(BANDWIDTH, bytes_per_s=2000))
    with line.connect() as connection:
        assert line.ask(connection) == ANSWER
    assert until(lambda: line.faulted() >= 6)
    line.proxies.set_fault("stock", Fault(RESET), 0.5)
    answers = []
    for _ in range(40):
        with contextlib.suppress(OSError), line.connect() as connection:
            answers.append(line.ask(connection))
    assert 15 <= len([one for one in answers if one == ANSWER]) <= 25


def test_a_port_that_is_taken_is_named_with_its_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        proxy = Proxy(HostPort("127.0.0.1", port), HostPort("127.0.0.1", 1), line=7)
        with pytest.raises(ConfigError, match=f"t.yaml:7: proxies.db.listen: 127.0.0.1:{port} is taken"):
            start({"db": proxy}, "t.yaml").__enter__()


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="the tables of Linux")
def test_each_fault_is_in_the_books_of_the_kernel(line: Line) -> None:
    assert listens(line.port)
    with line.connect() as old:
        line.ask(old)
        calm = tcp_of(old)
        assert (calm.bytes_received, calm.bytes_acked) == (len(ANSWER), len(QUESTION) + 1)
        line.proxies.set_fault("stock", Fault(HANG))
        old.sendall(QUESTION)
        # Taken by the proxy's kernel, read by nobody: what a process looks like that was stopped.
        assert until(lambda: tcp_of(old).bytes_acked == 2 * len(QUESTION) + 1)
        assert unread_at(line.port, old.getsockname()[1]) == len(QUESTION)
        assert tcp_of(old).bytes_received == len(ANSWER)
        line.proxies.set_fault("stock", None)
        line.read(old)
        assert unread_at(line.port, old.getsockname()[1]) == 0

        line.proxies.set_fault("stock", Fault(LATENCY, latency_ms=300))
        began_s = time.monotonic()
        old.sendall(QUESTION)
        assert until(lambda: line.seen("asked") == 3), "the dependency has answered already"
        assert until(lambda: tcp_of(old).bytes_received > 2 * len(ANSWER))
        assert time.monotonic() - began_s >= 0.295, "not one byte came sooner"
        line.read(old)

        line.proxies.set_fault("stock", Fault(BANDWIDTH, bytes_per_s=2000))
        before, began_s = tcp_of(old).data_segments, time.monotonic()
        assert line.ask(old) == ANSWER
        assert tcp_of(old).data_segments - before >= len(ANSWER) // 100, "it came in pieces"
        assert time.monotonic() - began_s >= len(ANSWER) / 2000 * 0.9

        line.proxies.set_fault("stock", Fault(CUT_OFF))
        before = tcp_of(old).bytes_received
        old.sendall(QUESTION)
        assert until(lambda: tcp_of(old).state == CLOSED), "a reset, not an end"
        assert tcp_of(old).bytes_received - before == len(ANSWER) // 2
    line.proxies.set_fault("stock", Fault(REFUSE))
    assert not listens(line.port)
    line.proxies.set_fault("stock", None)
    assert listens(line.port)
    with line.connect() as last:
        line.ask(last)
        line.proxies.set_fault("stock", Fault(RESET))
        assert until(lambda: tcp_of(last).state == CLOSED)
