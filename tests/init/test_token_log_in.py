"""A token that an answer of the source brought is renewed in the scenario, or the file says that it ends."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from readiness.init.code import python
from readiness.init.draft import Draft, LogIn
from readiness.init.sources import har, postman
from tests.init.checked import refuse_foreign_code, refuse_unformatted, refuse_untyped
from tests.init.sources.recordings import api, entry
from tests.init.sources.recordings import har as recording
from tests.init.sources.test_postman import bearer, collection, item
from tests.init.test_init_command import init, readiness
from tests.serving import serving

TOKEN = "eyJhbGciOiJIUzI1NiJ9.c2hvcA.c2ln"
ANSWER: dict[str, Any] = {"access_token": TOKEN, "expires_in": 20, "refresh_token": "a7" * 24}
WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}
FORM = "grant_type=password&username=bob&password=hunter2"
LOGGED_IN = [
    "const t = pm.response.json();", "pm.environment.set('token', t.access_token);",
    "pm.environment.set('refresh', t.refresh_token);",
]  # fmt: skip


def token_entry(answer: dict[str, Any], *, path: str = "/token", sent: str = FORM, **more: Any) -> dict[str, Any]:
    return entry("POST", path, at_s=1, page="p", kind="xhr", media="application/json", answer=json.dumps(answer),
                 sent=sent, **more)  # fmt: skip


def recorded(*entries: dict[str, Any]) -> Draft:
    return har.read(recording(*entries, titles={"p": "Shop"}), "shop.har")


def test_a_recorded_token_becomes_a_log_in(tmp_path: Path) -> None:
    draft = recorded(
        api("GET", "/prices", 0, "p", "{}"),
        token_entry(ANSWER),
        api("GET", "/orders", 2, "p", "{}", headers=WITH_TOKEN),
    )
    (scenario,) = draft.scenarios
    assert isinstance(scenario.log_in, LogIn)
    assert scenario.on_start == ()
    assert "each user logs in with POST /token, and again before its token ends (20 s in the recording)" in draft.notes
    text = python(scenario, "shop", "shop.har")
    assert 'self.client.get("/orders", catch_response=True)' in text
    assert 'self.client.get("/prices", headers={"Authorization": None}, catch_response=True)' in text
    refuse_foreign_code(text)
    (tmp_path / "shop.py").write_text(text)
    refuse_unformatted(tmp_path)
    refuse_untyped([tmp_path / "shop.py"])


@pytest.mark.parametrize(
    ("entries", "lives"),
    [
        ((token_entry(ANSWER, headers={"X-Tenant": "shop"}), api("GET", "/orders", 2, "p", "{}", headers=WITH_TOKEN)),
         "it lives 20 s"),
        ((token_entry(ANSWER | {"user_id": "u-4711"}), api("GET", "/u-4711/orders", 2, "p", "{}", headers=WITH_TOKEN)),
         "it lives 20 s"),
        ((token_entry(ANSWER, path="/register"), api("GET", "/orders", 2, "p", "{}", headers=WITH_TOKEN)),
         "it lives 20 s"),
        ((token_entry({"token": TOKEN}), api("GET", f"/orders?t={TOKEN}", 2, "p", "{}", headers=WITH_TOKEN)),
         "how long it lives is not known"),
    ],
    ids=["a header of its own", "another value is used", "it makes an account", "the token goes elsewhere too"],
)  # fmt: skip
def test_a_token_that_cannot_be_renewed_is_told(
    entries: tuple[dict[str, Any], ...], lives: str, tmp_path: Path
) -> None:
    draft = recorded(*entries)
    (scenario,) = draft.scenarios
    assert scenario.log_in is None
    (call, *_) = scenario.on_start
    says = f"the token of POST {call.name} is fetched once and not renewed, and {lives}: after that every request gets"
    (told,) = (note for note in draft.notes if note.startswith(says))
    assert told.endswith("401. log_in(self.client, ...) in on_start renews it (docs/how-to/api-with-a-token.md)")
    text = python(scenario, "shop", "shop.har")
    head = text.partition('"""\n')[0]
    assert " ".join(head.split()).endswith(f"T{told[1:]}.")
    (tmp_path / "shop.py").write_text(text)
    refuse_unformatted(tmp_path)


def test_wide_signs_and_quotes_of_an_address_do_not_leave_the_head_of_the_file(tmp_path: Path) -> None:
    path = '/sign-up/"""%5C/' + 40 * "注册"
    draft = recorded(token_entry(ANSWER, path=path), api("GET", "/orders", 2, "p", "{}", headers=WITH_TOKEN))
    text = python(draft.scenarios[0], "shop", "shop.har")
    refuse_foreign_code(text)
    assert "it lives 20 s" in " ".join(text.split())
    (tmp_path / "shop.py").write_text(text)
    refuse_unformatted(tmp_path)


def test_client_credentials_of_a_collection_go_as_basic_with_the_log_in_alone() -> None:
    basic = {
        "type": "basic",
        "basic": [{"key": "username", "value": "app"}, {"key": "password", "value": "{{secret}}"}],
    }
    body = {"mode": "urlencoded", "urlencoded": [{"key": "grant_type", "value": "client_credentials"}]}
    token = item("Token", "POST", "{{base}}/token", auth=basic, body=body, events={"test": LOGGED_IN})
    listed = item("Orders", "GET", "{{base}}/orders")
    draft = postman.read(collection(token, listed, auth=bearer("{{token}}")), "orders.json")
    (scenario,) = draft.scenarios
    wanted = 'log_in(self.client, "/token", data={"grant_type": "client_credentials"}, auth=(username, secret_secret))'
    assert wanted in python(scenario, "orders", "orders.json")
    assert "each user logs in with POST /token, and again before its token ends" in draft.notes
    assert not any("it writes" in note for note in draft.notes)


class Shop(BaseHTTPRequestHandler):
    """Tokens of one second, each with a refresh token."""

    protocol_version = "HTTP/1.1"
    ends: dict[str, float]
    refreshed: list[str]

    def answer(self, status: int, said: object) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
        self.refreshed += sent["grant_type"]
        token = secrets.token_hex(8)
        self.ends[token] = time.monotonic() + 1.5
        self.answer(200, {"access_token": token, "expires_in": 1.5, "refresh_token": "r"})

    def do_GET(self) -> None:
        token = (self.headers["Authorization"] or "").removeprefix("Bearer ")
        good = self.ends.get(token, 0.0) > time.monotonic()
        self.answer(200 if good else 401, {})

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def shop() -> Iterator[str]:
    Shop.ends, Shop.refreshed = {}, []
    with serving(Shop) as url:
        yield url


def test_requests_after_the_end_of_the_recorded_token_succeed(
    tmp_path: Path, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = [api("GET", "/orders", at_s, "p", "{}", headers=WITH_TOKEN) for at_s in (2, 4.5)]
    (tmp_path / "rec.har").write_bytes(recording(token_entry(ANSWER), *later, titles={"p": "Shop"}))
    done = init(tmp_path, "rec.har", "--target", shop)
    assert done.returncode == 0, done.stderr
    monkeypatch.setenv("READINESS_VAR_USERNAME", "bob")
    monkeypatch.setenv("READINESS_PASSWORD", "hunter2")
    tried = readiness(tmp_path, "try", shop)
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert Shop.refreshed[:1] == ["password"]
    assert "refresh_token" in Shop.refreshed, "the pause of the recording is longer than the token's life"
