"""OpenAPI 3.0 and 3.1, and Swagger 2, as JSON or YAML, into a Draft: a task for each operation.

`$ref`s are followed inside the document only, with a bound; one to another file or host is told and never opened. The
resolver is our own (nodes.py): what is kept for it (referencing, jsonschema-path) resolves to a registry that may
load what it does not know, and brings Rust wheels for what is forty lines here.
"""

from __future__ import annotations

from readiness.init.sources.openapi.nodes import MOST_BYTES, recognises
from readiness.init.sources.openapi.read import read

__all__ = ["MOST_BYTES", "read", "recognises"]
