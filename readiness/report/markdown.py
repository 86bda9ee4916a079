"""report.md: GitHub-flavoured Markdown that also reads well as plain text. Its first line is always ours."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from readiness.judge.verdict import Verdict
from readiness.measurements.run import Run
from readiness.report import markdown_text
from readiness.report.templates import TEMPLATES
from readiness.report.view.page import build


def render(verdict: Verdict, run: Run | None = None) -> str:
    """The report as Markdown; it has no charts, so `run` adds nothing."""
    return _environment().get_template("report.md.j2").render(page=build(verdict))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        code=markdown_text.code,
        cell_code=markdown_text.cell_code,
        prose=markdown_text.prose,
        cell_prose=markdown_text.cell_prose,
    )
    return environment
