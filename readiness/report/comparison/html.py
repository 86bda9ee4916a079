"""comparison.html: one file in the style of the report, without script or request."""

from __future__ import annotations

from readiness.judge.compare.comparison import Comparison
from readiness.report import html_pages
from readiness.report.comparison.sheet import sheet


def render(comparison: Comparison) -> str:
    """The comparison as one HTML file."""
    return html_pages.page("comparison.html.j2", page=sheet(comparison))
