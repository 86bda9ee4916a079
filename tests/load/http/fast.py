"""FastHttpUser on our own connections, held against Locust's own client."""

import gzip
import ssl
from typing import Any
from unittest import mock

import gevent
from geventhttpclient.client import HTTPClientPool
from geventhttpclient.useragent import UserAgent
from locust import FastHttpUser
from locust.contrib.fasthttp import FastHttpSession, LocustUserAgent
from locust.env import Environment
from locust.event import Events

from readiness.load.addresses import Addresses
from readiness.load.http.resends import Resends
from readiness.load.locust_clients.clients import StockClients
from tests.load.http.ledger import Ledger
from tests.load.http.server import CLOSE, READ, Server, ok
from tests.load.http.stock import idle, listen, user_of
from tests.load.http.tls import AUTHORITY, Talk


def plain_user(url: str) -> Any:
    """As under Locust."""
    return type("Shopper", (FastHttpUser,), {"host": url, "max_redirects": 3})(Environment(events=Events(), host=url))


def shop(user: Any) -> list[Any]:
    """What ordinary files do with FastHttpUser's client."""
    client = user.client
    seen = [
        client.get("/a"),
        client.get("/a"),
        client.get("/a?b=ü c#d", name="[a]"),
        client.get("/p", params={"q": "1 2", "r": True, "s": None}, headers={"Accept": "text/plain"}),
        client.get("/p", params={"q": "1 2", "r": 1, "s": None}, headers={"Accept": "text/plain"}),
        client.get("/p", params=[("a", "b")]),
        client.post("/b", json={"a": [1, "ü"]}),
        client.post("/b", json={"a": [1, "longer"]}, headers={"content-type": "x/json"}),
        client.post("/b", {"k": "v w"}),
        client.post("/b", {"k": "v"}, headers={"Content-Type": "x/y"}),
        client.post("/b", data="täxt"),
        client.post("/b", data="täxt", headers={"Content-Type": "x/y"}),
        client.post("/b", data={}),
        client.put("/c", data=b"\0bytes"),
        client.patch("/c", json=0),
        client.delete("/c"),
        client.head("/h"),
        client.options("/o"),
        client.post("/f", files={"f": ("n", b"x", "a/b", {}, "BOUND")}),
        client.get("/set"),  # a cookie
        client.get("/with"),
        client.get("/go"),  # a redirect
        client.get("/zip"),
        client.post("/go", json=1, allow_redirects=False),
        client.get("/in", auth=("me", "secret")),
        client.get("/none"),  # a refusal
        client.request("purge", "/x", headers={"X": "ü"}),
    ]
    client.cookiejar.clear()
    client.client.default_headers["X-Mine"] = "1"
    client.base_url += "/base"
    seen.append(client.get("/moved"))
    for judge in (lambda one: one.failure("no"), lambda one: one.success(), lambda _: None):
        with client.get("/none", catch_response=True) as response:
            judge(response)
        seen.append(response)
    with user.rest("POST", "/rest", json={"a": 1}) as response:
        assert response.js == {"a": 1}
    return [*seen, response]


