"""The runs that a folder keeps: a report in each folder below it, and the lines of its `history.jsonl`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from readiness.cli import attempts
from readiness.errors import ConfigError
from readiness.judge.history.past_run import PastRun, of_line, of_verdict, together
from readiness.measurements import strict
from readiness.report.json import read as read_report
from readiness.report.run_folders import LATEST
from readiness.report.writing import RUN_FILE
from readiness.text import clean
from readiness.text.foreign_files import Missing, NotReadable, read_text

_MAX_BYTES = 16 << 20
"""Of one report; one of a thousand endpoints has a tenth of it."""
_MOST_FOLDERS = 1_000
_REPORT = "report.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """Everything that was found."""

    runs: tuple[PastRun, ...]
    """Oldest first."""
    notes: tuple[str, ...]
    """What was left out, as sentences."""


def find(folder: Path) -> Kept:
    """Every run below `folder`. Follows no link. Raises ConfigError when it cannot be read."""
    notes: list[str] = []
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda one: one.name, reverse=True)
    except OSError as error:
        raise ConfigError(f"{clean(folder)}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    links = [one.name for one in found if one.is_symlink() and one.name != LATEST]
    folders = [one.name for one in found if one.is_dir(follow_symlinks=False)]
    if links:
        notes.append(f"Links are not followed: {', '.join(clean(name, 60) for name in links[:5])}.")
    if len(folders) > _MOST_FOLDERS:
        notes.append(f"Only the last {_MOST_FOLDERS:,} folders by name were read, of {len(folders):,}.")
    try:
        told, broken = attempts.noted(folder)
        if broken:
            notes.append(f"{broken} of the lines of history.jsonl cannot be read.")
    except NotReadable as error:
        told = ()
        notes.append(f"history.jsonl {error}.")
    lines = [run for facts in told if (run := of_line(facts)) is not None]
    if len(told) > len(lines):
        notes.append(f"{len(told) - len(lines)} of the lines of history.jsonl are of no run.")
    plans = {run.run_id: run.plan_hash for run in lines}
    reports = [run for name in (*folders[:_MOST_FOLDERS], ".") if (run := _read(folder, name, plans)) is not None]
    return Kept(together(lines, reports), tuple(notes))


def _read(above: Path, name: str, plans: dict[str, str]) -> PastRun | None:
    """The run of a folder; None where there is no report."""
    shown = clean(name, 100)
    try:
        text = read_text(above / name / _REPORT, _MAX_BYTES, below=above)
        verdict, problems = read_report(text, _REPORT)
    except Missing:
        return None
    except (NotReadable, ConfigError) as error:
        said = str(error) if str(error).startswith(_REPORT) else f"{_REPORT} {error}"
        return PastRun(shown, _time_of(shown), folder=shown, problem=clean(said, 300))
    run = of_verdict(verdict, plan_hash=plans.get(verdict.run_id) or _plan_hash(above, name), folder=name)
    if problems:
        why = clean(f"{_REPORT} cannot be true: {problems[0]}", 300)
        return PastRun(shown, run.at, target=run.target, folder=shown, problem=why)
    return run


def _plan_hash(above: Path, name: str) -> str:
    """From run.json, for a run that no line tells."""
    try:
        facts = strict.parse(read_text(above / name / RUN_FILE, _MAX_BYTES, below=above))
    except (NotReadable, strict.Malformed):
        return ""
    return clean(facts.get("plan_hash", ""), 64) if isinstance(facts, dict) else ""


def _time_of(name: str) -> str:
    """The time that a run id tells, as ISO 8601: where else would a row without a report stand?"""
    digits = name[:8] + name[9:15]
    if len(digits) < 14 or not digits.isascii() or not digits.isdigit():
        return ""
    return f"{name[:4]}-{name[4:6]}-{name[6:8]}T{name[9:11]}:{name[11:13]}:{name[13:15]}+00:00"
