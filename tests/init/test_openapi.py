"""What an OpenAPI document says becomes tasks, ids from lists, variables; and what it does not say is told."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from readiness.init import detect
from readiness.init.code import python
from readiness.init.draft import Call, Draft, Extract, Extracted, Json, Task, Variable
from readiness.init.files import Given, files_of
from readiness.init.limits import ProposedLoad, starters
from readiness.init.pipeline import KINDS, PipelineKind, pipeline
from readiness.init.sources import openapi
from tests.init.checked import refuse_foreign_code, refuse_unformatted, refuse_untyped
from tests.init.test_code import HOSTILE


def read(paths: Mapping[str, object], **more: Json) -> Draft:
    return openapi.read(json.dumps({"openapi": "3.1.0", "paths": paths, **more}).encode(), "a test")


def get(*, answer: Json = None, parameters: Json = None, **more: Json) -> dict[str, Json]:
    content: Json = {"application/json": {"schema": answer}}
    return {"get": {"parameters": parameters or [], "responses": {"200": {"content": content}}, **more}}


def tasks(draft: Draft) -> dict[str, Task]:
    return {task.name: task for scenario in draft.scenarios for task in scenario.tasks}


def call(draft: Draft, name: str) -> Call:
    return tasks(draft)[name].calls[0]


PET: dict[str, Json] = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
REF: dict[str, Json] = {"$ref": "#/components/schemas/Pet"}
PATH_ID: Json = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]


def test_an_id_comes_from_the_list_whatever_the_list_is_wrapped_in() -> None:
    answers: dict[str, Json] = {
        "[0].id": {"type": "array", "items": REF},
        "data[0].id": {"properties": {"total": {"type": "integer"}, "data": {"type": "array", "items": REF}}},
        "items[0].metadata.name": {
            "properties": {
                "items": {"type": "array", "items": {"properties": {"metadata": {"properties": {"name": {}}}}}}
            }
        },
        "[0]": {"type": "array", "items": {"type": "string"}},
        "pets[0].id": {"allOf": [{"properties": {"pets": {"type": "array", "items": {"allOf": [REF]}}}}]},
    }
    for place, answer in answers.items():
        paths = {"/pets": get(answer=answer), "/pets/{id}": get(answer=REF, parameters=PATH_ID)}
        draft = read(paths, components={"schemas": {"Pet": PET}})
        assert call(draft, "get /pets").extracts == (Extract("pet_id", "json", place),)
        assert call(draft, "get /pets/{id}").path == ("/pets/", Extracted("pet_id"), "")
        assert tasks(draft)["get /pets/{id}"].enabled


def test_an_id_comes_from_an_example_of_the_list_where_it_has_no_schema() -> None:
    example: Json = {"results": [{"id": 7}]}
    listed: Json = {"get": {"responses": {"200": {"content": {"application/json": {"example": example}}}}}}
    draft = read({"/pets/": listed, "/pets/{id}/": get(parameters=PATH_ID)})
    assert call(draft, "get /pets/").extracts == (Extract("pet_id", "json", "results[0].id"),)


def test_an_id_comes_from_any_list_of_the_same_things() -> None:
    paths = {
        "/pet/findByStatus": get(answer={"type": "array", "items": REF}),
        "/pet/{id}": get(answer=REF, parameters=PATH_ID),
    }
    draft = read(paths, components={"schemas": {"Pet": PET}})
    assert call(draft, "get /pet/findByStatus").extracts == (Extract("pet_id", "json", "[0].id"),)
    assert call(draft, "get /pet/{id}").same == (("id", (Extracted("pet_id"),)),)


def test_values_come_from_examples_defaults_and_enums_and_what_has_none_is_switched_off_and_told() -> None:
    def query(name: str, **more: Json) -> Json:
        return {"name": name, "in": "query", "required": True, **more}

    parameters: Json = [
        query("a", example="x y"),
        query("b", schema={"type": "integer", "default": 20}),
        query("c", schema={"type": "string", "enum": ["up", "down"]}),
        query("d", examples={"one": {"value": True}}),
        query("e", schema={"type": "string", "format": "date"}),
    ]
    draft = read({"/x": get(parameters=parameters), "/y/{what}": get(parameters=[{"name": "what", "in": "path"}])})
    assert dict(call(draft, "get /x").query) == {
        "a": ("x y",),
        "b": ("20",),
        "c": ("up",),
        "d": ("true",),
        "e": ("2026-01-01",),
    }
    off = tasks(draft)["get /y/{what}"]
    assert not off.enabled
    assert isinstance(off.calls[0].path[1], Variable)
    assert "paths./y/{what}.get: nothing gives a value for {what}; the task is switched off" in draft.notes


def test_secrets_of_the_document_become_variables() -> None:
    schemes: Json = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "key": {"type": "apiKey", "in": "query", "name": "api_key"},
        "jar": {"type": "apiKey", "in": "cookie", "name": "sid"},
        "basic": {"type": "http", "scheme": "basic"},
        "odd": {"type": "mutualTLS"},
    }
    secret: Json = [{"name": "X-Api-Key", "in": "header", "required": True, "example": "hunter2hunter2"}]
    for name, says in {
        "bearer": 'f"Bearer {token_bearer}"', "key": 'params={"api_key": secret_key}',
        "jar": 'self.client.cookies["sid"] = secret_jar', "basic": "self.client.auth = (user_basic, password_basic)",
    }.items():  # fmt: skip
        draft = read({"/x": get(parameters=secret, security=[{name: []}])}, components={"securitySchemes": schemes})
        text = python(draft.scenarios[0], "x", "a test")
        assert says in text
        assert 'headers={"X-Api-Key": secret_api_key}' in text
        assert "hunter2" not in text
        assert any("securitySchemes.odd: this kind of security is not generated" in note for note in draft.notes)


def test_swagger_2_has_its_own_places_for_all_of_that() -> None:
    document = {
        "basePath": "/api", "host": "pets.example.org", "definitions": {"Pet": PET},
        "paths": {
            "/pets": {
                "get": {"responses": {"200": {"schema": {"type": "array", "items": {"$ref": "#/definitions/Pet"}}}}},
                "post": {"parameters": [{"in": "body", "name": "pet", "schema": {"$ref": "#/definitions/Pet"}}]},
            },
            "/pets/{id}": {"get": {"parameters": [{"name": "id", "in": "path", "type": "integer", "required": True}]}},
        },
        "securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        "swagger": "2.0",
    }  # fmt: skip
    data = json.dumps(document).encode()
    assert openapi.recognises(data[:40])
    draft = openapi.read(data, "a test")
    assert draft.target == "https://pets.example.org/api"
    assert call(draft, "get /pets").extracts == (Extract("pet_id", "json", "[0].id"),)
    assert call(draft, "post /pets").body is not None
    assert not tasks(draft)["post /pets"].enabled


def test_health_is_a_probe_and_what_leaves_streams_or_is_deprecated_is_not_asked_for() -> None:
    streamed: Json = {"get": {"responses": {"200": {"content": {"text/event-stream": {}}}}}}
    paths = {"/a": get(), "/healthz": get(), "/user/logout": get(), "/events": streamed, "/old": get(deprecated=True)}
    draft = read(paths)
    assert draft.health_paths == ("/healthz",)
    assert [name for name, task in tasks(draft).items() if task.enabled] == ["get /a"]
    assert set(tasks(draft)) == {"get /a", "get /user/logout", "get /events"}


def test_hostile_names_everywhere_in_a_document_are_texts(tmp_path: Path) -> None:
    for number, words in enumerate(HOSTILE):
        schema: Json = {
            "type": "object",
            "required": [words],
            "properties": {words: {"type": "string", "example": words}},
        }
        parameters: Json = [
            {"name": words, "in": "query", "required": True, "example": words},
            {"name": words, "in": "header", "required": True, "example": words},
            {"name": words, "in": "path", "required": True, "description": words},
        ]
        operation: Json = {
            "operationId": words, "summary": words, "tags": [words], "parameters": parameters,
            "security": [{words: []}],
            "requestBody": {"content": {"application/json": {"schema": schema}}},
            "responses": {"200": {"content": {"application/json": {"schema": {"type": "array", "items": schema}}}}},
        }  # fmt: skip
        paths: dict[str, Json] = {
            f"/{words}": {"get": operation, "post": operation},
            f"/{words}/{{{words}}}": {"get": operation},
        }
        scheme: Json = {"type": "apiKey", "in": "header", "name": words}
        draft = read({**paths, "/plain": get()}, components={"securitySchemes": {words: scheme}}, info={"title": words})
        made = files_of(draft, Given(words, None, ProposedLoad(), "github"), starters())
        for name, text in made.files.items():
            if name.endswith(".py"):
                refuse_foreign_code(text)
                place = tmp_path / f"s{number}" / Path(name).name
                place.parent.mkdir(exist_ok=True)
                place.write_text(text, encoding="utf-8")
    refuse_unformatted(tmp_path)


def test_what_comes_of_a_document_has_no_complaint_of_mypy(tmp_path: Path) -> None:
    key: Json = {"type": "apiKey", "in": "query", "name": "k"}
    paths: dict[str, Json] = {
        "/pets": get(answer={"type": "array", "items": REF}),
        "/pets/{id}": {
            **get(answer=REF, parameters=PATH_ID),
            "put": {"requestBody": {"content": {"application/json": {"schema": REF}}}},
        },
        "/pets/{id}/toys": get(answer={"properties": {"items": {"type": "array", "items": REF}}}, parameters=PATH_ID),
        "/pets/{id}/toys/{toy}": get(answer=REF, parameters=PATH_ID),
        "/find": get(parameters=[{"name": "when", "in": "query", "required": True, "schema": {"type": "string"}}]),
    }
    draft = read(paths, components={"schemas": {"Pet": PET}, "securitySchemes": {"key": key}}, security=[{"key": []}])
    made = files_of(draft, Given("pets", None, ProposedLoad(), None), starters())
    for name, text in made.files.items():
        (tmp_path / Path(name).name).write_text(text)
    refuse_untyped(sorted(tmp_path.glob("*.py")))


@pytest.mark.parametrize("kind", KINDS)
def test_a_pipeline_runs_the_target_with_its_variables_and_installs_no_name_of_an_index(kind: PipelineKind) -> None:
    for variables in ((), (Variable("READINESS_TOKEN", "a token"), Variable("SHOP_KEY", "of another name"))):
        made = pipeline(kind, "http://staging.example.org/v1", variables)
        assert "readiness run http://staging.example.org/v1" in made.text
        assert "--allow-host staging.example.org" in made.text
        assert ("--allow-env SHOP_KEY" in made.text) == bool(variables)
        assert ("READINESS_TOKEN" in made.text) == bool(variables)
        assert "pip install readiness" not in made.text
        assert '"$READINESS_PACKAGE"' in made.text
        assert made.text.count("{") == made.text.count("}")
        if kind != "jenkins":
            assert yaml.safe_load(made.text)
        for action in re.findall(r"uses: (\S+)", made.text):
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action), action


def test_five_hundred_operations_are_ten_files_at_most_and_every_task_is_told() -> None:
    paths = {f"/things{n}": get(answer={"type": "array", "items": REF}) for n in range(250)}
    paths |= {f"/things{n}/{{id}}": get(answer=REF, parameters=PATH_ID) for n in range(250)}
    draft = read(paths, components={"schemas": {"Pet": PET}})
    made = files_of(draft, Given("things", None, ProposedLoad(), None), starters())
    assert len([name for name in made.files if name.endswith(".py")]) == 10
    assert made.running == 500


def test_a_secret_of_an_example_stands_nowhere_else_either() -> None:
    secret, key = "hunter2-of-bob", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"
    parameters: Json = [
        {"name": "X-Token", "in": "header", "required": True, "example": secret},
        {"name": "note", "in": "query", "required": True, "example": f"as {secret}"},
        {"name": "where", "in": "query", "required": True, "description": f"such as {secret}"},
        {"name": "pin", "in": "query", "required": True, "schema": {"enum": ["top-1", "top-2"]}},
    ]
    draft = read(
        {"/x": get(parameters=parameters, summary=f"Use {secret} or {key}"), "/y": get()},
        info={"title": f"API of {secret}"},
    )
    made = files_of(draft, Given(draft.service, None, ProposedLoad(), None), starters())
    for text in (*made.files.values(), *draft.notes):
        assert "hunter2" not in text
        assert "ghp_" not in text


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("api.example.com/v1", "https://api.example.com/v1"),
        ("localhost:8080/api", "http://localhost:8080/api"),
        ("//api.example.com/v1/", "https://api.example.com/v1"),
        ("://petstore.example/v2", "https://petstore.example/v2"),
        ("HTTP://petstore.example:80/v2?x#y", "http://petstore.example:80/v2"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("/v1", "/v1"),
        ("https", None),
        ("/{base}/v1", None),
        ("v1", None),
        ("ws://api.example.com/v1", None),
        ("http://api.example.com:no/v1", None),
    ],
)
def test_a_server_is_a_host_with_its_path_or_a_path_or_told_as_neither(url: str, target: str | None) -> None:
    draft = read({"/x": get()}, servers=[{"url": url}])
    assert draft.target == target
    assert any("servers: " in note for note in draft.notes) == (target is None), draft.notes


def test_a_long_document_with_sorted_keys_is_recognised_as_yaml_too() -> None:
    filler = "".join(f"    S{number}: {{description: {'d' * 80}}}\n" for number in range(1_000))
    text = f"# made by a tool\n---\ncomponents:\n  schemas:\n{filler}openapi: 3.0.3\npaths: {{/x: {{get: {{}}}}}}\n"
    assert len(text) > 65_536
    assert list(tasks(detect.read_bytes(text.encode(), "a test"))) == ["get /x"]


def test_what_a_merge_key_would_bring_in_is_told_with_its_place() -> None:
    text = """\
openapi: 3.0.3
x-common: &common {summary: one}
paths:
  /x: {get: {<<: *common}}
  /y: {get: {parameters: [{<<: *common}], <<: *common}, put: {<<: *common}}
"""
    draft = openapi.read(text.encode(), "a test")
    told = "paths./x.get.<<, paths./y.get.<<, paths./y.get.parameters[0].<< and 1 more: `<<` is not read, so what it "
    assert f"{told}brings in is missing: write it out" in draft.notes
