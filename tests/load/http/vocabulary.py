"""What a scenario may say: names, bodies, cookies, redirects, and what is never sent."""

import os

from readiness.load.http.client import Client
from tests.load.http.conformance import client_of, one
from tests.load.http.ledger import Ledger
from tests.load.http.running import raised
from tests.load.http.server import READ, Server, ok


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
        assert [call.name for call in ledger.calls] == ["GET /a/1", "GET /a/{id}", "GET n", "POST /b", "PUT put it"]


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


def check_environment_proxies_are_not_used() -> None:
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


def check_files_are_sent_as_a_form() -> None:
    with Server([READ, ok()]) as server:
        ledger = Ledger()
        client_of(server, ledger).post("/up", data={"title": "bag"}, files={"photo": ("bag.png", b"1234")})
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        assert b"Content-Type: multipart/form-data; boundary=" in head
        assert b'name="title"' in body
        assert b'filename="bag.png"\r\nContent-Type: image/png\r\n\r\n1234\r\n' in body
        assert ledger.outcomes == ["ok"]
