"""Why a request fails: each class, deadlines, caps, and what is ours rather than the target's."""

import _socket
import errno
import gzip
import resource
import zlib
from typing import Any

import gevent

from readiness.load.http.client import Client
from readiness.load.http.failures import Failure, of_os_error
from tests.load.http.conformance import client_of, one
from tests.load.http.ledger import Ledger
from tests.load.http.running import raised
from tests.load.http.server import CLOSE, HANG, READ, RST, Server, ok, until


def check_statuses_have_their_classes() -> None:
    for status, failure in (
        ("200 OK", "ok"),
        ("201 Created", "ok"),
        ("302 Found", "http_3xx"),
        ("404 Not Found", "http_4xx"),
        ("429 Too Many Requests", "rate_limited"),
        ("500 Oops", "http_5xx"),
        ("599 Odd", "http_5xx"),
    ):
        response, ledger, _ = one(READ, ok(b"x", status=status))
        assert (ledger.outcomes, response.text) == ([failure], "x"), status


def check_a_redirect_that_is_not_followed_says_where_it_leads() -> None:
    for place, said in (("/login?next=%2Fme#x", "HTTP 302 to /login"), ("", "HTTP 302")):
        answer = ok(b"", *([f"Location: {place}"] if place else []), status="302 Found")
        _, ledger, _ = one(READ, answer)
        assert [call.detail for call in ledger.calls] == [said]


def check_nothing_listens_is_connect_refused() -> None:
    with Server() as server:
        gone = server.url
    gevent.sleep(0.05)
    ledger = Ledger()
    response = Client(gone, scenario="s", recorder=ledger, addresses=["127.0.0.1"]).get("/")
    assert ledger.outcomes == ["connect_refused"]
    assert (response.status_code, response.ok) == (0, False)
    assert response.error
    assert response.content == b""
    assert dict(response.headers) == {}


def check_no_address_is_dns() -> None:
    ledger = Ledger()
    Client("http://x.invalid", scenario="s", recorder=ledger, addresses=[]).get("/")
    assert ledger.outcomes == ["dns"]


def check_a_name_as_address_is_resolved_or_dns() -> None:
    with Server([READ, ok(b"1")]) as server:
        ledger = Ledger()
        assert client_of(server, ledger, addresses=["localhost"]).get("/").text == "1"
        client_of(server, ledger, addresses=["no-such-host.invalid"]).get("/")
        assert ledger.outcomes == ["ok", "dns"]


def check_the_second_address_is_tried() -> None:
    with Server([READ, ok(b"1")]) as server:
        ledger = Ledger()
        client = client_of(server, ledger, addresses=["127.0.0.9", "127.0.0.1"])
        assert client.get("/").text == "1"
        assert ledger.outcomes == ["ok"]


def check_a_full_accept_queue_is_connect_timeout() -> None:
    full = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM, 0)
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    port = full.getsockname()[1]
    fillers = []
    for _ in range(3):
        filler = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM, 0)
        filler.setblocking(False)
        filler.connect_ex(("127.0.0.1", port))
        fillers.append(filler)
    ledger = Ledger()
    url = f"http://127.0.0.1:{port}"
    Client(url, scenario="s", recorder=ledger, addresses=["127.0.0.1"], connect_timeout_s=0.2).get("/")
    Client(url, scenario="s", recorder=ledger, addresses=["127.0.0.1"], timeout_s=0.2).get("/")
    assert ledger.outcomes == ["connect_timeout", "connect_timeout"]
    assert all(0.2 <= call.took_s < 9 for call in ledger.calls)
    for sock in [full, *fillers]:
        sock.close()


