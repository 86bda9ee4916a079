"""HttpUser and FastHttpUser as the engine lends them its ledger, its deadlines and its sockets."""

import gc
import gzip
import os
import pickle
import re
import select
import ssl
import zlib
from decimal import Decimal
from functools import partial
from typing import Any
from unittest import mock

import brotli  # type: ignore[import-untyped]
import gevent
from gevent.lock import Semaphore
from gevent.monkey import get_original
from locust import FastHttpUser, HttpUser
from locust.env import Environment
from locust.event import Events
from locust.exception import StopUser
from requests import Session
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as Unreachable

from readiness.load.addresses import Addresses
from readiness.load.connections import allow_only
from readiness.load.http.resends import Resends
from readiness.load.locust_clients.clients import StockClients
from readiness.load.locust_clients.patches import improve
from readiness.load.locust_clients.send_batch import SendBatch
from readiness.load.locust_clients.sockets import PolledSocket
from readiness.load.recorder import Recorder
from tests.load.http.ledger import Ledger
from tests.load.http.running import raised
from tests.load.http.server import CLOSE, HANG, READ, RST, WAIT_CLOSE, Server, ok, until
from tests.load.http.tls import AUTHORITY, Talk

KINDS: tuple[type[Any], ...] = (HttpUser, FastHttpUser)
FIELDS = ("request_type", "name", "response_length", "exception", "context", "url", "start_time", "response_time")

improve()
allow_only(Addresses("http://nobody.test", ()), ("127.0.0.1",))


def user_of(
    kind: type[Any], url: str, timeout_s: float = 50.0, recorder: Any = None, **settings: Any
) -> tuple[Any, Ledger]:
    """A user as the engine makes it; what it sends is in the ledger, or in `recorder` where one is given."""
    ledger: Any = recorder or Ledger()
    environment = Environment(user_classes=[], events=Events(), host=url)
    clients = StockClients(ledger, timeout_s, url, Addresses(url, ("127.0.0.1",)), Resends())

    def own(**fields: Any) -> None:
        assert not clients.end(fields), "what the session told must not come this way too"

    environment.events.request.add_listener(own)
    clients.own = own
    user = type("Shopper", (kind,), {"host": url, **settings})(environment)
    clients.watch_session(user.client)
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


def shop(client: Any) -> list[Any]:
    """What ordinary files do with HttpUser's client."""
    client.headers["X-Mine"] = "1"
    seen = [
        client.get("/a"),
        client.get("/a"),
        client.get("/a?b=ü c#d", name="[a]"),
        client.get("/p", params={"q": "1 2", "r": ["x", "y"]}, headers={"Accept": "text/plain", "X-Mine": None}),
        client.post("/b", json={"a": [1, "ü"]}),
        client.post("/b", {"k": "v w"}, headers={"Content-Type": "x/y"}),
        client.post("/b", data="text"),
        client.post("/b"),
        client.put("/c", data=b"\0bytes"),
        client.delete("/c"),
        client.head("/h"),
        client.options("/o", stream=False),
        client.get("/set"),  # a cookie
        client.get("/with"),
        client.patch("/with", json=None),
        client.get("/go"),  # a redirect
        client.get("/zip"),
        client.get("/stay", allow_redirects=False),
    ]
    client.auth = ("me", "secret")
    seen += [client.get("/in"), client.post("/in", json=1)]
    client.cookies.clear()
    client.base_url += "/base"
    return [*seen, client.get("/moved"), client.get("/missing")]


