"""HttpUser and FastHttpUser as the engine lends them its ledger, its deadlines and its sockets."""

import gc
import os
import select
import ssl
from typing import Any

import gevent
from gevent.lock import Semaphore
from gevent.monkey import get_original
from locust import FastHttpUser, HttpUser
from locust.env import Environment
from locust.event import Events
from locust.exception import StopUser

from readiness.load.stock.clients import StockClients
from readiness.load.stock.insides import improve
from readiness.load.stock.row import Row
from readiness.load.stock.sockets import PolledSocket
from tests.load.http.ledger import Ledger
from tests.load.http.running import raised
from tests.load.http.server import CLOSE, READ, WAIT_CLOSE, Server, ok, until
from tests.load.http.tls import AUTHORITY, Talk

KINDS: tuple[type[Any], ...] = (HttpUser, FastHttpUser)
FIELDS = ("request_type", "name", "response_length", "exception", "context", "url", "start_time", "response_time")

improve()


def user_of(kind: type[Any], url: str, timeout_s: float = 10.0, **settings: Any) -> tuple[Any, Ledger]:
    """A user as the engine makes it; what it sends is in the ledger."""
    ledger = Ledger()
    environment = Environment(user_classes=[], events=Events(), host=url)
    clients = StockClients(ledger, timeout_s)  # type: ignore[arg-type]

    def own(**fields: Any) -> None:
        assert not clients.end(fields), "what the session told must not come this way too"

    environment.events.request.add_listener(own)
    user = type("Shopper", (kind,), {"host": url, **settings})(environment)
    clients.wrap(user, own)
    return user, ledger


def listen(user: Any) -> list[dict[str, Any]]:
    """What scenario code hears of the `request` event from now on."""
    heard: list[dict[str, Any]] = []
    user.environment.events.request.add_listener(lambda **fields: heard.append(fields))
    return heard


def check_a_listener_hears_what_locust_tells() -> None:
    for kind in KINDS:
        with Server([READ, ok(b"12345"), READ, ok(b"", status="500 Oops")], repeat=True) as server:
            user, ledger = user_of(kind, server.url)
            plain = type("Shopper", (kind,), {"host": server.url})(Environment(events=Events(), host=server.url))
            ours, theirs = listen(user), listen(plain)
            for one in (user, plain):
                one.client.get("/a", name="[a]", context={"who": "me"})
                with one.client.get("/b", catch_response=True) as response:
                    response.failure("no")
        assert ledger.outcomes == ["ok", "http_5xx"]
        for mine, locusts in zip(ours, theirs, strict=True):
            assert mine.keys() == locusts.keys() >= set(FIELDS)
            assert type(mine["response"]) is type(locusts["response"])
            for field in FIELDS[:-2]:
                assert repr(mine[field]) == repr(locusts[field]), field
            assert mine["response_time"] > 0


def check_a_listener_may_steer_the_user() -> None:
    def steer(**_: Any) -> None:
        raise StopUser

    for kind in KINDS:
        with Server([READ, ok(b"x")]) as server:
            user, ledger = user_of(kind, server.url)
            user.environment.events.request.add_listener(steer)
            raised(StopUser, lambda user=user: user.client.get("/"))  # type: ignore[misc]
        assert ledger.outcomes == ["ok"]


