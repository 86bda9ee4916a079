"""The oracle is checked first: each mode does on the wire what its table says, and the counts are right."""

from __future__ import annotations

import json
import os
import socket
import time
from http.client import HTTPConnection, RemoteDisconnected
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.faultd.client import Faultd, layer
from tests.faultd.fixture import StartFaultd
from tests.faultd.modes import MODES


def exchange(server: Faultd, path: str = "/api/x", *, first_s: float = 40.0, then_s: float = 40.0) -> tuple[bytes, str]:
    """Everything that comes for one request, and how it ended: closed, reset, or open (still there).

    It is still there when nothing came for `first_s`, or nothing more for `then_s`.
    """
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname or "", address.port or 0), 40) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        raw.settimeout(first_s)
        got = b""
        try:
            while len(got) < 5_000_000:
                part = raw.recv(65_536)
                if not part:
                    return got, "closed"
                got += part
                raw.settimeout(then_s)
        except ConnectionResetError:
            return got, "reset"
        except TimeoutError:
            pass
        return got, "open"


def get(server: Faultd, path: str) -> tuple[int, bytes]:
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=40)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_the_table_in_the_docstring_names_every_mode() -> None:
    import tests.faultd

    table = tests.faultd.__doc__.partition("| mode |")[2]
    named = {line.split("|")[1].strip() for line in table.splitlines()[2:] if line.startswith("| ")}
    assert named == set(MODES)


def test_the_healthy_service_answers_and_counts_each_path(faultd: StartFaultd) -> None:
    server = faultd()
    statuses = {
        path: get(server, path)[0] for path in ("/", "/health", "/stats", "/login", "/dashboard", "/api/a", "/b")
    }
    assert statuses.pop("/b") == 404
    assert set(statuses.values()) == {200}
    counts = server.counts()
    assert (counts["connections"], counts["requests"], counts["responses"]) == (7, 7, 7)
    assert server.seen("/api/*", "/health") == 2
    assert server.log()[0][2] == "/"