def answers() -> list[Any]:
    """To `shop`, on one connection."""
    plain = ok(b'{"a": 1}', "Content-Type: application/json", "X-Two: 1", "X-Two: 2")
    steps = [READ, plain] * 10 + [READ, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", READ, plain]
    steps += [READ, ok(b"s", "Set-Cookie: sid=abc; Path=/", "Set-Cookie: old=1; Max-Age=3600"), *[READ, plain] * 2]
    moved = ok(b"there", "Location: /there", status="302 Found")
    steps += [READ, moved, READ, plain, READ, ok(gzip.compress(b"zipped"), "Content-Encoding: gzip"), READ, moved]
    return [*steps, *[READ, plain] * 3, READ, ok("nö".encode(), "Content-Type: text/html", status="404 Not There")]


def look(response: Any) -> dict[str, Any]:
    """All that a file may read of an answer."""
    sent = response.request
    return {
        "sent": (sent.method, sent.url, dict(sent.headers), sent.body, sent.path_url),
        "answer": (response.status_code, response.reason, response.url, response.ok, response.content, response.text),
        "headers": (dict(response.headers), response.headers.get("x-two"), response.encoding, response.links),
        "cookies": response.cookies.get_dict(),
        "history": [(one.status_code, one.url, one.content) for one in response.history],
        "raw": (response.raw.status, response.raw.version, dict(response.raw.headers), response.raw.read()),
        "next": response.next is not None,
        "type": (
            type(response),
            response.is_redirect,
            response.apparent_encoding,
            response.elapsed.total_seconds() > 0,
        ),
        "kept": set(vars(pickle.loads(pickle.dumps(response)))),
    }


def check_ordinary_requests_and_answers_are_as_under_locust() -> None:
    seen, asked = [], []
    for ours in (True, False):
        with Server(answers()) as server:
            user, ledger = user_of(HttpUser, server.url)
            if not ours:
                user = type("Shopper", (HttpUser,), {"host": server.url})(Environment(events=Events(), host=server.url))
            found = shop(user.client)
            place = server.url.partition("://")[2]
            seen.append([str(look(one)).replace(place, "HOST") for one in found])
            asked.append([one.replace(place.encode(), b"HOST") for one in server.requests])
            assert server.connections == 1
            if ours:
                assert ledger.outcomes == ["ok"] * 21 + ["http_4xx"], ledger.outcomes
    assert [len(one) for one in asked] == [len(asked[0])] * 2
    for mine, theirs in (*zip(*asked, strict=True), *zip(*seen, strict=True)):
        assert mine == theirs


def check_requests_that_only_look_alike_are_each_sent_as_they_were_asked_for() -> None:
    """Equal keys of a dictionary (1, True, 1.0) are different text, and urllib3 writes some URLs in another way."""
    asked = []
    for ours in (True, False):
        with Server([READ, ok(b"1")] * 20, repeat=True) as server:
            user: Any = user_of(HttpUser, server.url)[0]
            if not ours:
                user = type("Shopper", (HttpUser,), {"host": server.url})(Environment(events=Events(), host=server.url))
            for value in (1, True, 1.0, 0.0, -0.0, "1", None, Decimal("1.0"), [1, True]):
                user.client.get("/", params={"f": value})
            user.client.get("/", params=zip("ab", "12", strict=True))
            for raw in ("a[]=1&b=%c3%a9", "a=1|2", "a=%41"):
                user.client.get("/", params=raw)
            user.client.get("/%7Ex/[y]/%2f")
            asked.append([one.partition(b"\r\n")[0] for one in server.requests])
    for mine, theirs in zip(*asked, strict=True):
        assert mine == theirs, (mine, theirs)


def check_a_patch_or_a_proxy_while_the_load_runs_is_obeyed() -> None:
    with Server([READ, ok(b"1")] * 5, repeat=True) as server, Server([READ, ok(b"proxy")], repeat=True) as proxy:
        user, _ = user_of(HttpUser, server.url)
        user.client.trust_env = True  # Locust leaves it out
        assert user.client.get("/").content == b"1"
        with mock.patch.dict(os.environ, {"http_proxy": proxy.url, "no_proxy": "", "NO_PROXY": ""}):
            assert user.client.get("/").content == b"proxy"
        with mock.patch.object(Session, "send", side_effect=Unreachable("patched")):
            assert user.client.get("/").status_code == 0
        assert user.client.get("/").content == b"1"


def check_a_context_that_raises_ends_its_call() -> None:
    def broken(self: Any) -> dict[str, Any]:
        raise ValueError("no context")

    with Server([READ, ok(b"1"), READ, ok(b"1", "Set-Cookie: a=b")]) as server:
        user, ledger = user_of(type("Told", (HttpUser,), {"context": broken}), server.url)
        raised(ValueError, lambda: user.client.get("/"))
        raised(ValueError, lambda: user.client.get("/"))
    assert len(ledger.outcomes) == 2


def check_what_a_block_raises_on_a_bad_answer_is_told_beside_its_status() -> None:
    def read(user: Any, key: str) -> None:
        with user.client.get("/", catch_response=True) as answer:
            if key:
                answer.headers[key]
            answer.raise_for_status()

    for kind in KINDS:
        with Server([READ, ok(b"1", status="503 No")] * 2) as server:
            user, ledger = user_of(kind, server.url)
            raised(KeyError, partial(read, user, "token"))
            raised(Exception, partial(read, user, ""))
        first, second = (call.detail for call in ledger.calls)
        assert re.fullmatch(r".*503, and the scenario raised stock\.py:\d+ in read: KeyError: 'token'", first), first
        assert "503" in second
        assert "raised" not in second
        assert ledger.outcomes == ["http_5xx"] * 2


def judge_by_event(user: Any) -> None:
    """As a file that tells of its answer itself, and not by the block."""
    with user.client.get("/", catch_response=True) as answer:
        user.environment.events.request.fire(**answer.request_meta | {"exception": "", "response_time": None})
        raise StopUser


def check_what_a_scenario_says_of_an_answer_is_an_assertion_whatever_kind_of_exception_says_it() -> None:
    def timeout() -> None:
        raise TimeoutError("late")

    says = ("no", KeyError("price"), TimeoutError("late"), ConnectionResetError("gone"), raised(TimeoutError, timeout))
    for kind in KINDS:
        with Server([READ, ok(b"no json")] * 7) as server:
            user, ledger = user_of(kind, server.url)
            for said in says:
                with user.client.get("/", catch_response=True) as answer:
                    answer.failure(said)
            with user.client.get("/", catch_response=True) as answer:
                answer.failure(raised(ValueError, answer.json))
            raised(StopUser, partial(judge_by_event, user))
        assert ledger.outcomes == [*["assertion"] * 6, "ok"], ledger.outcomes
        details = [call.detail for call in ledger.calls]
        reset = "ConnectionResetError('gone')"
        assert details[:5] == ["no", "KeyError('price')", "TimeoutError('late')", reset, "TimeoutError('late')"]
        assert details[5].startswith("JSONDecodeError("), details


def check_what_the_transport_raised_keeps_its_class_when_the_scenario_passes_it_on() -> None:
    for kind in KINDS:
        with Server([READ, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", CLOSE, READ, CLOSE]) as server:
            user, ledger = user_of(kind, server.url)
            with user.client.get("/", stream=True, catch_response=True) as answer:
                answer.failure(raised(Exception, lambda: answer.content))
            with user.client.post("/", catch_response=True) as answer:
                answer.failure(answer.error)
        for said in (KeyError("nothing there"), "status 0, expected 200"):
            with user.client.get("/", catch_response=True) as answer:
                answer.failure(said)
        assert ledger.outcomes[0] == "truncated", ledger.outcomes
        assert ledger.outcomes[1] == "reset", ledger.outcomes
        assert ledger.outcomes[2:] == ["connect_refused"] * 2, ledger.outcomes
        details = [call.detail for call in ledger.calls[2:]]
        assert all("refused" in detail.lower() for detail in details), details


HALF = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
"""An answer of which more is to come."""


def outcomes_of_reading(kind: type[Any], read: Any, *steps: Any) -> list[str]:
    """Of a request whose block does `read` with the answer, which begins well."""

    def look() -> None:
        with user.client.get("/", catch_response=True, **words) as answer:
            read(answer)

    words = {"stream": True, "timeout": 0.5} if kind is HttpUser else {"stream": True}
    with Server([READ, HALF, 0.1, *steps]) as server:
        user, ledger = user_of(kind, server.url, network_timeout=0.5)
        problem = raised(Exception, look)
    (call,) = ledger.calls
    counted = any(note.startswith("readiness counted") for note in getattr(problem, "__notes__", ()))
    assert counted == (call.failure != "script"), call
    return ledger.outcomes


def check_a_body_that_breaks_off_while_a_block_reads_it_is_the_targets_failure() -> None:
    reads: dict[type[Any], list[Any]] = {
        HttpUser: [
            lambda answer: list(answer.iter_lines()),
            lambda answer: answer.text,
            lambda answer: answer.raw.read(),
        ],
        FastHttpUser: [lambda answer: answer.content, lambda answer: list(answer.stream), lambda answer: answer.read()],
    }
    for kind, ways in reads.items():
        for read in ways:
            assert outcomes_of_reading(kind, read, CLOSE) == ["truncated"], kind
            assert outcomes_of_reading(kind, read, RST) == ["reset"], kind
            assert outcomes_of_reading(kind, read, HANG) == ["timeout"], kind


def check_what_else_a_block_stumbles_over_is_not_the_targets_failure() -> None:
    def own(_: Any) -> None:
        raise ConnectionResetError("of another service")

    def another(_: Any) -> None:
        Session().get("http://127.0.0.1:9/")

    def twice(answer: Any) -> None:
        list(answer.iter_content(7))
        list(answer.iter_content(7))

    for kind in KINDS:
        for read in (own, another):
            assert outcomes_of_reading(kind, read, HANG) == ["script"], (kind, read)
    assert outcomes_of_reading(HttpUser, twice, b"0\r\n\r\n") == ["script"]


def check_what_a_file_reaches_for_beneath_gets_locusts_own_client_and_is_told() -> None:
    def patch(client: Any) -> None:
        client.get_adapter(client.base_url).max_retries = 2

    reaches: dict[str, Any] = {
        "": lambda client: client.mount("http://", HTTPAdapter(max_retries=2)),
        "max_retries (1×)": patch,
        "pool manager (1×)": lambda client: client.get_adapter(client.base_url).poolmanager,
    }
    with Server([READ, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", 0.6, b"b"]) as server:
        user, ledger = user_of(HttpUser, server.url)
        assert user.client.get("/", timeout=(5, 0.3)).status_code == 0, "its time-out is between two parts"
        assert user.client.get_adapter(server.url).target.told().endswith("timeout= (1×)")
        assert ledger.outcomes == ["timeout"]
    for reason, reach in reaches.items():
        with Server([READ, ok(b"1")]) as server:
            user, ledger = user_of(HttpUser, server.url)
            mine = user.client.get_adapter(server.url)
            reach(user.client)
            assert user.client.get("/").content == b"1"
            assert mine.connections(verify=True).pool.opened == 0
            assert mine.target.told().endswith(reason), (mine.target.told(), reason)
        assert ledger.outcomes == ["ok"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    with Server([READ, ok(b"x"), READ, ok(b"y")], [], tls=lambda sock: Talk(sock, context)) as server:
        user, ledger = user_of(HttpUser, server.url)
        assert [user.client.get("/", verify=False).content for _ in range(2)] == [b"x", b"y"]
        assert user.client.get("/").status_code == 0, "its certificate is verified by a connection of its own"
        assert ledger.outcomes == ["ok", "ok", "tls"]
        assert user.client.get_adapter(server.url).connections(verify=False).pool.opened == 1


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
        for script in ([READ, HANG], [READ, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", *drips]):
            with Server(script) as server:
                user, ledger = user_of(kind, server.url, timeout_s=1.0, **settings)
                assert user.client.get("/").status_code == 0
            assert ledger.outcomes == ["timeout"], (kind, settings)
            assert server.connections == 1


def check_the_networks_own_timeout_is_kept() -> None:
    with Server([READ, HANG]) as server:
        user, ledger = user_of(FastHttpUser, server.url, network_timeout=0.5)
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
            # streams are Locust's own client's, on a connection of its own
            assert user.client.get("/").content == b"a\nb\n"
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
        with Server([READ, ok(b"1"), wait, CLOSE], [READ, ok(b"2"), wait, late, HANG], [READ, ok(b"3")]) as server:
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
        own: Any = user.client.client._urlopen
        [connection] = own.__self__.connections.pool.idle
        return connection.sock
    [connection] = user.client.get_adapter(user.host).connections(verify=True).pool.idle
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
        asking = gevent.spawn(lambda: user.client.get("/", stream=True).status_code)
        assert until(lambda: len(server.requests) == 1 and bool(_waiting(asking)))
        for sock in _waiting(asking):
            sock.close()
        assert asking.get() == 0
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
            assert asked.get() == [b"x", b"y"]
        assert server.connections == 1


def check_who_is_killed_in_the_row_is_not_sent_off_later() -> None:
    row, told, hold = SendBatch(), [], Semaphore(0)

    def sender() -> None:
        try:
            row.join()
            told.append("sent")
        except gevent.GreenletExit:
            hold.acquire()  # such as an on_stop that asks something: nobody but the owner may end this wait
            told.append("stopped")

    first, second = gevent.spawn(sender), gevent.spawn(sender)
    gevent.get_hub().loop.run_callback(lambda: first.throw(gevent.GreenletExit))
    second.join()
    gevent.sleep(0.05)
    assert told == ["sent"]
    hold.release()
    first.join()
    assert told == ["sent", "stopped"]


GZIP = gzip.compress(b"x" * 5000)


def cut(body: bytes, *headers: str) -> bytes:
    """An answer that announces a hundred bytes more than it has."""
    return ok(body, *headers).replace(b"Content-Length: %d" % len(body), b"Content-Length: %d" % (len(body) + 100))


def check_a_scenarios_reason_stands_beside_the_status() -> None:
    answers = [ok(status="400 No"), ok(status="404 No"), ok(status="503 No"), ok(status="302 Found"), ok()]
    for kind in KINDS:
        with Server([step for answer in answers for step in (READ, answer)]) as server:
            user, ledger = user_of(kind, server.url)
            for reason in ("no list", "404 it was", KeyError("list"), "not in", "no list"):
                with user.client.get("/", catch_response=True) as response:
                    response.failure(reason)
        assert [(call.failure, call.detail) for call in ledger.calls] == [
            ("http_4xx", "HTTP 400 (no list)"),
            ("http_4xx", "404 it was"),
            ("http_5xx", "HTTP 503 (KeyError('list'))"),
            ("http_3xx", "HTTP 302 (not in)"),
            ("assertion", "no list"),
        ], (kind, ledger.calls)


def check_a_late_answer_of_any_status_ends_the_standstill() -> None:
    for kind in KINDS:
        steps = [READ, 1.05, ok(status="404 No"), READ, 1.05, ok(), READ, 1.05, ok(status="503 No")]
        with Server([*steps, READ, 1.05, CLOSE]) as server:
            recorder = Recorder()
            recorder.start_s = 0.0
            client = user_of(kind, server.url, recorder=recorder)[0].client
            with client.get("/gone", catch_response=True) as response:
                response.success()
            with client.get("/", catch_response=True) as response:
                response.failure("not fine")
            client.get("/")
            client.post("/")
            assert [stall.answered for stall in recorder.take(9.0, 0).stalls] == [True, True, True, False], kind


def outcome_of(kind: type[Any], *steps: Any, call: str = "get") -> list[str]:
    """Of one request on a connection of its own, and of another one after it."""
    with Server([READ, *steps], [READ, ok(b"next")]) as server:
        user, ledger = user_of(kind, server.url)
        getattr(user.client, call)("/x")
        assert user.client.get("/y").content == b"next", (kind, steps)
    return ledger.outcomes


def check_an_answer_that_was_cut_is_truncated() -> None:
    half = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"
    for kind in KINDS:
        for answer in (
            cut(b"0123456789"),
            cut(b""),
            half,
            half[:-3],
            half + b"lo\r\n",
            ok(GZIP[:-20], "Content-Encoding: gzip", "Connection: close"),
            ok(zlib.compress(b"x" * 5000)[:-9], "Content-Encoding: deflate", "Connection: close"),
            ok(brotli.compress(b"x" * 5000)[:-3], "Content-Encoding: br", "Connection: close"),
            cut(GZIP, "Content-Encoding: gzip"),
        ):
            assert outcome_of(kind, answer, CLOSE) == ["truncated", "ok"], (kind, answer)


def check_bytes_after_an_answer_are_a_surplus() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    for kind in KINDS:
        for answer in (ok(b"1") + ok(b"2"), ok(b"1") + b"junk", chunked + b"more", ok(b"") + b"\0"):
            assert outcome_of(kind, answer, WAIT_CLOSE) == ["surplus", "ok"], (kind, answer)
        assert outcome_of(kind, ok(b"a body"), WAIT_CLOSE, call="head") == ["surplus", "ok"]


def check_a_late_surplus_is_found_before_the_connection_is_used_again() -> None:
    told: list[bool] = []
    sleep = get_original("time", "sleep")

    def wait(_: Any) -> None:
        while not told:
            sleep(0.005)

    for kind in KINDS:
        for _ in range(12):  # more than a pool has places: each is given back
            told.clear()
            with Server([READ, ok(b"1"), wait, ok(b"evil"), WAIT_CLOSE], [READ, ok(b"2")]) as server:
                user, ledger = user_of(kind, server.url)
                user.client.get("/")
                told.append(True)
                watching = get_original("select", "poll")()
                watching.register(idle(user).fileno(), select.POLLIN)
                assert until(lambda watching=watching: bool(watching.poll(0)))  # type: ignore[misc]
                assert user.client.get("/").status_code == 0
                assert user.client.get("/").content == b"2"
            assert ledger.outcomes == ["ok", "surplus", "ok"], kind


def check_interim_answers_are_none() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
    for kind in KINDS:
        with Server([READ, hints + hints, 0.02, ok(b"yes", status="201 Made"), READ, ok(b"on")]) as server:
            user, ledger = user_of(kind, server.url)
            first = user.client.get("/")
            assert (first.status_code, first.content) == (201, b"yes")
            assert user.client.get("/").content == b"on"
        assert (ledger.outcomes, server.connections) == (["ok", "ok"], 1)
        assert outcome_of(kind, hints * 50, WAIT_CLOSE)[0] != "ok"
        go_on = b"HTTP/1.1 100 Continue\r\n\r\n"
        assert outcome_of(kind, go_on * 50, ok(b"yes"), WAIT_CLOSE)[0] == "protocol", kind


def check_a_whole_body_is_had_whatever_its_coding() -> None:
    text = b"x" * 5000
    twice = gzip.compress(b"x" * 2500) * 2
    raw = zlib.compressobj(wbits=-15)
    bare = raw.compress(text) + raw.flush()
    for kind in KINDS:
        for coding, body in (
            ("gzip", GZIP),
            ("gzip", twice),
            ("gzip", GZIP + b"\0\0"),
            ("deflate", zlib.compress(text)),
            ("deflate", bare),
            ("br", brotli.compress(text)),
        ):
            with Server([READ, ok(body, f"Content-Encoding: {coding}"), READ, ok(b"")]) as server:
                user, ledger = user_of(kind, server.url)
                assert user.client.get("/").content == text, (kind, coding)
                user.client.get("/")
            assert (ledger.outcomes, server.connections) == (["ok", "ok"], 1)


def check_a_bomb_and_what_is_damaged_are_failures() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(80)) + packer.flush()
    empty = gzip.compress(b"") * 2000
    for kind in KINDS:
        for coding, body, failure in (
            ("gzip", bomb, "too_large"),
            ("gzip", empty, "protocol"),
            ("gzip", b"no gzip at all", "protocol"),
            ("br", b"no brotli at all", "protocol"),
        ):
            answer = ok(body, f"Content-Encoding: {coding}", "Connection: close")
            assert outcome_of(kind, answer, CLOSE) == [failure, "ok"], (kind, body[:20])


def check_a_text_is_had_whatever_its_charset() -> None:
    for kind in KINDS:
        for named in ("undefined", "idna", "punycode", "nonsense", "unicode_escape", "\xff", "hex", "utf-7"):
            with Server([READ, ok(b"7 a9-", f"Content-Type: text/html; charset={named}")]) as server:
                user, ledger = user_of(kind, server.url)
                assert "7" in user.client.get("/").text
            assert ledger.outcomes == ["ok"]


def check_a_refusal_keeps_its_status_whatever_its_body() -> None:
    for kind in KINDS:
        with Server([READ, ok(b"\xff\xfe", status="503 Busy"), READ, ok(b"on")]) as server:
            user, ledger = user_of(kind, server.url)
            assert user.client.get("/").content == b"\xff\xfe"
            assert user.client.get("/").content == b"on"
        assert (ledger.outcomes, server.connections) == (["http_5xx", "ok"], 1)


def check_a_redirect_to_nowhere_is_the_targets_failure() -> None:
    for kind in KINDS:
        for place in ("http://[", "ftp://127.0.0.1/x", "//\xff\xfe:1/", "http://127.0.0.1:99999/", "http://a..b/"):
            answer = ok(b"", f"Location: {place}", "Connection: close", status="302 Found")
            found = outcome_of(kind, answer, CLOSE)
            assert found[0] not in ("ok", "script", "open"), (kind, place, found)
            assert found[1] == "ok"


def check_cookies_may_be_as_they_like() -> None:
    odd = [
        "a=1; expires=Thu, 01 Jan 99999999999999 00:00:00 GMT",
        "b=2; max-age=" + "9" * 5000,
        "=",
        ";",
        "c",
        "d=\xff",
    ]
    odd += ["e=1; version=x; port=y; domain=..", "f=1; path=" + "/" * 3000, 'g="' + "\\" * 2000]
    for kind in KINDS:
        with Server([READ, ok(b"", *(f"Set-Cookie: {one}" for one in odd)), READ, ok(b"")]) as server:
            user, ledger = user_of(kind, server.url)
            user.client.get("/")
            user.client.get("/")
        assert ledger.outcomes == ["ok", "ok"]


def check_a_request_that_died_on_a_kept_connection_is_not_hidden() -> None:
    for kind in KINDS:
        with Server(*[[READ, ok(b"1"), READ, CLOSE]] * 30) as server:
            user, ledger = user_of(kind, server.url)
            for _ in range(30):
                user.client.get("/")
            lost = len(ledger.outcomes) - ledger.outcomes.count("ok")
            assert len(server.requests) - 30 <= 1, "one of them may have been sent again"
            assert lost >= 13, (kind, ledger.outcomes)


def check_a_request_on_a_new_connection_is_sent_once() -> None:
    for kind in KINDS:
        with Server(*[[READ, CLOSE]] * 20) as server:
            user, ledger = user_of(kind, server.url)
            user.client.get("/")
            assert ledger.outcomes == ["protocol"] or ledger.outcomes == ["reset"], ledger.outcomes
            assert len(server.requests) == 1, kind
