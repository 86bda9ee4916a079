"""docs/explanation/seed-report.md shows what the tool said of both profiles; these lines come from reports/example.

In a block of text each line is `profile  key  what it said`. A key is a check as in thresholds.yaml, a metric that no
check asks for, either with `/witnesses` or `/details`, or `decision`, `root causes`, `next steps`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from pathlib import Path

from readiness.judge.verdict import Verdict
from readiness.judge.wording import against
from readiness.metrics.catalogue import find
from readiness.report.json import loads
from readiness.text.numbers import quantity

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "explanation" / "seed-report.md"
EXAMPLES = {"demo": "ready", "demo:legacy": "conditional"}
LINE = re.compile(r"(demo(?::legacy)?) {2,}(\S+(?: \S+)*)(?: {2,}.*)?")
BOUNDS = {"at_least": "at least ", "at_most": "at most "}
WIDTH = 120
INDENT = " " * 13
MOST_LINES = 3
NOT_THERE = "not in the recorded run"


def written(page: str) -> str:
    """The page with every line as the examples have it."""
    verdicts = {
        profile: loads((ROOT / "reports" / "example" / name / "report.json").read_text(), "report.json")
        for profile, name in EXAMPLES.items()
    }
    lines = []
    inside = False
    for line in page.splitlines():
        if line.startswith("```"):
            inside = line == "```text"
        match = LINE.fullmatch(line) if inside else None
        if match:
            lines += _wrapped(f"{match[1]:13}{match[2]:36}  {said(verdicts, match[1], match[2])}")
        elif not inside or not line.startswith(INDENT):  # the rest of a long line is written anew
            lines.append(line)
    return "\n".join(lines) + "\n"


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(
        line, WIDTH, subsequent_indent=INDENT, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )


def said(verdicts: Mapping[str, Verdict], profile: str, key: str) -> str:
    """What the profile's report says for the key."""
    verdict = verdicts[profile]
    match key:
        case "decision":
            planned = f"{verdict.ledger.planned:,} requests" if verdict.ledger else "no load"
            return f"{verdict.decision}, score {verdict.score.value:.1f}, exit {verdict.exit_code}; {planned}"
        case "root causes":
            return "; ".join(cause.sentence for cause in verdict.root_causes[:MOST_LINES]) or "none"
        case "next steps":
            return " ".join(verdict.next_steps[:1]) or "none"
    name, _, part = key.partition("/") if "@" not in key else (key, "", "")
    for check in verdict.checks:
        if check.key == key:
            return f"{check.outcome:12}  {against(check)}"
    metric = find(name)
    unit = metric.unit if metric else ""
    for found in verdict.measurements:
        if found.metric != name or found.scope is not None:
            continue
        if part == "witnesses":
            return "; ".join(
                f"{one.source} {BOUNDS.get(one.relation, '')}{quantity(one.value, unit)}" for one in found.witnesses
            )
        if part == "details":
            wanted = [one for one in found.details if one.ok is False] or [*found.details]
            return "; ".join(f"{one.subject}: {one.observed}" for one in wanted[-MOST_LINES:])
        return f"{'':12}  {quantity(found.value, unit)}" if found.reason is None else f"{'':12}  {found.reason}"
    return NOT_THERE
