"""comparison.html: one file in the style of the report, without script or request."""

from __future__ import annotations

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from readiness.compare.comparison import Comparison
from readiness.report.comparison.sheet import sheet
from readiness.report.html import hash_of
from readiness.report.templates import TEMPLATES


def render(comparison: Comparison) -> str:
    """The comparison as one HTML file."""
    style = "\n" + (TEMPLATES / "report.css").read_text(encoding="utf-8")
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template = environment.get_template("comparison.html.j2")
    return template.render(page=sheet(comparison), style=Markup(style), style_hash=hash_of(style))