def check_a_dripping_server_meets_the_total_deadline() -> None:
    drip = [piece for _ in range(400) for piece in (b"x", 0.02)]
    for head in (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-A: "):
        ledger = one(READ, head, *drip, timeout_s=1.0)[1]
        assert ledger.outcomes == ["timeout"]
        assert 1.0 <= ledger.calls[0].took_s < 7


def check_a_silent_server_is_a_timeout_and_timeout_can_be_given_per_request() -> None:
    with Server([READ, HANG], [READ, HANG]) as server:
        ledger = Ledger()
        client = client_of(server, ledger, timeout_s=1.0)
        client.get("/")
        client.get("/", timeout=0.8)
        assert ledger.outcomes == ["timeout", "timeout"]
        assert until(lambda: server.connections == 2)


def check_deadlines_of_every_length_are_met_beside_each_other() -> None:
    silent: list[list[Any]] = [[READ, HANG] for _ in range(6)]
    with Server(*silent) as server:
        ledger = Ledger()
        long, short = client_of(server, ledger, timeout_s=3.0), client_of(server, ledger, timeout_s=0.8)
        waits = [gevent.spawn(long.get, "/long"), gevent.spawn(short.get, "/short")]
        gevent.sleep(1.0)  # the short one is over: the next deadline lies far ahead
        other = client_of(server, ledger, timeout_s=3.0)
        waits += [gevent.spawn(other.get, "/once", timeout=0.6), gevent.spawn(short.get, "/again")]
        gevent.joinall(waits)
        took_s = {call.name.removeprefix("GET /"): call.took_s for call in ledger.calls}
    assert ledger.outcomes == ["timeout"] * 4
    for name, asked_s in (("long", 3.0), ("short", 0.8), ("once", 0.6), ("again", 0.8)):
        assert asked_s <= took_s[name] < asked_s + 5, took_s


def check_an_answer_behind_the_deadline_is_a_timeout() -> None:
    assert one(READ, 1.005, ok(), timeout_s=1.0)[1].outcomes == ["timeout"]


def check_an_upload_that_nobody_reads_is_a_timeout() -> None:
    with Server([HANG]) as server:
        ledger = Ledger()
        client_of(server, ledger, timeout_s=1.0).post("/", data=b"x" * 30_000_000)
        assert ledger.outcomes == ["timeout"]


def check_a_reset_is_a_reset() -> None:
    assert one(READ, RST)[1].outcomes == ["reset"]
    assert one(READ, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", 0.05, RST)[1].outcomes == ["reset"]


def check_a_close_before_or_in_the_head_is_a_reset_and_said_as_a_close() -> None:
    for begun, said in (
        (b"", "without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-", "before the headers were complete"),
    ):
        ledger = one(READ, begun, CLOSE)[1]
        assert ledger.outcomes == ["reset"]
        assert ledger.calls[0].detail == f"the connection was closed {said}"


def check_a_close_in_the_body_is_truncated() -> None:
    assert one(READ, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", CLOSE)[1].outcomes == ["truncated"]
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
    assert one(READ, chunked, CLOSE)[1].outcomes == ["truncated"]


def check_a_body_over_the_cap_is_too_large() -> None:
    assert one(READ, ok(b"x" * 100_001), max_body_bytes=100_000)[1].outcomes == ["too_large"]
    assert one(READ, ok(b"x" * 100_000), max_body_bytes=100_000)[1].outcomes == ["ok"]
    endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b"x" * 1024 + b"\r\n"
    more = (b"400\r\n" + b"x" * 1024 + b"\r\n") * 100
    assert one(READ, endless, *[more] * 50, max_body_bytes=100_000)[1].outcomes == ["too_large"]
    trailers = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X-A: b\r\n" * 200_000
    assert one(READ, trailers, max_body_bytes=100_000)[1].outcomes == ["too_large"]


def check_a_coded_body_that_nobody_reads_must_be_whole_too() -> None:
    text = b"hello " * 500
    for whole, coding in ((gzip.compress(text), "gzip"), (zlib.compress(text), "deflate")):
        head = f"Content-Encoding: {coding}"
        moved = ok(whole[:-20], head, "Location: /y", status="302 Found")
        answers = [ok(whole, head), ok(whole[:-20], head), ok(whole[:-20], head, status="503 No"), moved, ok(b"last")]
        with Server([step for answer in answers for step in (READ, answer)]) as server:
            ledger = Ledger()
            client = client_of(server, ledger)
            asked = [client.get("/") for _ in answers[:-2]] + [client.get("/", allow_redirects=True)]
            assert ledger.outcomes == ["ok", "truncated", "truncated", "truncated"], coding
            assert [one.ok for one in asked] == [True, False, False, False]
            assert asked[1].error == "the compressed body ends early"
            assert client.get("/").text == "last"
            assert client.connections == 1, "the answers themselves came whole"


def check_a_bomb_is_too_large_and_never_unpacked() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    damaged = b"\x1f\x8bjunk"
    answers = [ok(body, "Content-Encoding: gzip") for body in (bomb, damaged)]
    with Server([READ, answers[0], READ, answers[1]] * 2) as server:
        ledger = Ledger()
        client = client_of(server, ledger, max_body_bytes=1_000_000)

        def read() -> None:
            with client.get("/", catch_response=True) as response:
                response.json()

        raised(Failure, read)
        raised(Failure, read)
        assert not client.get("/").ok
        assert not client.get("/").ok
        assert ledger.outcomes == ["too_large", "protocol"] * 2, "in a block, and where nobody reads it"


def check_no_descriptor_left_is_ours_not_the_targets() -> None:
    with Server([READ, ok()]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            client.get("/")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert ledger.outcomes == ["local_fds"]
        assert client.get("/").ok


def check_errors_of_the_system_have_their_classes() -> None:
    assert of_os_error(OSError(errno.EADDRNOTAVAIL, "x"), connecting=True).failure == "local_ports"
    assert of_os_error(OSError(errno.ETIMEDOUT, "x"), connecting=True).failure == "connect_timeout"
    assert of_os_error(OSError(errno.ETIMEDOUT, "x")).failure == "timeout"
    assert of_os_error(OSError(errno.ENFILE, "x")).failure == "local_fds"
