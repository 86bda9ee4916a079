"""capacity.html: one file in the style of the report, without script or request."""

from __future__ import annotations

from readiness.judge.capacity.capacity import Capacity
from readiness.report import html_pages
from readiness.report.capacity.charts import draw_all
from readiness.report.capacity.sheet import sheet
from readiness.report.charts import svg


def render(capacity: Capacity) -> str:
    """The capacity as one HTML file."""
    return html_pages.page(
        "capacity.html.j2",
        page=sheet(capacity),
        charts=draw_all(capacity),
        fold_charts=False,
        line_colours=svg.LINES,
        line_dashes=svg.DASHES,
        part_colours=svg.PARTS,
        most_plain=svg.MOST_PLAIN,
    )
