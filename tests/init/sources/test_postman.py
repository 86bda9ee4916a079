"""A Postman collection becomes scenarios by its folders, with its variables, and without its secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from readiness.errors import ConfigError
from readiness.init.draft import Body, Draft, LogIn, Task, Variable
from readiness.init.files import Given, files_of
from readiness.init.limits import ProposedLoad, starters
from readiness.init.sources import postman
from tests.init.checked import refuse_foreign_code

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def item(name: str, method: str, url: Any, **more: Any) -> dict[str, Any]:
    events = more.pop("events", {})
    made: dict[str, Any] = {"name": name, "request": {"method": method, "url": url, "header": [], **more}}
    made["event"] = [{"listen": kind, "script": {"exec": lines}} for kind, lines in events.items()]
    return made


def raw(text: str) -> dict[str, Any]:
    return {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}


def collection(*items: Any, **more: Any) -> bytes:
    return json.dumps({"info": {"name": "Shop", "schema": SCHEMA}, "item": list(items), **more}).encode()


def bearer(token: str) -> dict[str, Any]:
    return {"type": "bearer", "bearer": [{"key": "token", "value": token, "type": "string"}]}


KEPT = ["const json = pm.response.json();", "pm.environment.set('token', json.access_token);"]
LOG_IN = item(
    "Log in", "POST", "{{baseUrl}}/login", body=raw('{"user": "bob", "password": "hunter2"}'), auth={"type": "noauth"},
    events={"test": [*KEPT, "pm.test('ok', () => pm.response.to.have.status(200));"]},
)  # fmt: skip
BAG = {
    "raw": "{{baseUrl}}/bags/:bagId?full=1", "host": ["{{baseUrl}}"], "path": ["bags", ":bagId"],
    "variable": [{"key": "bagId", "value": "17"}],
}  # fmt: skip


def shop() -> Draft:
    folders = [
        {"name": "Auth", "item": [LOG_IN]},
        {"name": "Bags", "item": [
            item("All", "GET", "{{baseUrl}}/bags?limit={{limit}}&key={{apiKey}}"),
            {"name": "One", "item": [item("Get", "GET", BAG), item("Delete", "DELETE", BAG)]},
            item("Open", "GET", "{{baseUrl}}/open", auth={"type": "noauth"}),
            item("Find", "POST", "{{baseUrl}}/graphql", body={"mode": "graphql", "graphql": {"query": "{ bags }"}}),
            item("Odd", "GET", "{{baseUrl}}/odd", events={
                "test": ["pm.environment.set('odd', compute(responseBody));"], "prerequest": ["x()"]}),
        ]},
    ]  # fmt: skip
    variables = [
        {"key": "baseUrl", "value": "https://api.example/v1"},
        {"key": "limit", "value": 20},
        {"key": "apiKey", "value": "k3y0123456789abcdef"},
        {"key": "token", "value": "0ld-t0ken-0f-the-auth0r"},
    ]
    return postman.read(collection(*folders, auth=bearer("{{token}}"), variable=variables), "shop.json")


def tasks(draft: Draft) -> dict[str, Task]:
    return {task.name: task for scenario in draft.scenarios for task in scenario.tasks}


def test_folders_are_scenarios_and_a_kept_token_is_that_of_a_log_in() -> None:
    draft = shop()
    (bags,) = draft.scenarios
    assert (bags.name, draft.target) == ("Bags", "https://api.example")
    assert bags.on_start == ()
    assert isinstance(bags.log_in, LogIn)
    assert (bags.log_in.path, bags.log_in.token, bags.log_in.scheme) == ("/v1/login", "access_token", "Bearer")
    found = tasks(draft)
    assert "Authorization" not in dict(found["All"].calls[0].headers), "the client sends it"
    assert found["All"].calls[0].query[0] == ("limit", ("20",))
    assert isinstance(found["All"].calls[0].query[1][1][0], Variable)
    assert (found["One Get"].calls[0].path, found["One Get"].calls[0].name) == (("/v1/bags/17",), "/v1/bags/{id}")
    assert dict(found["Open"].calls[0].headers)["Authorization"] == (), "it goes without the token"


def test_writes_are_switched_off_and_named_but_a_question_is_none() -> None:
    draft = shop()
    assert {name: task.enabled for name, task in tasks(draft).items()} == {
        "All": True, "One Get": True, "One Delete": False, "Open": True, "Find": True, "Odd": True
    }  # fmt: skip
    told = "\n".join(draft.notes)
    assert "each user logs in with POST /v1/login, and again before its token ends" in told
    assert "sent once by every user" not in told
    assert "switched off, because it writes: DELETE /v1/bags/{id}" in told
    assert "item[1].item[4] 'Odd': a script is not run; what it sets is not known: odd" in told
    assert "item[1].item[4] 'Odd': a script before the request is not run" in told


def test_dynamic_variables_are_made_anew_for_every_request() -> None:
    sent = raw('{"key": "{{$guid}}", "amount": {{$randomInt}}, "at": {{$timestamp}}, "on": "{{$isoTimestamp}}"}')
    orders = item("Order", "GET", "http://localhost:8000/orders?name={{$randomFirstName}}", body=sent)
    draft = postman.read(collection(orders), "orders.json")
    made = files_of(draft, Given("orders", None, ProposedLoad(), None), starters())
    assert [one.name for one in made.variables] == ["READINESS_VAR_RANDOM_FIRST_NAME"], "what is not made is asked for"
    (text,) = (text for name, text in made.files.items() if name.endswith(".py"))
    refuse_foreign_code(text)
    for line in (
        "from datetime import UTC, datetime", "from uuid import uuid4", "guid = str(uuid4())",
        "random_int = str(uuid4().int % 1001)", "timestamp = str(int(time.time()))",
        "iso_timestamp = datetime.now(UTC).isoformat()",
    ):  # fmt: skip
        assert line in text, text


def test_no_secret_of_the_collection_stands_in_the_draft() -> None:
    shown = repr(shop())
    assert not [secret for secret in ("hunter2", "k3y0", "0ld-t0ken") if secret in shown]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (raw('{"a": {{n}}}'), ("text", ('{"a": ', Variable("READINESS_VAR_N", "variable n of the source"), "}"))),
        ({"mode": "urlencoded", "urlencoded": [{"key": "a", "value": "1"}, {"key": "b", "disabled": True}]},
         ("form", (("a", ("1",)),))),
        ({"mode": "formdata", "formdata": [{"key": "a", "value": "1", "type": "text"}]},
         ("multipart", (("a", ("1",)),))),
        ({"mode": "formdata", "formdata": [{"key": "a", "src": "/etc/passwd", "type": "file"}]}, None),
        ({"mode": "file", "file": {"src": "/etc/passwd"}}, None),
    ],
)  # fmt: skip
def test_every_kind_of_body(body: dict[str, Any], wanted: tuple[str, Any] | None) -> None:
    draft = postman.read(collection(item("x", "POST", "https://api.example/x", body=body)), "x.json")
    (task,) = draft.scenarios[0].tasks
    found: Body | None = task.calls[0].body
    if wanted is None:
        assert found is None
        assert "is not read" in task.calls[0].comment
        assert "/etc/passwd" not in repr(draft)
    else:
        assert found is not None
        assert (found.kind, found.text if found.kind == "text" else found.fields) == wanted


@pytest.mark.parametrize("version", ["list", "object"])
def test_basic_and_api_keys_in_either_version(version: str) -> None:
    def auth(kind: str, **pairs: str) -> dict[str, Any]:
        listed = [{"key": key, "value": value} for key, value in pairs.items()]
        return {"type": kind, kind: listed if version == "list" else pairs}

    draft = postman.read(
        collection(
            item("a", "GET", "https://api.example/a", auth=auth("basic", username="bob", password="pw")),
            item(
                "b", "GET", "https://api.example/b", auth=auth("apikey", key="X-Shop", value="abc", **{"in": "header"})
            ),
            item("c", "GET", "https://api.example/c", auth=auth("apikey", key="k", value="abd", **{"in": "query"})),
            item("d", "GET", "https://api.example/d", auth=auth("hawk", authId="x")),
        ),
        "x.json",
    )
    (scenario,) = draft.scenarios
    found = tasks(draft)
    user, password = found["a"].calls[0].basic or ((), ())
    assert isinstance(user[0], Variable)
    assert isinstance(password[0], Variable)
    assert [name for name, task in found.items() if task.calls[0].basic] == ["a"]
    assert scenario.basic is None, "the others would be sent with the password of one"
    assert isinstance(dict(found["b"].calls[0].headers)["X-Shop"][0], Variable)
    assert isinstance(dict(found["c"].calls[0].query)["k"][0], Variable)
    assert "'pw'" not in repr(draft)
    assert "'abc'" not in repr(draft)
    assert any("item[3] 'd': authorization hawk is not known" in note for note in draft.notes)


def test_the_texts_of_a_form_with_a_file_are_sent_and_the_file_is_told() -> None:
    form = [
        {"key": "a", "value": "1", "type": "text", "contentType": "application/json"},
        {"key": "f", "src": "/etc/passwd", "type": "file"},
    ]
    header = [{"key": "Content-Type", "value": "multipart/form-data"}]
    one = item("x", "PUT", "https://api.example/x", body={"mode": "formdata", "formdata": form}, header=header)
    draft = postman.read(collection(one), "x.json")
    (call,) = draft.scenarios[0].tasks[0].calls
    assert call.body == Body("multipart", fields=(("a", ("1",)),), types=("application/json",))
    assert (call.headers, call.comment) == ((), "the file of the form field f is not read: sent without it")
    assert "item[0] 'x': the file of the form field f is not read: the request is sent without it" in draft.notes


def basic_auth(user: str) -> dict[str, Any]:
    return {"type": "basic", "basic": {"username": user, "password": f"{user}-pw-17"}}


def test_a_request_has_the_authorization_of_its_folder_or_collection_unless_it_says_none() -> None:
    address = "https://api.example"
    none = {"type": "noauth"}
    folders = [
        {"name": "One", "auth": basic_auth("ann"), "item": [
            item("a", "GET", f"{address}/a"), item("b", "GET", f"{address}/b", auth={"type": "inherit"}),
        ]},
        {"name": "Mixed", "item": [
            item("c", "GET", f"{address}/c"), item("d", "GET", f"{address}/d", auth=none),
            item("e", "GET", f"{address}/e", auth=basic_auth("eve")),
            item("f", "GET", "https://joe:joe-pw-17@api.example/f", auth=none),
            item("g", "GET", f"{address}/g", auth=bearer("t0ken-0f-g")),
        ]},
        {"name": "Open", "auth": none, "item": [item("h", "GET", f"{address}/h")]},
    ]  # fmt: skip
    draft = postman.read(collection(*folders, auth=basic_auth("bob")), "x.json")
    one, mixed, opened = draft.scenarios
    users = {"ann": None, "bob": None, "eve": None, "joe": None}
    assert one.basic is not None, "all its requests have the same: it is the user's"
    assert [task.calls[0].basic for task in one.tasks] == [None, None]
    assert (mixed.basic, opened.basic) == (None, None)
    sent = {name: task.calls[0].basic for name, task in tasks(draft).items()}
    assert [name for name in "abcdefgh" if sent[name]] == ["c", "e", "f"]
    assert len({one.basic, *(sent[name] for name in "cef")}) == len(users)
    assert "-pw-17" not in repr(draft)
    made = files_of(draft, Given("shop", None, ProposedLoad(), None), starters())
    methods = made.files["scenarios/mixed.py"].split("    def ")[1:]
    assert ["auth=(" in method for method in methods] == [True, False, True, True, False]
    assert "self.client.auth = (" in made.files["scenarios/one.py"]


def test_a_secret_inside_a_variable_of_another_name_stands_nowhere() -> None:
    header = [{"key": "Authorization", "value": "{{who}}"}]
    draft = postman.read(
        collection(
            item("a", "GET", "https://api.example/a", header=header),
            item("b", "POST", "https://api.example/b", body=raw('{"password": "{{pw}}"}')),
            variable=[{"key": "who", "value": "Bearer s3cr3t-17"}, {"key": "pw", "value": "hunter2"}],
        ),
        "x.json",
    )
    assert not [secret for secret in ("s3cr3t", "hunter2") if secret in repr(draft)]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{", "x.json: is not a Postman collection: "),
        (b'{"info": {}, "item": [3]}', "x.json: item[0]: Expected `object`, got `int`"),
        (
            b'{"info": {}, "item": [{"item": [{"request": 3}]}]}',
            "x.json: item[0].item[0]: Expected `str | object | null`",
        ),
        (
            b'{"id": "x", "order": [], "folders": [], "requests": []}',
            "x.json: is a Postman collection of version 1: export",
        ),
        (b'{"info": {}, "item": []}', "x.json: item: no request in this collection"),
        (
            b'{"info": {"schema": "https://schema/v1.0.0/"}, "item": []}',
            "x.json: info.schema: https://schema/v1.0.0/: export",
        ),
        (b'{"info": {}, "item": [' + b'{"item": [' * 30 + b"]}" * 30 + b"]}", "folders are nested deeper than 20"),
        (b'{"info": {}, "item": [' + b'{"item": [' * 100_000, "x.json: is not a Postman collection: "),
    ],
)
def test_what_is_no_collection_is_refused_with_its_place(data: bytes, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        postman.read(data, "x.json")
    assert said in str(refused.value)


def test_a_collection_is_recognised_by_its_beginning() -> None:
    assert postman.recognises(collection())
    assert not postman.recognises(b'{"openapi": "3.0.0", "info": {}, "paths": {}}')
    assert not postman.recognises(b'{"log": {"entries": []}}')
