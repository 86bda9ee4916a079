"""The live page's server and the terminal's picture, without a run: real sockets, real sizes."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from rich.console import Console

from readiness.measurements.time_series import Second
from readiness.run.live.event_server import MOST_CLIENTS, EventServer, head_of
from readiness.run.live.http_request import MOST_HEAD_BYTES
from readiness.run.live.live_snapshot import LiveCheck, LiveEndpoint, LiveNumber, Snapshot, Standing
from readiness.run.live.screen import BARS, Screen, sparkline
from tests.faultd.client import until

PAGE = b"the page"
BIG = b"data: " + b"x" * 2_000_000 + b"\n\n"
"""More than the buffers of a socket take."""


@pytest.fixture
def server() -> Iterator[EventServer]:
    one = EventServer(lambda: head_of(200, "text/html") + PAGE, lambda: BIG, b"event: end\ndata: {}\n\n")
    yield one
    one.close()


def connect(server: EventServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.address.port), timeout=20)


def asked(server: EventServer, path: str, *headers: str, method: str = "GET") -> bytes:
    with connect(server) as one:
        one.sendall("\r\n".join((f"{method} {path} HTTP/1.1", *headers, "", "")).encode())
        return everything(one)


def everything(one: socket.socket) -> bytes:
    received = b""
    while chunk := one.recv(65536):
        received += chunk
    return received


def test_only_who_knows_the_token_and_asks_this_machine_sees_the_page(server: EventServer) -> None:
    host = f"Host: 127.0.0.1:{server.address.port}"
    path = f"/{server.address.token}/"
    assert asked(server, path, host).endswith(PAGE)
    assert len(server.address.token) >= 22
    wrong = path[:-2] + ("A" if path[-2] != "A" else "B") + "/"
    for other in ("/", "/events", wrong, f"{path}x", f"/{server.address.token}", f"{path}../", f"/x{path}"):
        assert b" 404 " in asked(server, other, host).split(b"\r\n")[0], other
    strange = ("Host: evil.example", f"Host: evil.example:{server.address.port}", "Host: 127.0.0.1", "Host:", "X: y")
    for other in strange:
        assert b" 403 " in asked(server, path, other).split(b"\r\n")[0], other
    assert b" 403 " in asked(server, path, host, "Host: evil.example").split(b"\r\n")[0]
    assert b" 403 " in asked(server, path, host, "Host : evil.example").split(b"\r\n")[0]
    assert b" 405 " in asked(server, path, host, method="POST").split(b"\r\n")[0]
    for head in (b"\r\n\r\n", b"\x16\x03\x01\x02\r\n\r\n", b"GET / HTTP/3\r\n\r\n", b"x" * (MOST_HEAD_BYTES + 1)):
        with connect(server) as one:
            one.sendall(head)
            assert everything(one).startswith((b"HTTP/1.1 400", b"HTTP/1.1 431")), head[:20]


def test_idle_and_slow_and_unread_connections_stop_nobody_and_end_with_the_run(server: EventServer) -> None:
    host, path = f"Host: 127.0.0.1:{server.address.port}", f"/{server.address.token}/"
    unread = connect(server)
    unread.sendall(f"GET {path}events HTTP/1.1\r\n{host}\r\n\r\n".encode())
    assert unread.recv(20).startswith(b"HTTP/1.1 200")  # and from here on it reads nothing
    idle = [connect(server) for _ in range(3 * MOST_CLIENTS)]
    for one in idle[-4:]:
        one.sendall(b"GET ")
    for _ in range(100):
        server.tell()
    assert asked(server, path, host).endswith(PAGE)
    assert len(server._clients) <= MOST_CLIENTS
    waiting = [len(client.unsent) for client in server._clients.values() if client.streams]
    assert len(waiting) == 1
    assert waiting[0] <= len(BIG) + 1000, "what is unread waits once, however often there is something new"
    server.close()
    assert not server._thread.is_alive()
    assert all(_is_closed(one) for one in (*idle, unread))
    with pytest.raises(OSError, match=r"[Rr]efused"):
        connect(server)


def test_a_head_that_does_not_come_is_not_waited_for(server: EventServer) -> None:
    with connect(server) as one:
        one.sendall(b"GET /")
        assert until(lambda: len(server._clients) == 1)
        assert everything(one) == b""


def _is_closed(one: socket.socket) -> bool:
    try:
        while one.recv(65536):
            pass
    except ConnectionError:
        pass
    one.close()
    return True


SNAPSHOT = Snapshot(
    service="shop",
    target="http://127.0.0.1:1",
    phase="measuring",
    at_s=10,
    total_s=40,
    judged_from_s=4,
    judged_until_s=40,
    measured=True,
    users=1_000,
    in_flight=3,
    requests=1_234_567,
    failed=12,
    numbers=(
        LiveNumber("P50", "12.0 ms", "", Standing.OPEN),
        LiveNumber("P95", "263.0 ms", "< 100 ms", Standing.BROKEN, 100.0),
        LiveNumber("P99", "397.0 ms", "< 500 ms", Standing.KEPT, 500.0),
        LiveNumber("failed", "0.1 %", "success > 99 %", Standing.KEPT),
    ),
    failures=(("http_5xx", 10), ("timeout", 2)),
    endpoints=tuple(
        LiveEndpoint("scan", f"GET /{'very-long-' * 12}{i}", 100 - i, i % 2, 1.0, 2.0, None) for i in range(50)
    ),
    left_out=7,
    checks=(
        LiveCheck("P95 Response Time", "< 100 ms", Standing.BROKEN),
        LiveCheck("P99 Response Time", "< 500 ms", Standing.OPEN),
        *(LiveCheck(f"Check {i}", "< 1 ms", Standing.KEPT) for i in range(40)),
    ),
    judged_later=33,
    history=tuple(Second(i - 1, 1, 1_000, i * 10, 0, 1.0, 2.0, 3.0) for i in range(1, 300)),
)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (200, 60), (40, 12), (20, 5)])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_screen_of_any_size_is_filled_and_never_left(width: int, height: int, encoding: str) -> None:
    console = Console(width=width, height=height, force_terminal=True, color_system=None)
    options = console.options.update_dimensions(width, height)
    options.encoding = encoding
    screen = Screen(SNAPSHOT, notes=("a note",), foot="live page: http://127.0.0.1:1/x/")
    segments = console.render(screen, options)
    lines = "".join(segment.text for segment in segments if not segment.control).split("\n")
    assert len(lines) <= height
    assert all(len(line.rstrip()) <= width for line in lines)
    text = "\n".join(lines)
    if encoding == "ascii":
        assert text.replace("…", "").isascii()
    if (width, height) == (80, 24):
        for word in ("shop", "measuring", "30 s left", "1,000", "requests/s", "263.0 ms", "limit < 100 ms", "http_5xx"):
            assert word in text
        for word in (
            "endpoint",
            "GET /very-long-",
            "and 5",
            "1 broken",
            "1 open",
            "40 proven",
            "33 more after",
            "live page",
        ):
            assert word in text
        assert len([line for line in lines if "GET /" in line]) >= 3
        assert "P95 Response Time  < 100 ms" in text, "a broken check is named"
    if (width, height) == (120, 40):
        assert len([line for line in lines if "GET /" in line]) >= 10


def test_before_the_measurement_nothing_is_said_of_checks_and_a_sparkline_fits_its_width() -> None:
    early = replace(SNAPSHOT, measured=False, checks=(), numbers=())
    console = Console(width=80, height=24, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(Screen(early))
    assert "not measured yet" in capture.get()
    assert "proven" not in capture.get()
    assert sparkline([0.0, 1.0, 8.0], 2) == BARS[1] + BARS[7]
    assert sparkline([0.0, 0.0], 9) == BARS[0] * 2


def test_when_the_load_has_ended_the_screen_says_so_and_zero_failures_are_a_number() -> None:
    good = LiveEndpoint("scan", "GET /a", 7, 0, 1.0, 2.0, None)
    console = Console(width=120, height=24, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(
            Screen(replace(SNAPSHOT, endpoints=(good,), at_s=40), step="drill 2 of 9, about 2 min left: hang")
        )
    text = capture.get()
    assert "drill 2 of 9, about 2 min left: hang" in text
    assert "the load has ended" in text
    assert "0 s left" not in text
    assert "Ctrl-C ends the run" in text
    assert re.search(r"GET /a +scan +7 +0 ", text)
