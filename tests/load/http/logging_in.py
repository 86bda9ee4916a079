"""Log-ins: a form is filled in as its page has it; a token is fetched once, and again before it ends."""

import base64
import json
from typing import Any

from locust import FastHttpUser, HttpUser

from readiness.load.extraction import Unfound
from readiness.load.form_log_in import form_log_in
from readiness.load.http.client import Client
from readiness.load.log_in import log_in
from tests.load.http.conformance import client_of
from tests.load.http.ledger import Ledger
from tests.load.http.running import raised
from tests.load.http.server import READ, Server, ok
from tests.load.http.stock import user_of

FORM = {"grant_type": "client_credentials", "client_id": "shop", "client_secret": "s3cret"}


def answer(**fields: Any) -> bytes:
    return ok(json.dumps(fields).encode())


def jwt(**claims: Any) -> str:
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{middle}.c2ln"


def heads(server: Server) -> list[tuple[str, str]]:
    """Of each request its first line, and its Authorization."""
    found = []
    for request in server.requests:
        lines = request.decode().splitlines()
        sent = next((line for line in lines if line.lower().startswith("authorization:")), "")
        found.append((lines[0].removesuffix(" HTTP/1.1"), sent.partition(": ")[2]))
    return found


def passed(client: Client, seconds: float) -> None:
    """As if that time had gone by."""
    client._writer.renewal.due_s -= seconds
    client._writer.stale_s -= seconds


def check_a_token_is_fetched_once_and_again_before_it_ends() -> None:
    first, second = answer(access_token="one", expires_in=100), answer(access_token="two", expires_in="100")
    with Server([READ, first, READ, ok(), READ, ok(), READ, second, READ, ok()]) as server:
        client = client_of(server)
        log_in(client, "/token", data=FORM)
        client.get("/a")
        passed(client, 79)
        client.get("/a")
        passed(client, 2)
        client.get("/a")
    assert heads(server) == [
        ("POST /token", ""),
        ("GET /a", "Bearer one"),
        ("GET /a", "Bearer one"),
        ("POST /token", ""),
        ("GET /a", "Bearer two"),
    ]
    assert b"grant_type=client_credentials&client_id=shop&client_secret=s3cret" in server.requests[3]


def check_a_refresh_token_renews_and_one_that_is_refused_makes_way_for_a_log_in() -> None:
    first = answer(access_token="one", expires_in=100, refresh_token="again")
    no = ok(b'{"error": "invalid_grant"}', status="400 Bad Request")
    with Server([READ, first, READ, no, READ, answer(access_token="two"), READ, ok()]) as server:
        ledger = Ledger()
        client = client_of(server, ledger)
        log_in(client, "/token", data=FORM)
        passed(client, 81)
        raised(Unfound, lambda: client.get("/a"))
        client.get("/a")
    assert b"grant_type=refresh_token&refresh_token=again&client_id=shop&client_secret=s3cret" in server.requests[1]
    assert b"grant_type=client_credentials" in server.requests[2]
    assert heads(server)[3] == ("GET /a", "Bearer two")
    assert [entry.failure for entry in ledger.calls] == [None, "http_4xx", None, None]


def check_a_refresh_has_a_name_of_its_own_which_no_log_in_hides() -> None:
    first = answer(access_token="one", expires_in=100, refresh_token="again")
    no = ok(b'{"error": "invalid_grant"}', status="401 Unauthorized")
    with Server([READ, first, READ, no, READ, first, READ, ok()]) as server:
        ledger = Ledger()
        client = Client(f"{server.url}/api/v2", scenario="s", recorder=ledger, addresses=["127.0.0.1"])
        log_in(client, "/oauth/token?tenant=1", data=FORM)
        passed(client, 81)
        raised(Unfound, lambda: client.get("/a"))
        client.get("/a")
    token = "POST /api/v2/oauth/token"
    assert [(call.name, call.failure) for call in ledger.calls] == [
        (token, None),
        (f"{token} (refresh)", "http_4xx"),
        (token, None),
        ("GET /api/v2/a", None),
    ]


def check_a_log_in_that_fails_is_tried_again_with_the_next_request() -> None:
    no = ok(b'{"detail": "no"}', status="401 Unauthorized")
    with Server([READ, no, READ, no, READ, answer(data={"token": "t"}), READ, ok()]) as server:
        client = client_of(server)
        told = raised(Unfound, lambda: log_in(client, "/token", json={"name": "n"}, token="data.token", scheme="JWT"))
        assert "HTTP 401: the JSON has no data.token" in str(told)
        raised(Unfound, lambda: client.post("/a"))
        client.post("/a")
    assert [line for line, _ in heads(server)] == ["POST /token", "POST /token", "POST /token", "POST /a"]
    assert heads(server)[3] == ("POST /a", "JWT t")


