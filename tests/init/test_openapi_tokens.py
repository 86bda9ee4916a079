"""A document that says how to get a token becomes scenarios that log in; one that does not says what to set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from readiness.init.code import python
from readiness.init.draft import Draft, Json
from readiness.init.sources import openapi
from tests.init.checked import refuse_foreign_code, refuse_unformatted, refuse_untyped
from tests.init.test_code import HOSTILE
from tests.init.test_openapi import get

TOKEN_ANSWER: Json = {"responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/T"}}}}}}


def read(scheme: Json, paths: Mapping[str, Json] | None = None, **more: Json) -> Draft:
    document: dict[str, Json] = {
        "openapi": "3.1.0",
        "security": [{"s": ["read"]}],
        "paths": {"/x": get(), **(paths or {})},
        "components": {"securitySchemes": {"s": scheme}, "T": {"properties": {"access": {"type": "string"}}}},
    }
    return openapi.read(json.dumps(document | more).encode(), "a test")


def code(draft: Draft) -> str:
    (scenario,) = draft.scenarios
    return python(scenario, "x", "a test")


def oauth2(flow: str, url: str) -> Json:
    return {"type": "oauth2", "flows": {flow: {"tokenUrl": url, "scopes": {}}}}


def test_a_flow_without_a_browser_becomes_a_log_in_and_its_operation_is_no_task() -> None:
    token: dict[str, Json] = {"/auth/token": {"post": {"security": [], "responses": {"200": {}}}}}
    draft = read(oauth2("password", "auth/token"), token)
    assert (
        'log_in(\n            self.client,\n            "/auth/token",\n            data={"grant_type": "password", '
        '"username": username, "password": password, "scope": "read"},\n        )'
    ) in code(draft)
    assert "/auth/token" not in {task.calls[0].name for task in draft.scenarios[0].tasks}
    assert "security: each user logs in with POST /auth/token, and again before its token ends" in draft.notes

    client = code(read(oauth2("clientCredentials", "/token")))
    assert '"client_id": client_id' in client
    assert 'os.environ["READINESS_SECRET_CLIENT"]' in client


@pytest.mark.parametrize(
    ("server", "url", "path"),
    [
        ("https://a.example/api", "https://a.example/api/token", "/token"),
        ("/api", "/api/token", "/token"),
        ("https://a.example", "https://login.a.example/token", None),
        ("https://a.example", "https://[broken/token", None),
        ("https://a.example", "", None),
    ],
)
def test_a_token_of_another_host_is_told_and_its_variable_named(server: str, url: str, path: str | None) -> None:
    draft = read(oauth2("clientCredentials", url), servers=[{"url": server}])
    told = [note for note in draft.notes if "is not of this service, so get the token there" in note]
    if path is None:
        assert told
        assert told[0].endswith("and set READINESS_TOKEN")
        assert "log_in" not in code(draft)
    else:
        assert f'"{path}"' in code(draft)


def test_what_needs_a_person_or_is_not_described_says_what_to_set() -> None:
    browser = read(oauth2("authorizationCode", "/token"))
    assert any("needs a person at a browser, so get a token there, and set READINESS_TOKEN" in n for n in browser.notes)
    bearer = read({"type": "http", "scheme": "bearer"})
    assert any("does not say how to get a token: get one, and set READINESS_TOKEN" in note for note in bearer.notes)


def test_a_bearer_scheme_takes_its_token_from_the_post_that_takes_a_password() -> None:
    fields: Json = {"properties": {"email": {"type": "string"}, "password": {"type": "string"}, "otp": {}}}
    sent: dict[str, Json] = {"requestBody": {"content": {"application/json": {"schema": fields}}}}
    sent |= TOKEN_ANSWER if isinstance(TOKEN_ANSWER, dict) else {}
    paths: dict[str, Json] = {"/register": {"post": sent}, "/sessions/login": {"post": sent}}
    draft = read({"type": "http", "scheme": "bearer"}, paths)
    text = python(next(one for one in draft.scenarios if one.name == "x"), "x", "a test")
    assert (
        'log_in(self.client, "/sessions/login", json={"email": username, "password": password}, token="access")' in text
    )


def test_hostile_words_of_a_log_in_are_texts(tmp_path: Path) -> None:
    for number, words in enumerate(HOSTILE):
        fields: Json = {
            "required": [words],
            "properties": {words: {"example": words}, f"{words} email": {}, "password": {}},
        }
        operation: Json = {
            "requestBody": {"content": {"application/json": {"schema": fields}}},
            "responses": {"200": {"content": {"application/json": {"schema": {"properties": {"token": {}}}}}}},
        }
        by_post = read({"type": "http", "scheme": "bearer"}, {f"/login{words}": {"post": operation}})
        by_flow = read(oauth2("password", f"/{words}"), security=[{"s": [words]}])
        for draft, name in ((by_post, "post"), (by_flow, "flow")):
            for place, scenario in enumerate(draft.scenarios):
                text = python(scenario, "x", words)
                refuse_foreign_code(text)
                (tmp_path / f"{name}_{number}_{place}.py").write_text(text, encoding="utf-8")
    refuse_unformatted(tmp_path)
    (tmp_path / "typed.py").write_text(code(read(oauth2("password", "/t"))))
    refuse_untyped([tmp_path / "typed.py"])


DJANGO: Json = {
    "type": "apiKey", "in": "header", "name": "Authorization",
    "description": 'Token-based authentication with required prefix "Token"',
}  # fmt: skip
AUTH_TOKEN: Json = {
    "type": "object", "required": ["password", "token", "username"],
    "properties": {
        "username": {"type": "string", "writeOnly": True}, "password": {"type": "string", "writeOnly": True},
        "token": {"type": "string", "readOnly": True},
    },
}  # fmt: skip


def test_the_prefix_that_django_describes_goes_before_the_token_and_its_log_in_is_used() -> None:
    sent: Json = {"schema": AUTH_TOKEN}
    form: Json = {"application/x-www-form-urlencoded": sent, "application/json": sent}
    answer: Json = {"200": {"content": {"application/json": {"schema": AUTH_TOKEN}}}}
    operation: Json = {"operationId": "token_create", "requestBody": {"content": form}, "responses": answer}
    draft = read(DJANGO, {"/api/token/": {"post": operation}})
    text = code(draft)
    assert 'data={"username": username, "password": password}' in text
    assert 'scheme="Token"' in text
    assert "security: each user logs in with POST /api/token/, and again before its token ends" in draft.notes
    assert "/api/token/" not in {task.calls[0].name for task in draft.scenarios[0].tasks}


@pytest.mark.parametrize(("said", "word"), [('with prefix "Token"', "Token"), ("`Bearer <key>` goes here", "Bearer")])
def test_a_key_with_a_prefix_and_no_log_in_is_sent_with_it(said: str, word: str) -> None:
    assert isinstance(DJANGO, dict)
    draft = read({**DJANGO, "description": said})
    assert f'"Authorization"] = f"{word} {{token}}"' in code(draft)
    assert any(f"set READINESS_TOKEN to it, without the word {word}" in note for note in draft.notes)
    plain = code(read({**DJANGO, "description": "a secret key without any prefix"}))
    assert '"Authorization"] = secret_api_key' in plain
