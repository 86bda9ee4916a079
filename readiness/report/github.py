"""step-summary.md: GitHub's step summary. The verdict comes first; what does not fit is cut and said.

GitHub refuses a summary of more than 1 MiB whole, verdict included.
"""

from __future__ import annotations

from readiness.judge.verdict import Verdict
from readiness.measurements.run import Run
from readiness.report import markdown
from readiness.report.markdown_text import cell_code, cell_prose, prose
from readiness.report.view.checks import row
from readiness.report.view.page import Page, build
from readiness.report.view.waivers import attested_line, waiver_line

MOST_SUMMARY_BYTES = 900 * 1024
FOLD = "<details><summary>The whole report</summary>"
UNFOLD = "</details>"
CUT = "**This summary was cut at 900 KiB; the whole report is in report.md and report.html.**"


def render(verdict: Verdict, run: Run | None = None) -> str:
    """The verdict as a step summary: what decides in the open, the whole report folded."""
    page = build(verdict)
    lines = [
        f"## {page.decision.shape} {page.decision.word} – {prose(page.service)}",
        "",
        f"**{page.decision.word}.** {prose(page.reason)}",
        "",
        f"Score {page.score}{' of 100' if page.score_points else ''} ({page.score_range}), coverage {page.coverage}; "
        f"{page.tally}; exit code {page.exit_code}.",
        "",
        *_listed("Waived", tuple(waiver_line(waiver) for waiver in verdict.waivers)),
        *_listed("Doubts about this run", page.doubts),
        *_listed("Conditions", page.conditions),
        *_listed("Next steps", page.next_steps[:5]),
        *_listed("Attested, not measured", tuple(attested_line(item) for item in verdict.attested)),
        *_table(verdict, page),
        FOLD,
        "",
        markdown.render(verdict, run).rstrip("\n"),
        "",
        UNFOLD,
    ]
    return fitted("\n".join(lines) + "\n", MOST_SUMMARY_BYTES)


def _listed(title: str, sentences: tuple[str, ...]) -> list[str]:
    return [f"**{title}**", "", *(f"- {prose(sentence)}" for sentence in sentences), ""] if sentences else []


def _table(verdict: Verdict, page: Page) -> list[str]:
    if not page.checks:
        return []
    rows = [row(check) for check in verdict.checks]
    return [
        "| | Metric | Target | Current |",
        "|---|---|---:|---:|",
        *(
            f"| {one.status.shape} {one.status.word} | {cell_prose(one.title)} | {cell_code(one.target)} "
            f"| **{one.current}** |"
            for one in rows
        ),
        "",
    ]


def fitted(text: str, most: int) -> str:
    """`text` in at most `most` bytes, cut after a whole line; every fold is closed."""
    whole = text.encode("utf-8", "replace")
    if len(whole) <= most:
        return whole.decode()
    room = most - len(f"\n{UNFOLD * 2}\n\n\n\n{CUT}\n".encode()) - 1
    kept = whole[:room].rpartition(b"\n")[0].decode("utf-8", "ignore")
    end = f"\n\n{UNFOLD}" * (kept.count("<details>") - kept.count(UNFOLD))
    return f"{kept}{end}\n\n{CUT}\n"