def check_an_answer_is_whole_before_the_total_deadline_or_a_timeout() -> None:
    drips = [step for _ in range(100) for step in (b"x", 0.05)]
    for kind, settings in ((HttpUser, {}), (FastHttpUser, {}), (FastHttpUser, {"max_retries": 3})):
        for script in ([READ, 5.0], [READ, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", *drips]):
            with Server(script) as server:
                user, ledger = user_of(kind, server.url, timeout_s=0.3, **settings)
                assert user.client.get("/").status_code == 0
            assert ledger.outcomes == ["timeout"], (kind, settings)
            assert server.connections == 1


def check_the_networks_own_timeout_is_kept() -> None:
    with Server([READ, 5.0]) as server:
        user, ledger = user_of(FastHttpUser, server.url, network_timeout=0.1)
        assert user.client.get("/").status_code == 0
    assert ledger.outcomes == ["timeout"]


def check_a_connection_is_kept_whatever_the_answers_size() -> None:
    large = os.urandom(300_000)
    bodies = (b"", b"x" * 4096, large, b"x" * (3 * 4096), b"end")
    with Server([step for body in bodies for step in (READ, ok(body))]) as server:
        user, ledger = user_of(FastHttpUser, server.url)
        assert [user.client.post("/", data=large).content for _ in bodies] == list(bodies)
        assert [request.partition(b"\r\n\r\n")[2] for request in server.requests] == [large] * len(bodies)
    assert (ledger.outcomes, server.connections) == (["ok"] * len(bodies), 1)


def check_a_body_may_be_left_to_the_scenario() -> None:
    with Server([READ, ok(b"a\nb\n"), READ, ok(b"whole"), READ, ok(b"next")], repeat=True) as server:
        for kind in KINDS:
            user, ledger = user_of(kind, server.url)
            heard = listen(user)
            if kind is FastHttpUser:
                assert list(user.client.iter_lines("/")) == ["a", "b"]
            else:
                assert list(user.client.get("/", stream=True).iter_lines()) == [b"a", b"b"]
            assert user.client.get("/", stream=True).content == b"whole"
            assert user.client.get("/").content == b"next"
            assert ledger.outcomes == ["ok"] * 3
            assert [fields["response_length"] for fields in heard] == [4, 5, 4]


def check_an_answer_in_pieces_is_put_together() -> None:
    with Server([READ, b"HTTP/1.1 200 OK\r\nContent-", 0.05, b"Length: 4\r\n\r\nab", 0.05, b"cd"]) as server:
        user, ledger = user_of(FastHttpUser, server.url)
        assert user.client.get("/").content == b"abcd"
    assert ledger.outcomes == ["ok"]


def check_an_idle_connection_that_was_closed_is_replaced() -> None:
    told: list[bool] = []
    sleep = get_original("time", "sleep")

    def wait(_: Any) -> None:  # until the answer before was read
        while not told:
            sleep(0.005)

    late = b"HTTP/1.1 408 Late\r\n\r\n"
    for kind in KINDS:
        with Server([READ, ok(b"1"), wait, CLOSE], [READ, ok(b"2"), wait, late, 5.0], [READ, ok(b"3")]) as server:
            user, ledger = user_of(kind, server.url)
            for expected in (b"1", b"2"):
                told.clear()
                assert user.client.post("/").content == expected
                told.append(True)
                watching = get_original("select", "poll")()
                watching.register(idle(user).fileno(), select.POLLIN)
                assert until(lambda watching=watching: bool(watching.poll(0)))  # type: ignore[misc]
            assert user.client.post("/").content == b"3"
        assert (ledger.outcomes, server.connections) == (["ok"] * 3, 3), kind


def idle(user: Any) -> Any:
    """The one idle connection of a user."""
    if isinstance(user, FastHttpUser):
        [client] = user.client.client.clientpool.clients.values()
        [sock] = client._connection_pool._socket_queue.queue
        return sock
    [pool] = user.client.get_adapter(user.host).poolmanager.pools._container.values()
    [connection] = [one for one in pool.pool.queue if one is not None]
    return connection.sock


def check_tls() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    with Server([READ, ok(b"x" * 100_000), READ, ok(b"y")], tls=lambda sock: Talk(sock, context)) as server:
        user, ledger = user_of(FastHttpUser, server.url)
        assert [len(user.client.get("/").content) for _ in range(2)] == [100_000, 1]
    assert (ledger.outcomes, server.connections) == (["ok", "ok"], 1)


def check_cookies_are_kept_and_sent() -> None:
    with Server([READ, ok(b""), READ, ok(b"", "Set-Cookie: a=1; Path=/"), READ, ok(b"")]) as server:
        user, _ = user_of(FastHttpUser, server.url)
        for _ in range(3):
            user.client.get("/")
        assert [b"\r\nCookie: a=1\r\n" in request for request in server.requests] == [False, False, True]
        assert [cookie.name for cookie in user.client.cookiejar] == ["a"]


def check_a_socket_closed_by_another_greenlet_ends_the_wait() -> None:
    with Server([READ, WAIT_CLOSE]) as server:
        user, ledger = user_of(FastHttpUser, server.url)
        asking = gevent.spawn(lambda: user.client.get("/").status_code)
        assert until(lambda: len(server.requests) == 1 and bool(_waiting(asking)))
        for sock in _waiting(asking):
            sock.close()
        assert asking.get(timeout=5) == 0
    assert ledger.outcomes == ["protocol"]


def _waiting(greenlet: Any) -> list[PolledSocket]:
    """Sockets whose answer the greenlet waits for."""
    sockets = [one for one in gc.get_objects() if type(one) is PolledSocket]
    return [one for one in sockets if one._place is not None and one._place.waiter is greenlet]


def check_a_thread_of_the_scenarios_own_may_ask() -> None:
    for kind in KINDS:
        with Server([READ, ok(b"x"), READ, ok(b"y")]) as server:
            user = type("Shopper", (kind,), {"host": server.url})(Environment(events=Events(), host=server.url))
            asked = gevent.get_hub().threadpool.spawn(lambda user=user: [user.client.get("/").content for _ in "12"])
            assert asked.get(timeout=10) == [b"x", b"y"]
        assert server.connections == 1


def check_who_is_killed_in_the_row_is_not_sent_off_later() -> None:
    row, told, hold = Row(), [], Semaphore(0)

    def sender() -> None:
        try:
            row.join()
            told.append("sent")
        except gevent.GreenletExit:
            hold.acquire()  # such as an on_stop that asks something: nobody but the owner may end this wait
            told.append("stopped")

    first, second = gevent.spawn(sender), gevent.spawn(sender)
    gevent.get_hub().loop.run_callback(lambda: first.throw(gevent.GreenletExit))
    second.join(timeout=5)
    gevent.sleep(0.05)
    assert told == ["sent"]
    hold.release()
    first.join(timeout=5)
    assert told == ["sent", "stopped"]
