"""index.html of many runs: one file in the style of the report, without script or request."""

from __future__ import annotations

from readiness.report import html_pages
from readiness.report.charts import svg
from readiness.report.history import trend
from readiness.report.history.sheet import HistorySheet

FILE_NAME = "index.html"
HISTORY_MARK = '<meta name="generator" content="readiness history">'
"""By which the page is known as ours before it is written over."""


def render(page: HistorySheet) -> str:
    """The page."""
    chart = trend.draw(page)
    return html_pages.page(
        "history.html.j2",
        page=page,
        charts=() if chart is None else (chart,),
        fold_charts=False,
        line_colours=svg.LINES,
        line_dashes=svg.DASHES,
    )
