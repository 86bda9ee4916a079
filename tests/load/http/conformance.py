"""HTTP/1.1 as servers really speak it: framing, reuse, and what must never become somebody else's answer."""

import gzip
import select
import time
import zlib
from typing import Any

from gevent.monkey import get_original

from readiness.load.http.client import Client
from readiness.load.http.resends import Resends
from readiness.load.http.response import Response
from tests.load.http.ledger import Ledger
from tests.load.http.server import CLOSE, FIN, HANG, READ, RST, WAIT_CLOSE, Server, ok, until


def client_of(server: Server, ledger: Ledger | None = None, **options: Any) -> Client:
    settings: dict[str, Any] = {"timeout_s": 100.0, "connect_timeout_s": 100.0, "addresses": ["127.0.0.1"]}
    return Client(server.url, scenario="s", **settings | {"recorder": ledger or Ledger()} | options)


def one(*steps: Any, method: str = "GET", **options: Any) -> tuple[Response, Ledger, Client]:
    """One request against one scripted connection: response, ledger, client."""
    ledger = Ledger()
    with Server(list(steps)) as server:
        client = client_of(server, ledger, **options)
        response = client.request(method, "/x")
        client.close()
    return response, ledger, client


def await_news(client: Client) -> None:
    """Until something came for the idle connection, bytes or its end, and this hub's poll had its turn to see it."""
    conn = client._pool.idle[0]
    watching = get_original("select", "poll")()
    watching.register(conn.fd, select.POLLIN)
    assert until(lambda: bool(watching.poll(0)))
    assert until(lambda: conn.event or conn.closing)


def check_a_plain_get_has_status_headers_text_and_json() -> None:
    response, ledger, _ = one(READ, ok(b'{"a": 1}', "X-A: b", "x-a: c"))
    assert (response.status_code, response.ok, response.json()) == (200, True, {"a": 1})
    assert response.headers["X-a"] == "b, c"
    assert response.headers.get_list("x-A") == ["b", "c"]
    assert response.reason == "OK"
    assert response.text == '{"a": 1}'
    (call,) = ledger.calls
    assert (call.scenario, call.name, call.failure) == ("s", "GET /x", None)
    assert 0 < call.took_s < 5
    assert abs(response.elapsed_s - call.took_s) < 1e-9


def check_keep_alive_uses_one_connection() -> None:
    with Server([READ, ok(b"1"), READ, ok(b"2"), READ, ok(b"3")]) as server:
        client = client_of(server)
        assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]
        assert (server.connections, client.connections, client.retries) == (1, 1, 0)


def check_an_answer_in_single_bytes_is_one_answer() -> None:
    whole = ok(b"hello", "X-A: b")
    steps: list[Any] = [READ]
    for i in range(len(whole)):
        steps += [whole[i : i + 1], 0.0005]
    response, _, _ = one(*steps)
    assert response.text == "hello"
    assert response.headers["x-a"] == "b"


def check_chunked_with_extensions_and_trailers() -> None:
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n"
    with Server([READ, raw[:60], 0.01, raw[60:75], 0.01, raw[75:], READ, ok(b"next")]) as server:
        client = client_of(server)
        first = client.get("/")
        assert first.text == "abcde"
        assert "x-trailer" not in first.headers
        assert client.get("/").text == "next"
        assert server.connections == 1


def check_interim_answers_are_skipped() -> None:
    raw = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
    response, ledger, _ = one(READ, raw, 0.01, ok(b"hi", "X-A: b"))
    assert (response.status_code, response.text, response.headers.get("link")) == (200, "hi", None)
    assert response.headers["x-a"] == "b"
    assert ledger.outcomes == ["ok"]
    response, _, _ = one(READ, raw + ok(b"hi", "X-A: b"))
    assert response.text == "hi"
    assert response.headers.get("link") is None


