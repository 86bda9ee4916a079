"""The JSON Schemas in docs/, against which every report.json and run.json of a test is held."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]

DOCS = Path(__file__).parent.parent / "docs"
Invalid = jsonschema.ValidationError


@cache
def _validator(kind: str) -> Any:
    schema = json.loads((DOCS / f"{kind}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def validate(kind: str, document: Any) -> None:
    """`kind` is `report` or `run`. Raises Invalid with the place in the document."""
    _validator(kind).validate(document)
