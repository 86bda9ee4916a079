"""TLS: verified by default, every refusal is class `tls`, keep-alive and large bodies as without."""

import datetime
import ssl
from collections.abc import Callable
from typing import Any

import gevent
import trustme

from readiness.load.http.client import Client
from readiness.load.http.response import Response
from tests.load.http.conformance import await_news
from tests.load.http.ledger import Ledger
from tests.load.http.server import CLOSE, HANG, READ, RST, Server, ok

AUTHORITY = trustme.CA()


class Talk:
    """Blocking TLS on a raw socket, with the socket's own vocabulary."""

    def __init__(self, sock: Any, context: ssl.SSLContext) -> None:
        self.sock, self.incoming, self.outgoing = sock, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self._step(self.tls.do_handshake)

    def _step(self, call: Callable[..., Any], *arguments: object) -> Any:
        while True:
            try:
                result = call(*arguments)
            except ssl.SSLWantReadError:
                self._flush()
                data = self.sock.recv(65536)
                if not data:
                    raise OSError("closed") from None
                self.incoming.write(data)
            except ssl.SSLError:
                self._flush()
                raise
            else:
                self._flush()
                return result

    def _flush(self) -> None:
        if self.outgoing.pending:
            self.sock.sendall(self.outgoing.read())

    def recv(self, size: int) -> Any:
        try:
            return self._step(self.tls.read, size)
        except ssl.SSLZeroReturnError:
            return b""

    def sendall(self, data: bytes) -> None:
        for start in range(0, len(data), 16384):
            self._step(self.tls.write, data[start : start + 16384])


def close_notify(talk: Any) -> None:
    try:
        talk.tls.unwrap()
    except ssl.SSLError:
        talk._flush()


def serving(*names: str, **options: Any) -> Callable[[Any], Talk]:
    """How the server wraps a socket, with a certificate for `names`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(*names, **options).configure_cert(context)
    return lambda sock: Talk(sock, context)


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def one(
    *steps: Any, names: tuple[str, ...] = ("127.0.0.1",), trust: bool = True, host: str = "127.0.0.1", **options: Any
) -> tuple[Response, Ledger]:
    ledger = Ledger()
    with Server(list(steps), tls=serving(*names, **options)) as server:
        client = Client(
            f"https://{host}:{server.port}",
            scenario="s",
            recorder=ledger,
            addresses=["127.0.0.1"],
            timeout_s=100.0,
            tls=trusting() if trust else None,
        )
        return client.get("/"), ledger


def check_a_good_certificate_by_address_and_by_name() -> None:
    response, ledger = one(READ, ok(b"hi"))
    assert response.text == "hi"
    assert ledger.outcomes == ["ok"]
    assert 0 < response.connect_s <= response.elapsed_s
    response, ledger = one(READ, ok(b"hi"), names=("good.example",), host="good.example")
    assert response.text == "hi"
    assert ledger.outcomes == ["ok"]


def check_expired_wrong_host_and_unknown_authority_are_tls_failures() -> None:
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"not_after": past, "not_before": past - datetime.timedelta(days=9)}, "expired"),
        ({"names": ("other.example",)}, "mismatch"),
        ({"trust": False}, "local issuer"),
    ]
    for options, word in cases:
        response, ledger = one(READ, ok(b"hi"), **options)
        assert (ledger.outcomes, response.status_code) == (["tls"], 0), ledger.calls
        assert word in response.error, response.error


def check_http_on_the_tls_port_and_tls_on_the_http_port() -> None:
    ledger = Ledger()
    with Server([lambda talk: talk.recv(10), b"HTTP/1.1 400 Bad Request\r\n\r\n", 0.1]) as server:
        url = server.url.replace("http:", "https:")
        Client(url, scenario="s", recorder=ledger, addresses=["127.0.0.1"]).get("/")
    with Server([lambda talk: talk.recv(10), b"\x15\x03\x01\x00\x02\x02\x46", 0.1]) as server:
        Client(server.url, scenario="s", recorder=ledger, addresses=["127.0.0.1"]).get("/")
    assert ledger.outcomes == ["tls", "protocol"]


def check_a_close_or_silence_in_the_handshake() -> None:
    cases: list[tuple[list[Any], list[str]]] = [([CLOSE], ["tls"]), ([HANG], ["timeout"])]
    for steps, outcomes in cases:
        ledger = Ledger()
        with Server(steps) as server:
            url = server.url.replace("http:", "https:")
            Client(url, scenario="s", recorder=ledger, addresses=["127.0.0.1"], timeout_s=1.0).get("/")
        assert ledger.outcomes in (outcomes, ["reset"]), ledger.calls


def check_keep_alive_and_large_bodies_both_ways() -> None:
    body = bytes(range(256)) * 20_000
    with Server([READ, ok(b"1"), READ, ok(body[::-1]), READ, ok(b"3")], tls=serving("127.0.0.1")) as server:
        client = Client(
            server.url, scenario="s", recorder=Ledger(), addresses=["127.0.0.1"], tls=trusting(), timeout_s=100.0
        )
        assert client.get("/").text == "1"
        gevent.sleep(0.05)
        assert client.post("/", data=body).content == body[::-1]
        assert server.requests[1].endswith(body)
        response = client.get("/")
        assert response.text == "3"
        assert response.connect_s == 0
        assert (server.connections, client.retries) == (1, 0)


def check_an_idle_tls_connection_that_closed_is_seen() -> None:
    ends: list[list[Any]] = [[close_notify, CLOSE], [CLOSE], [RST]]
    for last in ends:
        with Server([READ, ok(b"1"), *last], [READ, ok(b"2")], tls=serving("127.0.0.1")) as server:
            client = Client(server.url, scenario="s", recorder=Ledger(), addresses=["127.0.0.1"], tls=trusting())
            client.get("/")
            if client._pool.idle:  # else the end came with the answer, and was seen
                await_news(client)
            assert client.post("/").text == "2"
            assert client.retries == 0


def check_a_second_answer_in_a_record_of_its_own_never_answers_the_next_request() -> None:
    def two_at_once(talk: Any) -> None:
        talk.tls.write(ok(b"1"))
        talk.tls.write(ok(b"evil"))
        talk._flush()

    with Server([READ, two_at_once, HANG], [READ, ok(b"2")], tls=serving("127.0.0.1")) as server:
        client = Client(server.url, scenario="s", recorder=Ledger(), addresses=["127.0.0.1"], tls=trusting())
        assert "after the end" in client.get("/").error
        assert client.get("/").text == "2"
        assert (server.connections, len(server.requests)) == (2, 2)


def check_a_body_until_close_needs_the_closing_message() -> None:
    assert one(READ, b"HTTP/1.1 200 OK\r\n\r\nab", close_notify, CLOSE)[1].outcomes == ["ok"]
    assert one(READ, b"HTTP/1.1 200 OK\r\n\r\nab", CLOSE)[1].outcomes == ["truncated"]


def check_secure_cookies_are_sent_over_tls() -> None:
    with Server([READ, ok(b"", "Set-Cookie: s=1; Secure"), READ, ok()], tls=serving("127.0.0.1")) as server:
        client = Client(server.url, scenario="s", recorder=Ledger(), addresses=["127.0.0.1"], tls=trusting())
        client.get("/")
        client.get("/")
        assert b"\r\nCookie: s=1\r\n" in server.requests[1]