def cpu_s(server: Faultd) -> float:
    """CPU time of the server's process; the time of day would be the machine's and not its own."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:13]) / os.sysconf("SC_CLK_TCK")


def test_it_serves_two_thousand_requests_per_second_of_its_cpu(faultd: StartFaultd) -> None:
    server, address, many = faultd(), None, 4_000
    address = urlsplit(server.url)
    one = len(exchange(server, then_s=0.2)[0])
    with socket.create_connection((address.hostname or "", address.port or 0), 40) as raw:
        before_s = cpu_s(server)
        batch = b"GET /api/x HTTP/1.1\r\nHost: x\r\n\r\n" * 50
        for _ in range(many // 50):
            raw.sendall(batch)
            left = one * 50 - 100  # a MISS is one byte longer than a HIT, and the last batch may straddle
            while left > 0:
                left -= len(raw.recv(65_536))
    server.wait(many, "/api/*")
    assert cpu_s(server) - before_s <= many / 2_000


@pytest.mark.parametrize(
    ("mode", "words", "begins", "ending"),
    [
        ("hang", {}, b"", "open"),
        ("rst", {}, b"HTTP/1.1 200", "reset"),
        ("close", {}, b"", "closed"),
        ("close", {"when": "headers"}, b"HTTP/1.1 200", "closed"),
        ("truncated", {}, b"HTTP/1.1 200", "closed"),
        ("hangup", {}, b"HTTP/1.1 200", "closed"),
        ("garbage", {}, b"\x16\x03", "closed"),
        ("die", {}, b"", "reset"),
        ("status", {"code": 503}, b"HTTP/1.1 503", "open"),
        ("body", {"text": ""}, b"HTTP/1.1 200", "open"),
        ("redirect", {"location": "http://127.0.0.2:9/"}, b"HTTP/1.1 302", "open"),
        ("drip", {}, b"HTTP/1.1 200", "open"),
    ],
)
def test_a_mode_breaks_the_exchange_as_named(
    faultd: StartFaultd, mode: str, words: dict[str, Any], begins: bytes, ending: str
) -> None:
    server = faultd(mode=mode, **words)
    first_s, then_s = (40.0 if begins else 0.5, 0.5) if ending == "open" else (40.0, 40.0)
    got, ended = exchange(server, first_s=first_s, then_s=then_s)
    assert got.startswith(begins)
    assert bool(got) == bool(begins)
    assert ended == ending
    assert server.counts()["requests"] == 1
    assert server.counts()["responses"] == (mode in ("hangup", "status", "body", "redirect"))


def test_an_endless_body_has_no_end(faultd: StartFaultd) -> None:
    server = faultd(mode="endless")
    assert len(exchange(server)[0]) >= 5_000_000
    assert get(server, "/health")[0] == 200


def test_a_delay_is_never_shorter_than_asked(faultd: StartFaultd) -> None:
    server = faultd(mode="delay", delay_ms=104.9)
    start = time.perf_counter()
    assert get(server, "/api/x")[0] == 200
    assert time.perf_counter() - start >= 0.1049


def test_conditions_choose_which_requests_are_hit(faultd: StartFaultd) -> None:
    server = faultd(
        layer("status", code=503, share=0.25, only="/api/a"), layer("status", code=500, after=2, only="/api/b")
    )
    assert [get(server, "/api/a")[0] for _ in range(8)].count(503) == 2
    assert [get(server, "/api/b")[0] for _ in range(4)] == [200, 200, 500, 500]
    assert get(server, "/api/c")[0] == 200


def test_a_fault_may_last_for_a_span(faultd: StartFaultd) -> None:
    server = faultd(mode="status", code=503, for_s=0.3)
    assert get(server, "/api/a")[0] == 503
    time.sleep(0.4)
    assert get(server, "/api/a")[0] == 200


def test_a_freeze_stops_the_health_endpoint_but_not_the_counts(faultd: StartFaultd) -> None:
    server = faultd(mode="freeze", span_s=2.5, only="/api/a")
    start = time.perf_counter()
    assert exchange(server, "/api/a", first_s=0.1) == (b"", "open")
    assert server.counts()["requests"] == 1
    assert get(server, "/health")[0] == 200
    assert time.perf_counter() - start >= 2.4


def test_a_dead_service_refuses_and_its_counts_stay(faultd: StartFaultd) -> None:
    server = faultd(mode="die", after=1)
    assert get(server, "/api/a")[0] == 200
    with pytest.raises((ConnectionResetError, RemoteDisconnected)):
        get(server, "/api/a")
    with pytest.raises(ConnectionRefusedError):
        get(server, "/api/a")
    assert server.counts()["requests"] == 2


def test_the_mode_can_be_changed_while_it_runs(faultd: StartFaultd) -> None:
    server = faultd()
    server.set_mode("status", code=418, only="*")
    assert get(server, "/health")[0] == 418


def test_counters_of_the_service_grow_as_told(faultd: StartFaultd) -> None:
    server = faultd(mode="stats", only="/stats", hits=1_000, misses=7, more_hits=2)
    first, second = (json.loads(get(server, "/stats")[1])["cache"] for _ in range(2))
    assert (second["hits"] - first["hits"], second["misses"]) == (2, 7)
    assert first["hits"] > 1_000


@pytest.mark.parametrize("where", ["body", "html", "json", "headers", "reason", "line"])
def test_hostile_text_reaches_the_wire_raw(faultd: StartFaultd, where: str) -> None:
    got, _ = exchange(faultd(mode="hostile", where=where), then_s=0.3)
    head, _, body = got.partition(b"\r\n\r\n")
    assert b"x-pwned" in got
    assert len(body) == int(head.partition(b"Content-Length: ")[2].partition(b"\r")[0])
    if where == "body":
        assert all(raw in body for raw in (b"\x00PWNED", b"\xff\xfe\x80", b"\xed\xa0\x80", b"\x1b[2J", b"\n::error::"))
    if where in ("headers", "reason"):
        assert b"\x1b[2J" in head


def test_echo_repeats_the_secret_in_body_header_and_reason(faultd: StartFaultd) -> None:
    server = faultd(mode="echo")
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=40)
    connection.request("POST", "/api/x", body="password=hunter2", headers={"Authorization": "Bearer t0ken"})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    for place in (body, answer.reason, answer.headers["X-Echo"]):
        assert "hunter2" in place
        assert "t0ken" in place


def test_a_misspelt_option_is_an_error_and_not_a_healthy_server() -> None:
    with pytest.raises(RuntimeError):
        Faultd(layer("delay", delay=5))


def test_two_hosts_can_listen_at_once(faultd: StartFaultd) -> None:
    canary = faultd(host="127.0.0.2")
    faultd()
    assert canary.url.startswith("http://127.0.0.2:")
    assert canary.counts()["connections"] == 0
