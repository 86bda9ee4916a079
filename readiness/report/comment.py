"""comment.md: the verdict as a comment on a pull request, at most 4,000 characters however many checks there are.

Its first line is a marker that no reader sees: whoever posts the comment finds it and edits the same comment.
"""

from __future__ import annotations

import re

from readiness.judge.verdict import Outcome, Verdict
from readiness.measurements.run import Run
from readiness.report.markdown_text import cell_code, cell_prose, prose
from readiness.report.view.page import Page, build
from readiness.report.view.problems import Shortfall
from readiness.text import clean

MOST_CHARACTERS = 4000
MOST_CHECKS = 20
MOST_OUTSIDE = 3
_LONGEST = 120
_WORD = re.compile(r"[^A-Za-z0-9._-]+")


def render(verdict: Verdict, run: Run | None = None) -> str:
    """The verdict as a comment; `run` adds nothing."""
    del run
    page = build(verdict)
    wrong = [check for problem in page.problems for check in problem.checks]
    most = min(len(wrong), MOST_CHECKS)
    while len(text := _text(verdict, page, wrong, most)) > MOST_CHARACTERS and most:
        most -= 1
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1].rpartition("\n")[0] + "\n"


def marker(service: str) -> str:
    """The hidden first line: the same for every run of one service."""
    return f"<!-- readiness-report {_WORD.sub('-', clean(service))[:60].strip('-')} -->"


def _text(verdict: Verdict, page: Page, wrong: list[Shortfall], most: int) -> str:
    lines = [
        marker(verdict.service),
        f"### {page.decision.shape} {page.decision.word} – {_short(page.service)}",
        "",
        f"{_short(' '.join(page.lead), 400)} **{prose(page.meaning)}**",
        "",
        *_numbers(page),
        *_outside(page),
        *_checks(wrong, most),
        *_delta(verdict),
        *_steps(page),
        f"Score {page.score}{' of 100' if page.score_points else ''}; {page.tally}; exit code {page.exit_code}; "
        f"run {_short(page.run_id)}, commit {_short(page.commit, 20)}. The whole report: report.html of this run.",
    ]
    return "\n".join(lines) + "\n"


def _short(text: str, most: int = _LONGEST) -> str:
    return prose(text if len(text) <= most else f"{text[: most - 1]}…")


def _numbers(page: Page) -> list[str]:
    if not page.key_numbers:
        return []
    marks = [f" {one.status.shape}" if one.status else "" for one in page.key_numbers]
    cells = [f"**{cell_prose(one.value[:40])}**{mark}" for one, mark in zip(page.key_numbers, marks, strict=True)]
    return [
        f"| {' | '.join(one.label for one in page.key_numbers)} |",
        f"|{'---|' * len(page.key_numbers)}",
        f"| {' | '.join(cells)} |",
        f"| {' | '.join(cell_prose(one.note[:80]) for one in page.key_numbers)} |",
        "",
    ]


def _outside(page: Page) -> list[str]:
    said = [f"- {_short(text, 200)}" for text in page.failed_outside[:MOST_OUTSIDE]]
    return ["**Judged by no check**", "", *said, ""] if said else []


def _checks(wrong: list[Shortfall], most: int) -> list[str]:
    if not wrong:
        return []
    rows = [
        f"| {check.status.shape} {cell_prose(check.title[:_LONGEST])} | {cell_code(check.current[:_LONGEST])} "
        f"| {cell_prose(check.target[:_LONGEST])} | {check.effect} |"
        for check in wrong[:most]
    ]
    more = [f"and {len(wrong) - most:,} more that did not pass", ""] if len(wrong) > most else []
    return ["| Not passed | Value | Limit | Effect |", "|---|---:|---:|---|", *rows, "", *more]


def _delta(verdict: Verdict) -> list[str]:
    """What changed against the baseline, where the thresholds name one."""
    found = [check for check in verdict.checks if check.name.startswith("baseline.") and check.value is not None]
    found.sort(key=lambda check: check.outcome is not Outcome.FAIL)
    said = [f"{clean(check.title)[:_LONGEST]} {check.value:+.1f} {clean(check.unit)}".strip() for check in found[:5]]
    return [f"Against the baseline: {prose('; '.join(said))}.", ""] if said else []


def _steps(page: Page) -> list[str]:
    steps = [f"{i}. {_short(step.text, 200)}" for i, step in enumerate(page.first_steps, 1)]
    return ["**Do first**", "", *steps, ""] if steps else []
