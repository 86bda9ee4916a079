"""The JSON Schema of thresholds.yaml, for editors: docs/thresholds.schema.json.

It comes from the same forms that read the file. The reader knows more (names that must be declared, limits that
contradict each other), so a file that the schema accepts can still be refused.
"""

import json
from datetime import date

from readiness.config.checks import DeclaredNames
from readiness.config.load import document

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def text() -> str:
    """The schema as published: `python -m readiness.config.json_schema > docs/thresholds.schema.json`."""
    schema = {
        "$schema": DIALECT,
        "title": "thresholds.yaml of readiness, version 1",
        **document(DeclaredNames(), date.min).schema,
    }
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(text())