def check_a_body_until_close_after_an_interim_answer() -> None:
    response, ledger, _ = one(READ, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nab", 0.01, b"c", CLOSE)
    assert response.text == "abc"
    assert ledger.outcomes == ["ok"]


def check_a_flood_of_interim_answers_is_a_protocol_failure() -> None:
    assert one(READ, b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 1.0)[1].outcomes == ["protocol"]


def check_head_has_no_body_and_keeps_the_connection() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
    bare = b"HTTP/1.1 200 OK\r\n\r\n"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with Server([READ, head, READ, bare, READ, chunked, READ, ok(b"x")]) as server:
        client = client_of(server)
        assert [client.head("/").content for _ in range(3)] == [b"", b"", b""]
        assert client.get("/").text == "x"
        assert server.connections == 1
        assert server.requests[0].startswith(b"HEAD / HTTP/1.1\r\n")


def check_head_with_a_body_drops_the_connection() -> None:
    with Server([READ, ok(b"wrong"), WAIT_CLOSE], [READ, ok(b"right")]) as server:
        client = client_of(server)
        assert client.head("/").error
        assert client.get("/").text == "right"
        assert server.connections == 2


def check_204_and_304_end_with_the_head() -> None:
    for status in ("204 No Content", "304 Not Modified"):
        raw = f"HTTP/1.1 {status}\r\n\r\n".encode()
        with Server([READ, raw, READ, ok(b"x")]) as server:
            client = client_of(server)
            assert client.get("/").content == b""
            assert client.get("/").text == "x"
            assert server.connections == 1
    with Server([READ, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", READ, ok(b"x")]) as server:
        client = client_of(server)
        client.get("/")
        assert client.get("/").text == "x"
        assert server.connections == 1


def check_a_204_with_a_body_is_a_protocol_failure() -> None:
    assert one(READ, b"HTTP/1.1 204 No Content\r\n\r\nsurprise", 0.2)[1].outcomes == ["protocol"]


def check_connection_close_is_obeyed() -> None:
    with Server([READ, ok(b"1", "Connection: close"), WAIT_CLOSE], [READ, ok(b"2")]) as server:
        client = client_of(server)
        assert client.get("/").text == "1"
        assert client.get("/").text == "2"
        assert (server.connections, client.retries) == (2, 0)


def check_http_1_0_without_keep_alive_is_closed() -> None:
    with Server([READ, b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n1", WAIT_CLOSE], [READ, ok(b"2")]) as server:
        client = client_of(server)
        assert client.get("/").text == "1"
        assert client.get("/").text == "2"
        assert client.retries == 0


def check_a_body_until_close_is_whole() -> None:
    response, ledger, _ = one(READ, b"HTTP/1.1 200 OK\r\n\r\nab", 0.01, b"cd", CLOSE)
    assert response.text == "abcd"
    assert ledger.outcomes == ["ok"]


def check_bytes_after_an_answer_are_a_failure_and_never_answer_the_next_request() -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1 and more than it said"
    last = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n1more"
    for answer in (ok(b"1") + ok(b"evil"), ok(b"1") + b"HTT", cut, last, ok(b"1") + b"\0"):
        with Server([READ, answer, WAIT_CLOSE], [READ, ok(b"2")]) as server:
            ledger = Ledger()
            client = client_of(server, ledger)
            first = client.get("/")
            assert (first.text, first.ok) == ("1", False)
            assert client.get("/").text == "2"
            assert ledger.outcomes == ["surplus", "ok"]
            assert (server.connections, len(server.requests)) == (2, 2)


def check_a_late_second_answer_is_a_failure_of_the_request_that_finds_it() -> None:
    read: list[bool] = []
    sleep = get_original("time", "sleep")

    def until_read(_: Any) -> None:
        while not read:
            sleep(0.005)

    with Server([READ, ok(b"1"), until_read, ok(b"evil"), WAIT_CLOSE], [READ, ok(b"2")]) as server:
        client = client_of(server)
        assert client.get("/").text == "1"
        read.append(True)
        await_news(client)
        assert client.get("/").status_code == 0
        assert client.get("/").text == "2"
        assert (server.connections, len(server.requests)) == (2, 2)


def check_bytes_behind_a_full_read_never_answer_the_next_request() -> None:
    first = ok(b"x" * 40_000)
    first = ok(b"x" * (65_536 - len(first) + 40_000))  # answer and evil one do not fit in one read
    assert len(first) == 65_536
    with Server([READ, first + ok(b"evil"), WAIT_CLOSE], [READ, ok(b"2")]) as server:
        client = client_of(server)
        assert "after the end" in client.get("/").error
        assert client.get("/").text == "2"
        assert server.connections == 2


def check_an_idle_connection_closed_by_the_server_is_seen_before_sending() -> None:
    for last in (CLOSE, FIN, RST):
        with Server([READ, ok(b"1"), last, HANG], [READ, ok(b"2")]) as server:
            client = client_of(server)
            client.get("/")
            await_news(client)
            assert client.post("/").text == "2"
            assert (client.retries, server.connections) == (0, 2), last


def check_a_stale_connection_is_retried_once_for_get_and_counted() -> None:
    with Server([READ, ok(b"1"), READ, CLOSE], [READ, ok(b"2")]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)
        client.get("/")
        assert client.get("/").text == "2"
        assert client.retries == 1
        assert ledger.outcomes == ["ok", "ok"]
        assert len(server.requests) == 3


def check_a_request_that_the_server_had_is_not_sent_again() -> None:
    """It had it: the close came too late to have crossed the request."""
    for last in (CLOSE, RST):
        with Server([READ, ok(b"1"), READ, 0.5, last], [READ, ok(b"2")]) as server:
            ledger = Ledger()
            client = client_of(server, ledger)
            client.get("/")
            assert client.get("/").status_code == 0
            assert ledger.outcomes[0] == "ok" != ledger.outcomes[1]
            assert (client.retries, len(server.requests)) == (0, 2)


def check_a_request_that_crossed_the_close_is_sent_again_however_often() -> None:
    """A reset follows the end of the stream: nobody read the request."""
    resends = Resends()
    with Server(*[[READ, ok(b"1"), CLOSE]] * 40) as server:
        ledger = Ledger()
        client = client_of(server, ledger, resends=resends)
        for _ in range(40):
            client.get("/")
            if client._pool.idle:  # blind: as if the end were still on its way
                conn = client._pool.idle[0]
                watching = get_original("select", "poll")()
                watching.register(conn.fd, select.POLLIN)
                assert watching.poll(300_000)
                conn.event = conn.closing = False
                conn.read_s = time.perf_counter() + 60  # however long the rest takes on a busy machine
        assert set(ledger.outcomes) == {"ok"}
        assert (client.retries, resends.unread, resends.unclear) == (39, 39, 0)


def check_requests_that_may_be_lost_are_sent_again_once_in_a_thousand() -> None:
    resends = Resends(lambda: 999)
    with Server(*[[READ, ok(b"1"), READ, CLOSE]] * 20) as server:
        ledger = Ledger()
        client = client_of(server, ledger, resends=resends)
        for _ in range(20):
            client.get("/")
        assert (client.retries, resends.unread, resends.unclear) == (1, 0, 1)
        assert len(server.requests) == 21
        assert ledger.outcomes.count("reset") >= 8


def check_post_is_never_sent_twice() -> None:
    with Server([READ, ok(b"1"), READ, CLOSE], [READ, ok(b"2")]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)
        client.get("/")
        response = client.post("/", json={})
        assert response.status_code == 0
        assert ledger.outcomes == ["ok", "reset"]
        assert client.retries == 0
        assert len(server.requests) == 2


def check_a_second_death_is_not_retried_again() -> None:
    with Server([READ, ok(b"1"), READ, CLOSE], [READ, CLOSE], [READ, ok(b"3")]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)
        client.get("/")
        client.get("/")
        assert ledger.outcomes == ["ok", "reset"]
        assert client.retries == 1
        assert server.connections == 2


def check_too_many_or_too_large_headers_are_protocol_failures() -> None:
    many = ok(b"", *[f"X-{i}: 1" for i in range(300)])
    large = ok(b"", "X-A: " + "a" * 70_000)
    endless = b"HTTP/1.1 200 OK\r\n" + b"X-A: aaaaaaaaaaaaaaa\r\n" * 20_000
    for raw in (many, large, endless):
        assert one(READ, raw, 1.0)[1].outcomes == ["protocol"]
    assert one(READ, ok(b"", *[f"X-{i}: 1" for i in range(200)]))[1].outcomes == ["ok"]


def check_a_folded_header_is_one_field_however_it_comes() -> None:
    folded = ok(b"hi\r\n  there", "X-A: one\r\n two\r\n\t three", "X-B: b", "Set-Cookie: a=1;\r\n Path=/")
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    pieces: list[list[Any]] = [[folded], [interim + folded], [interim, 0.01, folded]]
    pieces += [[folded[:n], 0.01, folded[n:]] for n in (20, 52, 56, 90)]
    for steps in pieces:
        with Server([READ, *steps, READ, ok(b"next")]) as server:
            ledger = Ledger()
            client = client_of(server, ledger)
            first = client.get("/")
            assert (first.status_code, first.content) == (200, b"hi\r\n  there"), (steps, first.error)
            assert first.headers["x-a"].split() == ["one", "two", "three"]
            assert first.headers["x-b"] == "b"
            assert client.cookies["a"] == "1"
            assert client.get("/").text == "next"
            assert (server.connections, ledger.outcomes) == (1, ["ok", "ok"])


def check_a_length_that_is_said_twice_is_one_if_it_is_the_same() -> None:
    """RFC 9110 §8.6; with differing ones it is a protocol failure, see below."""
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    for lines in (
        b"Content-Length: 5\r\nContent-Length: 5",
        b"Content-Length: 5, 5",
        b"content-length:5\r\nX-A: a\r\nContent-Length: 5,5",
        b"X-A: a\r\n b\r\nContent-Length: 5\r\nX-B: b\r\nContent-Length: 5",
    ):
        whole = b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n\r\nhello"
        pieces: list[list[Any]] = [[whole], [interim + whole]]
        pieces += [[whole[:n], 0.01, whole[n:]] for n in (34, 38, len(whole) - 3)]
        for steps in pieces:
            with Server([READ, *steps, READ, ok(b"next")]) as server:
                ledger = Ledger()
                client = client_of(server, ledger)
                first = client.get("/")
                assert (first.text, first.headers["content-length"]) == ("hello", "5"), (steps, first.error)
                assert client.get("/").text == "next"
                assert (server.connections, ledger.outcomes) == (1, ["ok", "ok"])


def check_a_folded_head_without_end_is_cut() -> None:
    endless = b"HTTP/1.1 200 OK\r\nX-A: a\r\n" + b" aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 5_000
    assert one(READ, endless, 1.0)[1].outcomes == ["protocol"]
    assert one(READ, endless[:200], CLOSE)[1].outcomes == ["reset"]


def check_malformed_answers_are_protocol_failures() -> None:
    for raw in (
        b"garbage\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"<html>HTTP/0.9</html>",
        b"HTTP/1.1 200 OK\r\n X-A: a\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 0\r\n\r\n0123456789",
        b"HTTP/1.1 200 OK\r\nBad Name: a\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2, 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: x, x\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ):
        response, ledger, _ = one(READ, raw, 0.1, CLOSE)
        assert ledger.outcomes == ["protocol"], (raw, ledger.calls)
        assert response.status_code == 0
        assert not response.ok
        assert response.error


def check_compressed_bodies_are_decoded_when_asked_for() -> None:
    text = b"hello " * 500
    raw_deflate = zlib.compressobj(wbits=-15)
    bare = raw_deflate.compress(text) + raw_deflate.flush()
    twice = gzip.compress(zlib.compress(text))
    members = gzip.compress(text[:1000]) + gzip.compress(text[1000:])
    for body, coding in (
        (gzip.compress(text), "gzip"),
        (zlib.compress(text), "deflate"),
        (bare, "deflate"),
        (twice, "deflate, gzip"),
        (members, "GZIP"),
    ):
        response, _, _ = one(READ, ok(body, f"CONTENT-Encoding: {coding}"))
        assert response.content == text, coding


def check_identity_is_asked_for_unless_the_scenario_says_otherwise() -> None:
    with Server([READ, ok(), READ, ok()]) as server:
        client = client_of(server)
        client.get("/")
        client.headers["accept-encoding"] = "gzip"
        client.get("/")
        assert b"\r\nAccept-Encoding: identity\r\n" in server.requests[0]
        assert b"\r\naccept-encoding: gzip\r\n" in server.requests[1]
        assert b"identity" not in server.requests[1]


def check_a_large_upload_and_a_large_download_arrive_whole() -> None:
    body = bytes(range(256)) * 40_000
    with Server([READ, ok(body[::-1])]) as server:
        response = client_of(server).post("/", data=body)
        assert response.content == body[::-1]
        assert server.requests[0].endswith(body)
        assert f"Content-Length: {len(body)}".encode() in server.requests[0]


def check_an_early_answer_to_a_large_upload_is_the_answer() -> None:
    reject = ok(b"too big", status="413 Content Too Large")

    def read_a_little(talk: Any) -> None:
        talk.recv(1000)

    ends: list[list[Any]] = [[0.3, CLOSE], [RST]]
    for end in ends:
        with Server([read_a_little, reject, 10.0, *end]) as server:  # until then the answer can be read
            ledger = Ledger()
            response = client_of(server, ledger).post("/", data=b"x" * 20_000_000)
            assert (response.status_code, ledger.outcomes) == (413, ["http_4xx"]), (end, response.error)


def check_a_server_that_half_closes_after_the_answer_is_not_reused() -> None:
    with Server([READ, ok(b"1"), FIN, WAIT_CLOSE], [READ, ok(b"2")]) as server:
        client = client_of(server)
        assert client.get("/").text == "1"
        await_news(client)
        assert client.post("/").text == "2"
        assert client.retries == 0