def answers() -> list[Any]:
    """To `shop`, on one connection."""
    usual = ok(b'{"a": 1}', "Content-Type: application/json", "X-Two: 1", "x-two: 2")
    moved = ok(b"there", "Location: /there", status="302 Found")
    none = ok("nö".encode(), "Content-Type: text/html", status="404 Not There")
    steps = [READ, usual] * 16 + [READ, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"] + [READ, usual] * 2
    steps += [READ, ok(b"s", "Set-Cookie: sid=abc; Path=/", "Set-Cookie: old=1; Max-Age=3600"), READ, usual]
    steps += [READ, moved, READ, usual, READ, ok(gzip.compress(b"zipped"), "Content-Encoding: gzip"), READ, moved]
    return [*steps, READ, usual, READ, none, READ, usual, READ, usual, *[READ, none] * 3, READ, usual]


def told(make: Any) -> Any:
    """What it gives, or the exception's name."""
    try:
        return make()
    except Exception as problem:
        return type(problem).__name__


def look(response: Any) -> dict[str, Any]:
    """All that a file may read of an answer."""
    sent = response.request
    return {
        "sent": (sent.method, sent.url, list(sent.headers.items()), sent.body, sent.get_host(), sent.unverifiable),
        "answer": (response.status_code, response.url, response.ok, response.content, response.text, response.encoding),
        "json": told(response.json),
        "headers": (list(response.headers.items()), response.headers["Content-Length"], response.headers.get("x-two")),
        "history": told(lambda: [(one.status_code, one.content) for one in response.history]),
        "elapsed": told(lambda: response.elapsed.total_seconds() > 0),
        "below": (response.stream.version, response.isclosed(), len(response), response.read(), type(response.headers)),
        "error": repr(getattr(response, "error", None)),
        "type": (type(response), told(response.raise_for_status), told(response.success)),
        "lines": list(response.iter_content(3)),
        "meta": sorted(getattr(response, "request_meta", ())),
    }


def check_ordinary_requests_and_answers_are_as_under_locust() -> None:
    seen, asked, heard = [], [], []
    for ours in (True, False):
        with Server(answers()) as server:
            user, ledger = user_of(FastHttpUser, server.url, max_redirects=3)
            if not ours:
                user = plain_user(server.url)
            events = listen(user)
            place = server.url.partition("://")[2]
            found = shop(user)
            seen.append([str(look(one)).replace(place, "HOST") for one in found])
            asked.append([one.replace(place.encode(), b"HOST") for one in server.requests])
            keys = ("request_type", "name", "response_length", "exception", "context", "url")
            heard.append([str([event[key] for key in keys]).replace(place, "HOST") for event in events])
            assert server.connections == 1
            if ours:
                assert (ledger.outcomes.count("ok"), ledger.outcomes.count("http_4xx")) == (29, 3), ledger.outcomes
    for mine, theirs in (*zip(*asked, strict=True), *zip(*seen, strict=True), *zip(*heard, strict=True)):
        assert mine == theirs, (mine, theirs)


def check_what_a_file_reaches_for_beneath_gets_locusts_own_client_and_is_told() -> None:
    def patched(user: Any) -> None:
        with mock.patch.object(UserAgent, "urlopen", side_effect=ConnectionRefusedError("patched")):
            assert user.client.get("/").status_code == 0

    reaches: dict[str, tuple[dict[str, Any], Any]] = {
        "": ({}, patched),
        "a client of the pool's (1×)": ({}, lambda user: user.client.client.clientpool.get_client(user.host)),
        "a client pool of the file's own (1×)": ({"client_pool": HTTPClientPool()}, lambda _: None),
        "network_timeout (1×)": ({"network_timeout": 5.0}, lambda _: None),
        "stream=True (1×)": ({}, lambda user: user.client.get("/", stream=True).content),
    }
    for reason, (settings, reach) in reaches.items():
        with Server([READ, ok(b"1")], [READ, ok(b"1")]) as server:
            user, ledger = user_of(FastHttpUser, server.url, **settings)
            own = user.client.client._urlopen.__self__
            reach(user)
            assert user.client.get("/").content == b"1", reason
            assert own.target.told().endswith(reason), (own.target.told(), reason)
            opened = 0 if own.connections is None else own.connections.pool.opened
            assert opened == (reason in ("", "stream=True (1×)")), reason
        assert ledger.outcomes[-1] == "ok"


def check_requests_of_a_client_of_the_files_own_are_counted() -> None:
    with Server([READ, ok(b"1")] * 2) as server:
        user = plain_user(server.url)
        user.client.client = type("Agent", (LocustUserAgent,), {})()
        clients = StockClients(Ledger(), 10.0, server.url, Addresses(server.url, ("127.0.0.1",)), Resends())  # type: ignore[arg-type]
        clients.watch_session(user.client)
        assert [user.client.get("/").content for _ in "12"] == [b"1", b"1"]
        assert dict(clients.target.others) == {"a pool manager or client of the file's own": 2}


def check_a_session_of_a_class_of_the_files_own_keeps_what_it_does() -> None:
    class Counting(FastHttpSession):
        def _build_url(self, path: str) -> str:
            return super()._build_url(path) + "?counted"

    with Server([READ, ok(b"1")]) as server:
        user, _ = user_of(FastHttpUser, server.url)
        client: Any = Counting(server.url, user.environment.events.request, user)
        assert client.get("/").content == b"1"
        assert server.requests[0].startswith(b"GET /?counted ")


def check_a_closed_pool_leaves_its_connections() -> None:
    with Server([READ, ok(b"1")], [READ, ok(b"2")]) as server:
        user, ledger = user_of(FastHttpUser, server.url)
        assert user.client.get("/").content == b"1"
        user.client.client.clientpool.close()
        assert user.client.get("/").content == b"2"
    assert (ledger.outcomes, server.connections) == (["ok", "ok"], 2)


def check_a_session_has_no_more_connections_than_it_may() -> None:
    with Server([READ, 0.1, ok(b"1")] * 4, repeat=True) as server:
        user, ledger = user_of(FastHttpUser, server.url, concurrency=2)
        gevent.joinall([gevent.spawn(user.client.get, "/") for _ in range(4)], raise_error=True)
        assert server.connections == 2
    assert ledger.outcomes == ["ok"] * 4


def check_a_certificate_is_verified_where_the_file_says_so() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)

    def trusting(**_: Any) -> ssl.SSLContext:
        mine = ssl.create_default_context()
        AUTHORITY.configure_trust(mine)
        return mine

    wanted: list[tuple[dict[str, Any], str]] = [
        ({}, "ok"),
        ({"insecure": False}, "tls"),
        ({"insecure": False, "ssl_context_factory": staticmethod(trusting)}, "ok"),
    ]
    for settings, outcome in wanted:
        with Server([READ, ok(b"x"), READ, ok(b"x")], tls=lambda sock: Talk(sock, context)) as server:
            user, ledger = user_of(FastHttpUser, server.url, **settings)
            for _ in range(2 if outcome == "ok" else 1):
                user.client.get("/")
            assert set(ledger.outcomes) == {outcome}, (settings, ledger.outcomes)
            assert (outcome == "tls") or idle(user) is not None


def check_a_request_without_an_answer_is_told_as_locust_tells_it() -> None:
    found = []
    for ours in (True, False):
        with Server([READ, CLOSE], [READ, ok(b"2")]) as server:
            user: Any = user_of(FastHttpUser, server.url)[0] if ours else plain_user(server.url)
            response = user.client.get("/")
            found.append((response.status_code, type(response.error), str(response.error), response.text))
            assert user.client.get("/").content == b"2"
    assert found[0] == found[1], found
