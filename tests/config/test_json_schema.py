"""The published JSON Schema is the one that the code generates, and it accepts what the reader accepts."""

import json
from functools import cache
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from readiness.config import json_schema

FILES = [Path("thresholds.yaml"), *sorted(Path("tests/golden").glob("*.yaml"))]


@cache
def published() -> jsonschema.Draft202012Validator:
    """The published schema, itself checked once: that takes a second."""
    document = json.loads(Path("docs/thresholds.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


def test_the_published_schema_is_current() -> None:
    assert Path("docs/thresholds.schema.json").read_text("utf-8") == json_schema.text()


@pytest.mark.parametrize("path", FILES, ids=str)
def test_the_schema_accepts_the_files_of_the_repository(path: Path) -> None:
    published().validate(yaml.safe_load(path.read_text("utf-8")))


@pytest.mark.parametrize(
    "change",
    [
        {"srvice": "x"},
        {"version": 2},
        {"load": {"users": 0}},
        {"load": {"duration": 30}},
        {"checks": {}},
        {"checks": {"latency.p59": {"pass": "< 1 ms"}}},
        {"checks": {"latency.p95": {"pass": "< 1"}}},
        {"checks": {"latency.p95": {"pass": "> 1 ms"}}},
        {"checks": {"cache.hit_rate@login": {"pass": "> 1 %"}}},
        {"probes": {"health": {"path": "http://other"}}},
    ],
    ids=str,
)
def test_the_schema_refuses_what_an_editor_should_underline(change: dict[str, object]) -> None:
    document = {"version": 1, "service": "shop", "checks": {"throughput": {"pass": "> 1 /s"}}}
    published().validate(document)
    with pytest.raises(jsonschema.ValidationError):
        published().validate(document | change)
