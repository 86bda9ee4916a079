"""report.html: one file, no script, no request to anywhere, readable in light, dark, on paper and on a phone."""

from __future__ import annotations

from readiness.judge.verdict import Verdict
from readiness.measurements.run import Run
from readiness.report import html_pages
from readiness.report.charts import draw_all, latency, svg
from readiness.report.charts.drill_course import draw_drills
from readiness.report.charts.score import score_bar
from readiness.report.view.page import build

DRILLS_SECTION = ("drills", "Drills")
"""Only where there were some."""
SIGN_OFF_SECTION = ("sign-off", "Sign-off")
"""Only where there is something to sign or that is signed."""
SECTIONS = (
    SIGN_OFF_SECTION,
    ("executive", "Executive summary"),
    ("issues", "Remaining issues"),
    ("steps", "Next steps"),
    ("metrics", "Performance metrics"),
    ("load", "Load and endpoints"),
    DRILLS_SECTION,
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


def render(verdict: Verdict, run: Run | None = None) -> str:
    """The report as one HTML file; charts over time need `run`."""
    page = build(verdict)
    there = {DRILLS_SECTION: page.drills, SIGN_OFF_SECTION: page.conditions or page.release.waivers}
    return html_pages.page(
        "report.html.j2",
        page=page,
        sections=[one for one in SECTIONS if there.get(one, True)],
        drill_charts=draw_drills(run),
        charts=draw_all(verdict, run),
        fold_charts=True,
        first_chart=latency.over_time(verdict, run),
        score_bar=score_bar(page.score_points) if page.score_points else None,
        line_colours=svg.LINES,
        line_dashes=svg.DASHES,
        part_colours=svg.PARTS,
        most_plain=svg.MOST_PLAIN,
    )
