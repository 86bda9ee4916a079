"""Tokens: fetched once, sent with every request, and fetched again before they end."""

import base64
import json
from typing import Any

from readiness.load.extraction import Unfound
from readiness.load.http.client import Client
from readiness.load.log_in import log_in
from tests.load.http.conformance import client_of
from tests.load.http.ledger import Ledger
from tests.load.http.running import raised
from tests.load.http.server import READ, Server, ok

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