def check_how_long_a_token_lasts_is_told_by_the_scenario_the_answer_or_the_token() -> None:
    for given, fields, expected_s in (
        (50.0, {"access_token": "t", "expires_in": 100}, 40.0),
        (None, {"access_token": jwt(iat=1_000, exp=1_100)}, 80.0),
        (None, {"access_token": jwt(exp="soon")}, None),
        (None, {"access_token": "a.b.c", "expires_in": True}, None),
        (None, {"access_token": "t", "expires_in": -1}, None),
        (None, {"access_token": "t", "expires_in": 0.001}, 1.0),
    ):
        with Server([READ, answer(**fields)]) as server:
            client = client_of(server)
            began_s = client._writer.renewal.due_s
            told: list[float] = []
            client.renew = lambda log_in, after_s, told=told: told.append(after_s)  # type: ignore[method-assign,misc]
            log_in(client, "/token", data=FORM, auth=("id", "secret"), lasts_s=given)
        assert [round(one, 3) for one in told] == ([] if expected_s is None else [expected_s]), fields
        assert began_s == client._writer.renewal.due_s
        assert heads(server)[0][1].startswith("Basic ")


PAGE = b"""<form action=/search><input name=q></form><form method=post action="/in?next=%2F">
<input type=hidden name=csrf value="a&amp;b"><input name=website type=text><input name=Email type=email>
<input name=pw type=password><input type=checkbox name=remember value=1><button name=go value=1>Log in</button>
<button name=other value=2></form>"""
MOVED = ok(b"", "Location: /notes/", "Set-Cookie: session=s; Path=/", status="302 Found")


def check_a_form_is_filled_in_as_its_page_has_it() -> None:
    for kind in (None, HttpUser, FastHttpUser):
        with Server([READ, ok(PAGE), READ, MOVED, READ, ok(b"notes")], repeat=True) as server:
            ledger = Ledger()
            client = client_of(server, ledger)
            if kind is not None:
                user, ledger = user_of(kind, server.url)
                client = user.client
            form_log_in(client, "/in", "ann", "p&w", fields={"website": ""})
            client.get("/notes/")
        page, sent, after = (request.decode() for request in server.requests)
        assert page.startswith("GET /in ")
        assert sent.startswith("POST /in?next=%2F ")
        assert f"referer: {server.url}/in".lower() in sent.lower()
        assert sent.endswith("csrf=a%26b&go=1&Email=ann&pw=p%26w&website="), sent
        assert "session=s" in after
        assert set(ledger.outcomes) == {"ok"}


def check_a_log_in_by_form_that_fails_says_why() -> None:
    back = ok(b"", "Location: /in?failed=1", status="302 Found")
    for answers, told in (
        ([ok(b"<form><input name=a></form>")], "the page has no form with a user name and a password"),
        ([ok(b"no", status="404 Not Found")], "HTTP 404: the page has no form"),
        ([ok(PAGE.replace(b"/in?", b"http://other.test/in?"))], "its form is sent to another host, other.test"),
        ([ok(PAGE.replace(b"/in?", b"http://[::1?"))], "its form is sent to what is no URL"),
        ([ok(PAGE), ok(PAGE)], "the form of the log-in came back: are user name and password right?"),
        ([ok(PAGE), back, ok(PAGE)], "the form of the log-in came back"),
        ([ok(PAGE), ok(b"", status="403 Forbidden")], "HTTP 403: the log-in was refused"),
    ):
        with Server([step for one in answers for step in (READ, one)]) as server:
            ledger = Ledger()
            client = client_of(server, ledger)
            found = raised(Unfound, lambda client=client: form_log_in(client, "/in", "ann", "secret"))  # type: ignore[misc]
        assert told in str(found), found
        assert "secret" not in str(found)
        assert ledger.calls[-1].failure in ("assertion", "http_4xx")


def check_a_log_in_may_lead_to_the_page_where_its_form_was() -> None:
    back = ok(b"", "Location: /in", "Set-Cookie: session=s; Path=/", status="303 See Other")
    on = ok(b"", "Location: /home", status="302 Found")
    for last in (ok(b"welcome"), on):
        with Server([READ, ok(PAGE), READ, back, READ, last]) as server:
            ledger = Ledger()
            form_log_in(client_of(server, ledger), "/in", "ann", "secret")
        assert set(ledger.outcomes) == {"ok"}
