"""What is sent fits the document: media types, styles of lists, limits of made-up values, chosen parts."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Any

import pytest

from readiness.init.code import python
from readiness.init.draft import Body, Call, Json, Variable
from readiness.init.sources import openapi
from readiness.init.sources.openapi.invented import of_pattern
from tests.init.checked import refuse_foreign_code
from tests.init.test_openapi import call, get, read, tasks


def query(name: str, **more: Any) -> Any:
    return {"name": name, "in": "query", "required": True, **more}


def post(schema: Json, media: str = "application/json", **more: Json) -> dict[str, Json]:
    return {"post": {"requestBody": {"content": {media: {"schema": schema}}}, **more}}


def body(schema: Any, **schemas: Any) -> Any:
    found = call(read({"/x": post(schema), "/y": get()}, components={"schemas": schemas}), "post /x").body
    assert found is not None
    return found.json


def swagger(operation: Any, method: str = "post", **more: Json) -> Call:
    document: dict[str, Json] = {"swagger": "2.0", "paths": {"/x": {method: operation}, "/y": {"get": {}}}, **more}
    return call(openapi.read(json.dumps(document).encode(), "a test"), f"{method} /x")


LIST: Any = {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}


@pytest.mark.parametrize("media", ["application/vnd.api+json", "application/merge-patch+json", "application/hal+json"])
def test_a_json_body_goes_under_the_media_type_of_the_document(media: str) -> None:
    draft = read({"/x": post({"type": "object"}, f"{media}; charset=utf-8"), "/y": get()})
    assert call(draft, "post /x").headers == (("Content-Type", (media,)),)
    assert f'headers={{"Content-Type": "{media}"}}' in python(draft.scenarios[0], "x", "a test")
    sent: Json = [{"in": "body", "name": "b", "schema": {"type": "object"}}]
    assert swagger({"parameters": sent, "consumes": [media]}).headers == (("Content-Type", (media,)),)
    assert swagger({"parameters": sent}, consumes=[media]).headers == (("Content-Type", (media,)),)
    assert swagger({"parameters": sent, "consumes": [media, "application/json"]}).headers == ()
    xml = swagger({"parameters": sent, "consumes": ["application/xml"]})
    assert (xml.body, xml.comment) == (None, "Its body is not generated (application/xml): add it.")


@pytest.mark.parametrize("media", ["application/json", "application/json; charset=utf-8", "*/*", "application/*+json"])
def test_plain_json_needs_no_header(media: str) -> None:
    found = call(read({"/x": post({"type": "object"}, media), "/y": get()}), "post /x")
    assert (found.headers, found.body) == ((), Body("json", json={}))


def test_plain_json_is_taken_where_it_is_one_of_several() -> None:
    content: Json = {"application/hal+json": {"example": 1}, "application/json": {"example": 2}}
    found = call(read({"/x": {"post": {"requestBody": {"content": content}}}, "/y": get()}), "post /x")
    assert found.body == Body("json", json=2)


def test_values_that_a_part_of_a_schema_lists_are_taken() -> None:
    kind: Json = {"allOf": [{"$ref": "#/components/schemas/Kind"}]}
    parameters: Json = [query("status", schema=LIST), query("kind", schema=kind)]
    at: Json = [{"name": "kind", "in": "path", "required": True, "schema": kind}]
    draft = read(
        {"/x": get(parameters=parameters), "/z/{kind}": get(parameters=at)},
        components={"schemas": {"Kind": {"type": "string", "enum": ["x", "y"]}}},
    )
    assert call(draft, "get /x").query == (("status", ("a",)), ("kind", ("x",)))
    assert "".join(map(str, call(draft, "get /z/{kind}").path)) == "/z/x"
    assert all(task.enabled for task in tasks(draft).values())


@pytest.mark.parametrize(
    ("more", "sent"),
    [
        ({}, "q=a&q=b"),
        ({"explode": False}, "q=a,b"),
        ({"style": "pipeDelimited", "explode": False}, "q=a%7Cb"),
        ({"style": "spaceDelimited", "explode": False}, "q=a+b"),
        ({"example": {"from": 1, "to": 2}, "style": "deepObject", "explode": True}, "q%5Bfrom%5D=1&q%5Bto%5D=2"),
        ({"example": {"from": 1, "to": 2}}, "from=1&to=2"),
        ({"example": {"from": 1}, "explode": False}, "q=from,1"),
    ],
)
def test_a_list_in_a_query_has_the_style_of_its_parameter(more: dict[str, Any], sent: str) -> None:
    parameter = query("q", **{"example": ["a", "b"], "schema": {"type": "array"}, **more})
    text = python(read({"/x": get(parameters=[parameter])}).scenarios[0], "x", "a test")
    assert f'"/x?{sent}"' in text
    refuse_foreign_code(text)


@pytest.mark.parametrize(
    ("style", "sent"),
    [(None, "q=a,b"), ("csv", "q=a,b"), ("multi", "q=a&q=b"), ("pipes", "q=a%7Cb"), ("ssv", "q=a+b")],
)
def test_swagger_2_has_its_collection_formats(style: str | None, sent: str) -> None:
    said: dict[str, Json] = {} if style is None else {"collectionFormat": style}
    parameter = query("q", type="array", items={"type": "string"}, default=["a", "b"], **said)
    document = {"swagger": "2.0", "paths": {"/x": {"get": {"parameters": [parameter]}}}}
    draft = openapi.read(json.dumps(document).encode(), "a test")
    assert f'"/x?{sent}"' in python(draft.scenarios[0], "x", "a test")


def test_a_required_cookie_and_accept_are_sent_and_a_cookie_without_a_value_is_told() -> None:
    parameters: Any = [
        {"name": "tenant", "in": "cookie", "required": True, "example": "acme"},
        {"name": "Accept", "in": "header", "required": True, "schema": {"enum": ["application/vnd.a+json"]}},
        {"name": "Authorization", "in": "header", "required": True, "schema": {"type": "string"}},
    ]
    unknown: Json = [{"name": "flavour", "in": "cookie", "required": True}]
    draft = read({"/x": get(parameters=parameters), "/y": get(parameters=unknown)})
    found = call(draft, "get /x")
    assert found.cookies == (("tenant", ("acme",)),)
    assert dict(found.headers)["Accept"] == ("application/vnd.a+json",)
    assert isinstance(dict(found.headers)["Authorization"][0], Variable)
    assert 'cookies={"tenant": "acme"}' in python(
        next(one for one in draft.scenarios if one.name == "x"), "x", "a test"
    )
    assert "paths./y.get: nothing gives a value for flavour; the task is switched off" in draft.notes


def test_what_the_client_sends_with_every_request_is_not_sent_twice() -> None:
    scheme: Json = {"type": "apiKey", "in": "header", "name": "X-Key"}
    parameters: Any = [{"name": name, "in": "header", "required": True} for name in ("x-key", "Authorization")]
    draft = read(
        {"/x": get(parameters=parameters[:1], security=[{"key": []}])},
        components={"securitySchemes": {"key": scheme}},
    )
    assert call(draft, "get /x").headers == ()


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "maximum": 0},
        {"type": "integer", "minimum": 10, "exclusiveMinimum": True},
        {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
        {"type": "integer", "minimum": 5, "multipleOf": 10},
        {"type": "integer", "maximum": -5, "exclusiveMaximum": True, "multipleOf": 5},
        {"type": "integer", "minimum": 2.5},
        {"type": "number", "minimum": 0, "exclusiveMinimum": True},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5},
        {"type": "number", "minimum": 0.015, "multipleOf": 0.01},
        {"type": "number", "maximum": 1, "exclusiveMaximum": True},
    ],
)
def test_a_made_up_number_is_within_its_limits_also_in_a_query_that_runs(schema: dict[str, Any]) -> None:
    value = Fraction(str(body({"type": "object", "properties": {"n": schema}})["n"]))
    low, high = schema.get("minimum"), schema.get("maximum")
    under, over = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    assert low is None or (value > low if under is True else value >= Fraction(str(low)))
    assert high is None or (value < high if over is True else value <= high)
    assert under is None or under is True or value > under
    assert over is None or over is True or value < over
    assert value % Fraction(str(schema.get("multipleOf", "1" if schema["type"] == "integer" else value or 1))) == 0
    sent = read({"/x": get(parameters=[query("n", schema=schema)])})
    assert Fraction(str(call(sent, "get /x").query[0][1][0])) == value


@pytest.mark.parametrize(
    "schema",
    [
        {"maxLength": 2}, {"minLength": 9}, {"maxLength": 0}, {"pattern": "^[A-Z]{3}[0-9]{2}$", "maxLength": 5},
        {"pattern": r"^\+?[1-9]\d{1,14}$", "minLength": 8}, {"pattern": "^(foo|bar)-[^a-z]+$"},
        {"pattern": r"^(?:[a-z0-9]+\.)+[a-z]{2,}$"}, {"pattern": r"^[^\s@]+@[\w.-]+$"},
        {"pattern": "^#[0-9a-fA-F]{6}$"},
        {"pattern": "^a$|^b$"}, {"pattern": "[a-z]*"},
    ],
)  # fmt: skip
def test_a_made_up_text_is_as_long_as_it_must_be_and_has_its_pattern(schema: dict[str, Any]) -> None:
    found = body({"type": "object", "properties": {"t": {"type": "string", **schema}}})["t"]
    assert int(str(schema.get("minLength", 0))) <= len(found) <= int(str(schema.get("maxLength", 400)))
    assert re.search(str(schema.get("pattern", "")), found)


@pytest.mark.parametrize(
    "pattern", [r"^(?=x)y$", r"(a)\1", r"\p{L}", "[", "(", "a{", "(a{400}){400}", "(" * 50, "x" * 400]
)
def test_a_pattern_that_is_not_understood_is_left_alone(pattern: str) -> None:
    assert of_pattern(pattern, 0) is None


def test_a_list_has_as_many_elements_as_it_must_and_different_ones_where_it_must() -> None:
    schema: Json = {
        "required": ["two", "other", "any"],
        "properties": {
            "two": {"type": "array", "minItems": 2, "items": {"type": "string"}},
            "other": {**LIST, "minItems": 2, "uniqueItems": True},
            "any": {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}},
        },
    }
    assert body(schema) == {"two": ["text", "text"], "other": ["a", "b"], "any": {"key": "text"}}


def part(*needed: str, **more: Any) -> Any:
    return {
        "type": "object",
        "required": list(needed),
        "properties": {
            **{f"optional{n}": {"type": "string"} for n in range(6)},
            **{n: {"type": "string"} for n in needed},
        },
        **more,
    }


@pytest.mark.parametrize("key", ["oneOf", "anyOf"])
def test_the_part_that_is_chosen_says_what_is_required_and_its_discriminator_says_which_it_is(key: str) -> None:
    parts: Json = [{"$ref": "#/components/schemas/Card"}, {"$ref": "#/components/schemas/Cash"}]
    mapping: Json = {"cash": "#/components/schemas/Cash", "card": "#/components/schemas/Card"}
    schemas: dict[str, Any] = {"Card": part("kind", "number"), "Cash": part("kind", "sum")}
    assert body({key: parts}, **schemas) == {"kind": "text", "number": "text"}
    by: Json = {"propertyName": "kind"}
    assert body({key: parts, "discriminator": by}, **schemas) == {"kind": "Card", "number": "text"}
    by = {"propertyName": "kind", "mapping": mapping}
    assert body({key: parts, "discriminator": by}, **schemas) == {"kind": "card", "number": "text"}


def test_a_schema_that_inherits_says_which_it_is() -> None:
    pet = part("type", discriminator={"propertyName": "type", "mapping": {"cat": "Cat"}})
    schemas: dict[str, Any] = {"Pet": pet, "Cat": {"allOf": [{"$ref": "#/components/schemas/Pet"}, part("lives")]}}
    assert body({"$ref": "#/components/schemas/Cat"}, **schemas) == {"type": "cat", "lives": "text"}


def test_a_server_of_an_operation_is_told() -> None:
    own: Json = [{"url": "https://upload.example.org"}]
    draft = read({"/x": get(servers=own), "/y": {**get(), "servers": own}})
    assert "paths./x.get.servers and 1 more: its own server is not used; the target is asked" in draft.notes
