"""Who ends a request: the with block, the status, a killed user; and what the recorder is told."""

import random
import time
from typing import Any

import gevent

from readiness.load.http.failures import Failure
from readiness.load.recorder import Recorder
from tests.load.http.conformance import client_of
from tests.load.http.ledger import Ledger
from tests.load.http.running import raised
from tests.load.http.server import CLOSE, HANG, READ, WAIT_CLOSE, Server, ok, until


def check_the_with_block_judges() -> None:
    with Server([READ, ok(status="500 Oops"), *[READ, ok()] * 4, READ, ok(status="404 No")]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)
        with client.get("/", catch_response=True) as response:
            assert ledger.outcomes == ["open"]
            response.success()
        with client.get("/", catch_response=True) as response:
            response.failure("wrong colour")
        with client.get("/", catch_response=True) as response:
            response.failure(KeyError("colour"))

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
            entered_s = time.perf_counter()
            time.sleep(0.05)
        assert ledger.outcomes == ["ok", "assertion", "assertion", "assertion", "script", "http_4xx"]
        details = [call.detail for call in ledger.calls]
        assert details[1:5] == ["wrong colour", "KeyError('colour')", "not blue", "KeyError: 'x'"]
        assert (ledger.calls[5].end_s or entered_s) < entered_s  # the block's own time is not the target's


def check_latency_ends_with_the_answer_not_with_the_block() -> None:
    with Server([READ, ok()]) as server:
        ledger = Ledger()
        with client_of(server, ledger).get("/", catch_response=True):
            entered_s = time.perf_counter()
            gevent.sleep(0.05)
        assert (ledger.calls[0].end_s or entered_s) < entered_s


def check_a_failed_transport_in_a_with_block_is_recorded_once() -> None:
    with Server([READ, CLOSE]) as server:
        ledger = Ledger()
        with client_of(server, ledger).get("/", catch_response=True) as response:
            response.failure(f"status {response.status_code}, expected 200")
        assert ledger.outcomes == ["reset"]
        assert ledger.calls[0].detail == "the connection was closed without an answer"


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


def check_a_scenarios_reason_stands_beside_the_status() -> None:
    moved = ok(b"", "Location: /login?next=/", status="302 Found")
    with Server([READ, ok(status="400 No"), READ, ok(status="404 No"), READ, moved, READ, ok(), READ, moved]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)
        for reason in ("no list", "status 404, expected 200", "not in", "no list", KeyError("list")):
            with client.get("/", catch_response=True) as response:
                response.failure(reason)
        assert [(call.failure, call.detail) for call in ledger.calls] == [
            ("http_4xx", "HTTP 400 (no list)"),
            ("http_4xx", "status 404, expected 200"),
            ("http_3xx", "HTTP 302 to /login (not in)"),
            ("assertion", "no list"),
            ("http_3xx", "HTTP 302 to /login (KeyError('list'))"),
        ]


def check_a_late_answer_of_any_status_ends_the_standstill() -> None:
    steps = [READ, 1.05, ok(status="302 Found"), READ, 1.05, ok(), READ, 1.05, ok(status="503 No")]
    with Server([*steps, READ, 1.05, CLOSE]) as server:
        recorder = Recorder()
        recorder.start_s = 0.0
        client = client_of(server, recorder=recorder)
        with client.post("/login", catch_response=True) as response:
            response.success()
        with client.get("/", catch_response=True) as response:
            response.failure("not fine")
        client.get("/")
        client.post("/gone")
        assert [stall.answered for stall in recorder.take(9.0, 0).stalls] == [True, True, True, False]


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
    with Server([HANG]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)
        user = gevent.spawn(client.post, "/", b"x" * 30_000_000)
        assert until(lambda: server.connections == 1)
        gevent.sleep(0.05)
        user.kill()
        assert ledger.outcomes == ["open"]


def check_the_scenarios_own_time_limit_is_a_timeout() -> None:
    with Server([READ, HANG]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)

        def limited() -> None:
            with gevent.Timeout(0.1):
                client.get("/")

        raised(gevent.Timeout, limited)
        assert ledger.outcomes == ["timeout"]


def check_a_watch_sees_answers_only() -> None:
    with Server([READ, ok(b"", "X-CACHE: HIT"), READ, ok(), READ, CLOSE]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)
        client.get("/")
        client.get("/")
        client.post("/")
        assert [call.seen for call in ledger.calls] == [[(200, True)], [(200, False)], []]


def check_an_open_load_counts_from_the_intended_start_once() -> None:
    with Server([READ, ok(), READ, ok()]) as server:
        ledger = Ledger()
        client = client_of(server, ledger, timeout_s=25.0)
        due = time.perf_counter() - 30.0
        client.intended_s = due
        assert client.get("/").elapsed_s > 30.0
        client.get("/")
        assert ledger.outcomes == ["ok", "ok"]  # the deadline runs from the sending
        assert ledger.calls[0].start_s == due
        assert ledger.calls[1].start_s > due + 30.0


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
