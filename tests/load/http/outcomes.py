"""How a request ends: each failure class, deadlines, the with block, redirects, cookies, names, killed users."""

import gzip
import resource
import time
from collections.abc import Callable
from typing import Any

import gevent

from readiness.load.http.client import Client
from readiness.load.http.failures import Failure, of_os_error
from tests.load.http.conformance import client_of, one
from tests.load.http.ledger import Ledger
from tests.load.http.server import CLOSE, READ, RST, WAIT_CLOSE, Server, ok, until


def raised(kind: type[BaseException], call: Callable[[], object]) -> BaseException:
    try:
        call()
    except kind as problem:
        return problem
    raise AssertionError(f"{kind.__name__} was not raised")


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


def check_the_second_address_is_tried() -> None:
    with Server([READ, ok(b"1")]) as server:
        ledger = Ledger()
        client = client_of(server, ledger, addresses=["127.0.0.9", "127.0.0.1"])
        assert client.get("/").text == "1"
        assert ledger.outcomes == ["ok"]


def check_a_full_accept_queue_is_connect_timeout() -> None:
    import _socket

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
    assert all(0.2 <= call.took_s < 2 for call in ledger.calls)
    for sock in [full, *fillers]:
        sock.close()


def check_a_dripping_server_meets_the_total_deadline() -> None:
    drip = [piece for _ in range(200) for piece in (b"x", 0.02)]
    for head in (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-A: "):
        ledger = one(READ, head, *drip, timeout_s=0.3)[1]
        assert ledger.outcomes == ["timeout"]
        assert 0.3 <= ledger.calls[0].took_s < 1.5


def check_a_silent_server_is_a_timeout_and_timeout_can_be_given_per_request() -> None:
    with Server([READ, 5], [READ, 5]) as server:
        ledger = Ledger()
        client = client_of(server, ledger, timeout_s=0.2)
        client.get("/")
        client.get("/", timeout=0.1)
        assert ledger.outcomes == ["timeout", "timeout"]
        assert server.connections == 2


def check_an_answer_behind_the_deadline_is_a_timeout() -> None:
    assert one(READ, 0.105, ok(), timeout_s=0.1)[1].outcomes == ["timeout"]


def check_an_upload_that_nobody_reads_is_a_timeout() -> None:
    with Server([1.5]) as server:
        ledger = Ledger()
        client_of(server, ledger, timeout_s=0.3).post("/", data=b"x" * 30_000_000)
        assert ledger.outcomes == ["timeout"]


def check_a_reset_is_a_reset() -> None:
    assert one(READ, RST)[1].outcomes == ["reset"]
    assert one(READ, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", 0.05, RST)[1].outcomes == ["reset"]


def check_a_close_before_or_in_the_head_is_a_protocol_failure() -> None:
    assert one(READ, CLOSE)[1].outcomes == ["protocol"]
    assert one(READ, b"HTTP/1.1 200 OK\r\nContent-", CLOSE)[1].outcomes == ["protocol"]


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


def check_a_bomb_is_too_large_in_the_block_and_never_unpacked() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    damaged = b"\x1f\x8bjunk"
    answers = [ok(body, "Content-Encoding: gzip") for body in (bomb, damaged)]
    with Server([READ, answers[0], READ, answers[1]]) as server:
        ledger = Ledger()
        client = client_of(server, ledger, max_body_bytes=1_000_000)

        def read() -> None:
            with client.get("/", catch_response=True) as response:
                response.json()

        raised(Failure, read)
        raised(Failure, read)
        assert ledger.outcomes == ["too_large", "protocol"]


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
    import errno

    assert of_os_error(OSError(errno.EADDRNOTAVAIL, "x"), connecting=True).failure == "local_ports"
    assert of_os_error(OSError(errno.ETIMEDOUT, "x"), connecting=True).failure == "connect_timeout"
    assert of_os_error(OSError(errno.ETIMEDOUT, "x")).failure == "timeout"
    assert of_os_error(OSError(errno.ENFILE, "x")).failure == "local_fds"


def check_another_host_gets_nothing() -> None:
    with Server([READ, ok(b"1")]) as server, Server([READ, ok(b"2")]) as other:
        ledger = Ledger()
        client = client_of(server, ledger)
        for url in (other.url + "/x", "http://localhost.example/", f"https://127.0.0.1:{server.port}/"):
            response = client.get(url)
            assert response.status_code == 0
            assert "not the target" in response.error
        assert ledger.outcomes == ["not_allowed"] * 3
        assert other.connections == 0
        assert server.connections == 0
        assert client.get(server.url + "/y?z=1").text == "1"
        assert server.requests[0].startswith(b"GET /y?z=1 HTTP/1.1\r\n")


def check_error_text_from_the_target_is_harmless() -> None:
    response, ledger, _ = one(READ, ok(b"", status="500 \x1b[31mred\x07"))
    assert ledger.outcomes == ["protocol"] or "\x1b" not in response.reason
    assert all("\x1b" not in call.detail for call in ledger.calls)


def check_the_scenarios_own_mistakes_are_recorded_and_raised() -> None:
    with Server([READ, ok()]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)
        raised(ValueError, lambda: client.get("/", headers={"X-A": "a\r\nX-Evil: 1"}))
        raised(ValueError, lambda: client.get("/", headers={"X A": "a"}))
        raised(TypeError, lambda: client.post("/", json={"a": object()}))
        raised(ValueError, lambda: client.request("GET /evil HTTP/1.1\r\nX:", "/"))
        raised(ValueError, lambda: client.get("http://[bad/"))
        raised(ValueError, lambda: client.get("/", headers={"Content-Length": "3"}))
        assert ledger.outcomes == ["script"] * 6
        assert server.connections == 0


def check_line_breaks_in_a_path_are_encoded() -> None:
    with Server([READ, ok()]) as server:
        client_of(server).get("/a b\r\nX-Evil: 1/ä?q=ü#frag")
        assert server.requests[0].startswith(b"GET /a%20b%0D%0AX-Evil:%201/%C3%A4?q=%C3%BC HTTP/1.1\r\n")


def check_names_come_from_method_and_path_or_as_given() -> None:
    with Server([READ, ok()] * 5) as server:
        ledger = Ledger()
        client = client_of(server, ledger)
        client.get("/a/1?x=2")
        client.get("/a/1", "/a/{id}")
        client.get("/a/1", name="n")
        client.post("/b", params={"q": "1"})
        client.put("/c", name="put it")
        assert [call.name for call in ledger.calls] == ["GET /a/1", "/a/{id}", "n", "POST /b", "put it"]


def check_bodies_params_and_auth_are_what_requests_sends() -> None:
    with Server([READ, ok()] * 6) as server:
        client = client_of(server)
        client.post("/", {"a": "1 2", "b": ["x", "y"]})
        client.post("/", json={"a": 1})
        client.put("/", data="ü")
        client.get("/", params={"a": "b c", "n": None}, auth=("u", "p"))
        client.post("/")
        client.get("/", headers={"User-Agent": None, "X-A": 1})
        heads = [request.partition(b"\r\n\r\n") for request in server.requests]
        assert heads[0][2] == b"a=1+2&b=x&b=y"
        assert b"Content-Type: application/x-www-form-urlencoded" in heads[0][0]
        assert heads[1][2] == b'{"a": 1}'
        assert b"Content-Type: application/json" in heads[1][0]
        assert heads[2][2] == "ü".encode()
        assert b"Content-Length: 2" in heads[2][0]
        assert heads[3][0].startswith(b"GET /?a=b+c HTTP/1.1")
        assert b"Authorization: Basic dTpw" in heads[3][0]
        assert b"Content-Length: 0" in heads[4][0]
        assert b"Content-Length" not in heads[3][0]
        assert b"User-Agent" not in heads[5][0]
        assert b"X-A: 1" in heads[5][0]
        assert all(head[0].count(b"Host: 127.0.0.1:") == 1 for head in heads)


def check_the_with_block_judges() -> None:
    with Server([READ, ok(status="500 Oops"), READ, ok(), READ, ok(), READ, ok(), READ, ok(status="404 No")]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)
        with client.get("/", catch_response=True) as response:
            assert ledger.outcomes == ["open"]
            response.success()
        with client.get("/", catch_response=True) as response:
            response.failure("wrong colour")

        def wrong() -> None:
            with client.get("/", catch_response=True) as response:
                assert response.text == "blue", "not blue"

        def broken() -> None:
            with client.get("/", catch_response=True) as response:
                response.success()
                raise KeyError("x")

        raised(AssertionError, wrong)
        raised(KeyError, broken)
        with client.get("/", catch_response=True):
            time.sleep(0.05)
        assert ledger.outcomes == ["ok", "assertion", "assertion", "script", "http_4xx"]
        details = [call.detail for call in ledger.calls]
        assert details[1:4] == ["wrong colour", "not blue", "KeyError: 'x'"]
        assert ledger.calls[4].took_s < 0.05 + 1  # the block's own time is not the target's


def check_latency_ends_with_the_answer_not_with_the_block() -> None:
    with Server([READ, ok()]) as server:
        ledger = Ledger()
        with client_of(server, ledger).get("/", catch_response=True):
            gevent.sleep(0.3)
        assert ledger.calls[0].took_s < 0.3


def check_a_failed_transport_in_a_with_block_is_recorded_once() -> None:
    with Server([READ, CLOSE]) as server:
        ledger = Ledger()
        with client_of(server, ledger).get("/", catch_response=True) as response:
            assert response.status_code == 0
        assert ledger.outcomes == ["protocol"]


def check_raise_for_status_in_a_block_counts_the_status() -> None:
    with Server([READ, ok(status="503 No")]) as server:
        ledger = Ledger()
        with client_of(server, ledger).get("/", catch_response=True) as response:
            response.raise_for_status()
        assert ledger.outcomes == ["http_5xx"]


def check_exceptions_that_steer_the_task_do_not_fail_the_request() -> None:
    class StopUser(Exception):
        pass

    def stop() -> None:
        with client.get("/", catch_response=True):
            raise StopUser

    with Server([READ, ok()]) as server:
        ledger = Ledger()
        client = client_of(server, ledger, control_flow=(StopUser,))
        raised(StopUser, stop)
        assert ledger.outcomes == ["ok"]


def check_a_caught_response_that_no_block_judged_is_recorded() -> None:
    with Server([READ, ok(), READ, ok(status="500 Oops"), READ, ok()]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)
        client.get("/", catch_response=True)
        client.get("/", catch_response=True)
        assert ledger.outcomes == ["ok", "open"]
        client.close()
        assert ledger.outcomes == ["ok", "http_5xx"]


def check_judging_a_recorded_request_is_an_error() -> None:
    with Server([READ, ok()]) as server:
        response = client_of(server).get("/")
        raised(RuntimeError, response.success)
        raised(RuntimeError, lambda: response.failure("x"))
        raised(RuntimeError, response.__enter__)


def check_a_killed_user_leaves_its_request_in_flight_and_its_connection_is_dropped() -> None:
    closed: list[bytes] = []
    with Server([READ, ok(), READ, lambda talk: closed.append(talk.recv(1))]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)
        client.get("/")
        user = gevent.spawn(client.get, "/slow")
        assert until(lambda: len(server.requests) == 2)
        user.kill()
        assert ledger.outcomes == ["ok", "open"]
        assert until(lambda: closed == [b""])


def check_a_kill_while_connecting_or_sending_leaves_nothing_behind() -> None:
    with Server([1.0]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)
        user = gevent.spawn(client.post, "/", b"x" * 30_000_000)
        assert until(lambda: server.connections == 1)
        gevent.sleep(0.05)
        user.kill()
        assert ledger.outcomes == ["open"]


def check_the_scenarios_own_time_limit_is_a_timeout() -> None:
    with Server([READ, 2.0]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)

        def limited() -> None:
            with gevent.Timeout(0.1):
                client.get("/")

        raised(gevent.Timeout, limited)
        assert ledger.outcomes == ["timeout"]


def check_redirects_are_off_unless_asked_for_and_stay_at_home() -> None:
    def to(place: str, status: str = "302 Found") -> bytes:
        return ok(b"", f"Location: {place}", status=status)

    with Server([READ, to("/b"), READ, to("/b"), READ, ok(b"there")]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)
        assert client.get("/a").status_code == 302
        assert ledger.outcomes == ["http_3xx"]
        response = client.post("/a", {"x": 1}, allow_redirects=True)
        assert response.text == "there"
        assert response.url == server.url + "/b"
        assert server.requests[2].startswith(b"GET /b ")
        assert b"Content-Type" not in server.requests[2]
        assert ledger.outcomes == ["http_3xx", "ok"]
        assert ledger.calls[1].name == "POST /a"
    with Server([READ, to("/b", "307 Temporary Redirect"), READ, ok()]) as server:
        client_of(server).post("/a", "body", allow_redirects=True)
        assert server.requests[1].startswith(b"POST /b ")
        assert server.requests[1].endswith(b"body")
    with Server([READ, to("c?d"), READ, ok()]) as server:
        client_of(server).get("/a/b", allow_redirects=True)
        assert server.requests[1].startswith(b"GET /a/c?d ")
    with Server([READ, to("/a")] * 10) as server:
        ledger = Ledger()
        client_of(server, ledger).get("/a", allow_redirects=True)
        assert ledger.outcomes == ["http_3xx"]
        assert len(server.requests) == 6
    for place in ("http://127.0.0.1:1/", "//example.com/", "https://127.0.0.1/", "file:///etc/passwd", "http://[x/"):
        with Server([READ, to(place)]) as server:
            ledger = Ledger()
            response = client_of(server, ledger).get("/a", allow_redirects=True)
            assert not response.ok
            assert ledger.outcomes in (["not_allowed"], ["protocol"]), (place, ledger.calls)
            assert len(server.requests) == 1


def check_cookies_are_kept_for_their_path_and_deleted() -> None:
    answers = [
        ok(b"", "Set-Cookie: a=1; Path=/", "set-cookie: b=2; Path=/x; HttpOnly", "Set-Cookie: s=3; Secure; Path=/"),
        ok(b"", "Set-Cookie: o=1; Domain=other.example", "Set-Cookie: l=5; Max-Age=3600", "Set-Cookie: broken"),
        ok(b"", "Set-Cookie: a=; Max-Age=0; Path=/", "Set-Cookie: b=; Path=/x; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ok(),
    ]
    with Server([step for answer in answers for step in (READ, answer)] + [READ, ok(), READ, ok()]) as server:
        client = client_of(server)
        first = client.get("/login")
        assert first.cookies == {"a": "1", "b": "2", "s": "3"}
        client.get("/x/y")
        client.get("/xy")
        client.get("/")
        client.cookies["mine"] = "7"
        client.get("/x", cookies={"once": "8"})
        client.cookies.clear()
        client.get("/x")

        def sent(request: bytes) -> str | None:
            lines = [line for line in request.split(b"\r\n") if line.startswith(b"Cookie: ")]
            return lines[0].decode() if lines else None

        assert [sent(request) for request in server.requests] == [
            None,
            "Cookie: b=2; a=1",
            "Cookie: a=1",
            None,
            "Cookie: l=5; mine=7; once=8",
            None,
        ]
        raised(ValueError, lambda: client.cookies.__setitem__("x", "1; y=2"))


def check_the_watched_header_is_told_for_answers_only() -> None:
    with Server([READ, ok(b"", "X-CACHE: HIT"), READ, ok(), READ, CLOSE]) as server:
        ledger = Ledger(watched_header="x-cache")
        client = client_of(server, ledger)
        client.get("/")
        client.get("/")
        client.post("/")
        assert [call.header for call in ledger.calls] == [["HIT"], [None], []]


def check_an_open_load_counts_from_the_intended_start_once() -> None:
    with Server([READ, ok(), READ, ok()]) as server:
        ledger = Ledger()
        client = client_of(server, ledger, timeout_s=1.0)
        due = time.perf_counter() - 3.0
        client.intended_s = due
        assert client.get("/").elapsed_s > 3.0
        client.get("/")
        assert ledger.outcomes == ["ok", "ok"]  # the deadline runs from the sending
        assert ledger.calls[0].start_s == due
        assert ledger.calls[1].start_s > due + 3.0


def check_the_request_event_has_locusts_fields() -> None:
    events: list[dict[str, Any]] = []
    with Server([READ, ok(b"abc"), READ, ok(status="500 Oops")]) as server:
        client = client_of(server, on_request=lambda **fields: events.append(fields))
        client.get("/a", name="n", context={"k": 1})
        client.post("/b")
    first, second = events
    assert first["request_type"] == "GET"
    assert first["name"] == "n"
    assert first["response_length"] == 3
    assert first["exception"] is None
    assert first["context"] == {"k": 1}
    assert first["url"] == server.url + "/a"
    assert 0 < first["response_time"] < 5000
    assert abs(first["start_time"] - time.time()) < 10
    assert isinstance(second["exception"], Failure)
    assert second["response"].status_code == 500


def check_many_greenlets_share_the_poll_and_one_client_serves_several() -> None:
    script = [step for _ in range(20) for step in (READ, 0.002, ok(b"x"))] + [WAIT_CLOSE]
    with Server(script, repeat=True) as server:
        ledger = Ledger()
        clients = [client_of(server, ledger) for _ in range(10)]

        def user(client: Any) -> None:
            for _ in range(20):
                assert client.get("/").text == "x"

        gevent.joinall([gevent.spawn(user, client) for client in clients], raise_error=True)
        assert ledger.outcomes == ["ok"] * 200
        assert server.connections == 10
        shared = client_of(server, ledger)
        gevent.joinall([gevent.spawn(shared.get, "/") for _ in range(5)], raise_error=True)
        assert shared.connections == 5
        assert len(server.requests) == 205


def check_descriptor_numbers_are_reused_without_mixing_answers() -> None:
    import random

    def echo(talk: Any) -> None:
        data = talk.recv(65536)
        if data:
            talk.sendall(ok(data.split()[1], "Connection: close"))

    with Server([echo], repeat=True) as server:

        def user(number: Any) -> None:
            client = client_of(server)
            for turn in range(15):
                path = f"/{number}/{turn}"
                assert client.get(path).text == path
                if random.random() < 0.2:
                    killed = gevent.spawn(client_of(server).get, "/never")
                    gevent.sleep(0)
                    killed.kill()

        gevent.joinall([gevent.spawn(user, number) for number in range(20)], raise_error=True)


def check_environment_proxies_are_not_used() -> None:
    import os

    os.environ["http_proxy"] = os.environ["HTTP_PROXY"] = "http://127.0.0.1:1"
    try:
        with Server([READ, ok(b"1")]) as server:
            assert client_of(server).get("/").text == "1"
    finally:
        del os.environ["http_proxy"], os.environ["HTTP_PROXY"]


def check_a_base_path_and_credentials_in_the_base_url_are_used() -> None:
    with Server([READ, ok()]) as server:
        url = f"http://us%40er:pw@127.0.0.1:{server.port}/base/"
        response = Client(url, scenario="s", recorder=Ledger(), addresses=["127.0.0.1"]).get("/x")
        assert server.requests[0].startswith(b"GET /base/x ")
        assert b"Authorization: Basic dXNAZXI6cHc=" in server.requests[0]
        assert response.url == f"http://127.0.0.1:{server.port}/base/x"
