"""report.html: one file, no script, no request to anywhere, readable in light, dark, on paper and on a phone."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from readiness.judge.verdict import Verdict
from readiness.measurements.run import Run
from readiness.report.charts import draw_all, latency, svg
from readiness.report.charts.score import score_bar
from readiness.report.templates import TEMPLATES
from readiness.report.view.page import build

SECTIONS = (
    ("executive", "Executive summary"),
    ("issues", "Remaining issues"),
    ("steps", "Next steps"),
    ("metrics", "Performance metrics"),
    ("load", "Load and endpoints"),
    ("deployment", "Deployment decision"),
    ("risks", "Risk assessment"),
    ("critical", "Critical success metrics"),
    ("takes", "What it would take"),
    ("unmeasured", "Not measured"),
    ("doubts", "Doubts and stalls"),
    ("probes", "Findings of the probes"),
    ("database", "Database status"),
    ("infrastructure", "Infrastructure"),
    ("conclusion", "Conclusion"),
    ("provenance", "Provenance"),
)
"""Anchor and title of each section, in their order."""


_COMMAND = re.compile(r"`([^`\n]+)`")


def render(verdict: Verdict, run: Run | None = None) -> str:
    """The report as one HTML file; charts over time need `run`."""
    style = _style()
    page = build(verdict)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            page=page,
            sections=SECTIONS,
            charts=draw_all(verdict, run),
            first_chart=latency.over_time(verdict, run),
            score_bar=score_bar(page.score_points) if page.score_points else None,
            line_colours=svg.LINES,
            line_dashes=svg.DASHES,
            style=Markup(style),
            style_hash=hash_of(style),
        )
    )


def hash_of(style: str) -> str:
    """The style sheet's hash as a content security policy writes it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


@cache
def _style() -> str:
    """The style sheet as it stands between the style tags, newlines included: the hash covers all of it."""
    return "\n" + (TEMPLATES / "report.css").read_text(encoding="utf-8")


def quoted(text: str) -> str:
    """`text` with a command that stands between backticks in quotation marks: text makes no element."""
    return _COMMAND.sub(r"“\1”", text)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["quoted"] = quoted
    return environment
