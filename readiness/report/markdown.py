"""report.md: GitHub-flavoured Markdown that also reads well as plain text. Its first line is always ours."""

from __future__ import annotations

from readiness.judge.verdict import Verdict
from readiness.measurements.run import Run
from readiness.report import markdown_text
from readiness.report.templates import templates
from readiness.report.view.page import build


def render(verdict: Verdict, run: Run | None = None) -> str:
    """The report as Markdown; it has no charts, so `run` adds nothing."""
    filters = {name: getattr(markdown_text, name) for name in ("code", "cell_code", "prose", "cell_prose")}
    return templates(autoescape=False, **filters).get_template("report.md.j2").render(page=build(verdict))
