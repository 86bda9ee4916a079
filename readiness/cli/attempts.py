"""`history.jsonl` beside the runs: every attempt, so that running again until it is green can be seen."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from readiness.judge.outcome import Decision
from readiness.judge.verdict import Verdict
from readiness.measurements.run import Run
from readiness.text import clean
from readiness.text.foreign_files import Missing, NotReadable, open_to_append, read_bytes, why

_NAME = "history.jsonl"
_MAX_BYTES = 16 << 20
"""Some ten thousand attempts."""
MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One run as the history keeps it."""

    run_id: str
    at: str
    target: str
    commit: str | None
    thresholds_sha256: str
    plan_hash: str
    decision: str
    exit_code: int
    score: float
    p95_ms: float | None = None
    requests: int | None = None
    """Of the measurement window."""
    failed: int | None = None


def attempt(run: Run, verdict: Verdict) -> HistoryEntry:
    """The line of this run."""
    judged, found = verdict.judged, verdict.key_numbers
    return HistoryEntry(
        run_id=run.id,
        at=run.ended_at,
        target=run.target.name,
        commit=run.provenance.commit,
        thresholds_sha256=verdict.thresholds_sha256,
        plan_hash=run.plan_hash,
        decision=verdict.decision.value,
        exit_code=int(verdict.exit_code),
        score=verdict.score.value,
        p95_ms=found.p95_ms if found else None,
        requests=judged.planned if judged else None,
        failed=judged.planned - judged.ok if judged else None,
    )


def before(out: Path, target: str, commit: str | None) -> str | None:
    """One sentence about earlier attempts at the same version of the same target; None when there were none."""
    try:
        lines = read_bytes(out.parent / _NAME, _MAX_BYTES, below=out.parent).splitlines()
    except Missing:
        return None
    except NotReadable as error:
        return f"Earlier attempts are not known: {_NAME} {error}."
    earlier = [one for one in _attempts(lines) if (one.get("target"), one.get("commit")) == (target, commit)]
    if not earlier:
        return None
    shown = ", ".join(clean(one.get("decision"), 20) for one in earlier[-MOST_SHOWN:])
    more = f"the last {MOST_SHOWN}: " if len(earlier) > MOST_SHOWN else ""
    version = f"commit {clean(commit, 40)}" if commit else "an unnamed version"
    limits = len({one.get("thresholds_sha256") for one in earlier})
    moved = f", under {limits} different files of limits" if limits > 1 else ""
    return f"Attempt {len(earlier) + 1} at {clean(target, 200)}, {version}; before: {more}{shown}{moved}."


def append(out: Path, run: Run, verdict: Verdict) -> str | None:
    """Add this run's line; None when it worked, otherwise what is wrong as a sentence."""
    return _add(out, attempt(run, verdict))


def append_ended(out: Path, run_id: str, target: str, commit: str | None, thresholds_sha256: str) -> None:
    """Add the line of a run that a second SIGINT ends at once; from its handler, so without a lock and a word."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    _add(out, HistoryEntry(run_id, at, target, commit, thresholds_sha256, "", Decision.INCONCLUSIVE.value, 130, 0.0))


def _add(out: Path, entry: HistoryEntry) -> str | None:
    line = json.dumps(asdict(entry), allow_nan=False) + "\n"
    path = out.parent / _NAME
    try:
        handle = open_to_append(path)
        try:
            if os.fstat(handle).st_size + len(line) > _MAX_BYTES:
                return f"{clean(path)}: this attempt could not be noted: the file is full; move it away"
            os.write(handle, line.encode())  # one write: two runs at once do not mix their lines
        finally:
            os.close(handle)
    except OSError as error:
        return f"{clean(path)}: this attempt could not be noted: {why(error)}"
    except NotReadable as error:
        return f"{clean(path)}: this attempt could not be noted: it {error}"
    return None


def noted(folder: Path) -> tuple[tuple[Mapping[str, object], ...], int]:
    """The lines of the history in `folder`, and how many of it are none. Raises NotReadable; none when absent."""
    try:
        lines = [one for one in read_bytes(folder / _NAME, _MAX_BYTES, below=folder).splitlines() if one.strip()]
    except Missing:
        return (), 0
    found = _attempts(lines)
    return tuple(found), len(lines) - len(found)


def _attempts(lines: Iterable[bytes]) -> list[Mapping[str, object]]:
    """Lines that can be read; what somebody else wrote into the file is passed over."""
    found: list[Mapping[str, object]] = []
    for line in lines:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            found.append(value)
    return found
