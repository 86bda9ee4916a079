"""capacity.html: one file in the style of the report, without script or request."""

from __future__ import annotations

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from readiness.capacity.capacity import Capacity
from readiness.report.capacity.charts import draw_all
from readiness.report.capacity.sheet import sheet
from readiness.report.charts import svg
from readiness.report.html import hash_of
from readiness.report.templates import TEMPLATES


def render(capacity: Capacity) -> str:
    """The capacity as one HTML file."""
    style = "\n" + (TEMPLATES / "report.css").read_text(encoding="utf-8")
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("capacity.html.j2").render(
        page=sheet(capacity),
        charts=draw_all(capacity),
        line_colours=svg.LINES,
        line_dashes=svg.DASHES,
        style=Markup(style),
        style_hash=hash_of(style),
    )
