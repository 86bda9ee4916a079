"""A `$ref` to elsewhere may stand at any place of a document: it is told, and the rest becomes tasks."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from readiness.init.files import Given, files_of
from readiness.init.limits import ProposedLoad, starters
from readiness.init.sources import openapi

BAG = {
    "type": "object",
    "required": ["id", "kind"],
    "properties": {"id": {"type": "string"}, "kind": {"allOf": [{"$ref": "#/components/schemas/Kind"}]}},
}
OF_3 = {
    "openapi": "3.1.0",
    "info": {"title": "Bags", "version": "1"},
    "servers": [{"url": "http://{host}/v1", "variables": {"host": {"default": "localhost"}}}],
    "tags": [{"name": "bags", "description": "all of them"}],
    "security": [{"oauth": ["read"]}],
    "paths": {
        "/bags": {
            "get": {
                "operationId": "listBags", "summary": "Bags", "tags": ["bags"], "security": [{"oauth": ["all"]}],
                "parameters": [
                    {"name": "q", "in": "query", "required": True, "schema": {"type": "string", "default": "x"}},
                    {"name": "n", "in": "query", "required": True, "examples": {"one": {"value": 1}}},
                ],
                "responses": {"200": {"content": {"application/json": {"schema": {
                    "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/Bag"}}}}}}}},
            },
            "post": {"requestBody": {"content": {"application/json": {"schema": {
                "oneOf": [{"$ref": "#/components/schemas/Bag"}], "discriminator": {"propertyName": "kind"}}}}}},
        },
        "/bags/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"responses": {"200": {"content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Bag"}}}}}},
        },
        "/boxes/open": {"get": {"responses": {"200": {"content": {"application/json": {
            "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Kind"}}}}}}}},
        "/boxes/{id}": {"get": {"responses": {"200": {"content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/Kind"}}}}}}},
        "/tokens": {"post": {
            "requestBody": {"content": {"application/json": {"schema": {
                "properties": {"username": {"type": "string"}, "password": {"type": "string"}}}}}},
            "responses": {"200": {"content": {"application/json": {"schema": {
                "properties": {"token": {"type": "string"}}}}}}}}},
        "/health": {"get": {"responses": {"200": {"description": "ok"}}}},
        "/plain": {"get": {"responses": {"200": {"description": "ok"}}}},
    },
    "components": {
        "schemas": {"Bag": BAG, "Kind": {"type": "string", "enum": ["red", "blue"]}},
        "securitySchemes": {
            "oauth": {"type": "oauth2", "flows": {"password": {"tokenUrl": "/tokens", "scopes": {"read": "r"}}}},
            "bearer": {"type": "http", "scheme": "bearer"},
        },
    },
}  # fmt: skip
OF_2 = {
    "swagger": "2.0",
    "info": {"title": "Bags"},
    "host": "localhost", "basePath": "/v1", "schemes": ["http"], "consumes": ["application/json"],
    "paths": {
        "/bags": {
            "get": {
                "parameters": [{"name": "q", "in": "query", "required": True, "type": "array",
                                "items": {"type": "string", "enum": ["a"]}, "collectionFormat": "csv"}],
                "responses": {"200": {"schema": {"type": "array", "items": {"$ref": "#/definitions/Bag"}}}},
            },
            "post": {"consumes": ["application/json"],
                     "parameters": [{"name": "bag", "in": "body", "schema": {"$ref": "#/definitions/Bag"}}]},
            "put": {"parameters": [{"name": "a", "in": "formData", "required": True, "type": "string"}]},
        },
        "/bags/{id}": {"get": {"parameters": [{"name": "id", "in": "path", "required": True, "type": "string"}],
                               "responses": {"200": {"schema": {"$ref": "#/definitions/Bag"}}}}},
        "/plain": {"get": {"responses": {"200": {"description": "ok"}}}},
    },
    "definitions": {"Bag": {"properties": {"id": {"type": "string"}}}},
    "securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    "security": [{"key": []}],
}  # fmt: skip
RICH: tuple[Any, ...] = (OF_3, OF_2)
NEEDED = {("openapi",), ("swagger",), ("paths",), ("paths", "/plain"), ("paths", "/plain", "get")}
"""Without these there is no document, or nothing left to ask for."""


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*at, key)
        yield from places(part, (*at, key))


def elsewhere(document: Any, at: tuple[Any, ...], ref: str) -> bytes:
    """The document with a `$ref` in place of one part."""
    changed = copy.deepcopy(document)
    here = changed
    for key in at[:-1]:
        here = here[key]
    here[at[-1]] = {"$ref": ref}
    return json.dumps(changed).encode()


@pytest.mark.parametrize("ref", ["./other.yaml", "#/components/none"])
@pytest.mark.parametrize("document", RICH, ids=["OpenAPI 3", "Swagger 2"])
def test_a_reference_to_elsewhere_at_any_place_leaves_the_rest_readable(document: Any, ref: str) -> None:
    for at in places(document):
        if at in NEEDED:
            continue
        draft = openapi.read(elsewhere(document, at, ref), "a test")
        names = {call.name for scenario in draft.scenarios for task in scenario.tasks for call in task.calls}
        assert "/plain" in names, (at, draft.notes)
        files_of(draft, Given("bags", None, ProposedLoad(), None), starters())
