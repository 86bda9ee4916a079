"""The parts of the documents that a program writes; `python -m tests.pages` writes all of them anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from readiness.config import json_schema as thresholds_schema
from readiness.metrics import document
from tests.pages import command_line, decisions, json_schemas, navigation

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"

WRITTEN: Mapping[str, Callable[[], str]] = {
    "docs/thresholds.schema.json": thresholds_schema.text,
    "docs/report.schema.json": lambda: json_schemas.text(json_schemas.REPORT),
    "docs/run.schema.json": lambda: json_schemas.text(json_schemas.RUN),
    "docs/reference/metrics.md": document.render,
    "docs/decisions/index.md": decisions.index,
    "docs/contract.md": lambda: block("docs/contract.md", "options", command_line.tables()),
    "docs/report-json.md": lambda: block("docs/report-json.md", "keys", json_schemas.tables(json_schemas.REPORT)),
    "docs/run-json.md": lambda: block("docs/run-json.md", "keys", json_schemas.tables(json_schemas.RUN)),
    "mkdocs.yml": lambda: _with_navigation((ROOT / "mkdocs.yml").read_text()),
}
"""Path of a document -> its whole text, as the code has it."""


def block(path: str, name: str, content: str) -> str:
    """The document at `path` with `content` between `<!-- name -->` and `<!-- /name -->`."""
    text = (ROOT / path).read_text()
    before, opening, rest = text.partition(f"<!-- {name} -->\n")
    _, closing, after = rest.partition(f"<!-- /{name} -->")
    assert opening, f"{path} has no <!-- {name} -->"
    assert closing, f"{path} has no <!-- /{name} -->"
    return f"{before}{opening}\n{content}\n{closing}{after}"


def _with_navigation(text: str) -> str:
    before, opening, rest = text.partition("# <nav>")
    comment, _, old = rest.partition("\n")
    _, closing, after = old.partition("# </nav>")
    return f"{before}{opening}{comment}\n{navigation.navigation((DOCS / 'index.md').read_text())}{closing}{after}"
