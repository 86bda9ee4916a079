"""A file of requests, as editors keep it, becomes tasks; what needs an answer gets it from the request of that name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.errors import ConfigError
from readiness.init.draft import Body, Draft, Extract, Extracted, Variable
from readiness.init.sources import http_file

SHOP = """
# the shop
@host = http://localhost:8000
@base = {{host}}/api
@token = {{login.response.body.$.access_token}}
@apiSecret = n0t-f0r-a-file

### Log in
# @name login
POST {{base}}/login HTTP/1.1
Content-Type: application/json

{"user": "bob", "password": "pw1"}

> {%
  client.test("ok", () => client.assert(response.status === 200));
  client.global.set("uid", response.body.user.id);
%}

### All bags
GET {{base}}/bags
    ?page=1
    &size={{$randomInt}}
Authorization: Bearer {{token}}
X-Secret: {{apiSecret}}
Accept: */*

### A user
// @no-redirect
GET http://localhost:8000/api/users/{{uid}}/bags/{{bagId}}

### Upload
POST {{base}}/up

< ./file.json

### Elsewhere
GET https://other.example/x

### Question
GRAPHQL {{base}}/graphql

query { bags { id } }

###
WEBSOCKET ws://localhost:8000/live
"""


def read(text: str) -> Draft:
    return http_file.read(text.encode(), "x.http")


def test_requests_are_tasks_and_named_answers_are_used() -> None:
    draft = read(SHOP)
    (scenario,) = draft.scenarios
    assert draft.target == "http://localhost:8000"
    (log_in,) = scenario.on_start
    assert log_in.extracts == (
        Extract("uid", "json", "user.id"),
        Extract("access_token", "json", "access_token"),
    )
    assert log_in.expected == (200,)
    bags, user, upload, question = scenario.tasks
    assert [(task.name, task.enabled) for task in scenario.tasks] == [
        ("All bags", True), ("A user", True), ("Upload", False), ("Question", True)
    ]  # fmt: skip
    assert bags.calls[0].path == ("/api/bags",)
    assert bags.calls[0].headers[0] == ("Authorization", ("Bearer ", Extracted("access_token")))
    assert isinstance(bags.calls[0].headers[1][1][0], Variable)
    assert bags.calls[0].query[0] == ("page", ("1",))
    path = user.calls[0].path
    assert path[:3] == ("/api/users/", Extracted("uid"), "/bags/")
    assert path[3] == Variable("READINESS_VAR_BAG_ID", "variable bagId of the source")
    assert user.calls[0].name == "/api/users/{uid}/bags/{bagId}"
    assert not user.calls[0].follows
    assert "is not read" in upload.calls[0].comment
    assert question.calls[0].body == Body("json", json={"query": "query { bags { id } }"})


def test_what_is_left_out_is_told_and_no_secret_is() -> None:
    draft = read(SHOP)
    told = "\n".join(draft.notes)
    for said in (
        "the body is in a file",
        "https://other.example (1)",
        "WEBSOCKET is not loaded",
        "POST /api/up",
    ):
        assert said in told
    assert not [secret for secret in ("pw1", "n0t-f0r") if secret in repr(draft)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: no request begins here"),
        ("### x\n# nothing", "line 1: no request"),
        ("x" * 400_000, "line 1: has 400,000 characters"),
    ],
)
def test_what_is_no_such_file_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=rf"^x\.http: {said}"):
        read(text)


def test_a_circle_of_variables_and_hostile_texts_are_harmless() -> None:
    draft = read(
        "@a = {{b}}{{b}}\n@b = {{a}}{{a}}\n\nGET http://x.example/{{a}}/{{\x1b[2J}}/\ue000x\ue001\nX: \x1b\n\n\x00"
    )
    assert draft.target == "http://x.example"
    assert len(repr(draft)) < 3_000_000


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading(text: str) -> None:
    read(f"### a\nGET http://x.example/{text}\n{text}\n\n{text}\n### {text}\nGET http://x.example/\n")


def test_such_a_file_is_recognised_by_its_first_request() -> None:
    assert http_file.recognises(SHOP.encode())
    assert http_file.recognises(b"{{host}}/bare\n")
    assert http_file.recognises(b"https://x.example/bare")
    assert not http_file.recognises(b"curl http://x/")
    assert not http_file.recognises(b"openapi: 3.0.0\n")
