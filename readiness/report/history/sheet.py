"""Every string of a history, formatted once; page and terminal only place them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from readiness.judge.history.drifting import FEWEST_RUNS, Drift, comparable, drifts
from readiness.judge.history.past_run import PastRun
from readiness.report.status import DECISIONS, MEANING, Status
from readiness.text import clean, numbers

MOST_LISTED = 500
BROKEN = Status("Not believed", "!", "E", "unsure", "magenta")
_NO_RUN = Status("NO RUN", "–", "-", "unsure", "magenta")
_NO_TREND = "What the newest run sent, and to which target, is not known: no trend of older runs belongs to it."
_UNKNOWN = Status("UNKNOWN", "?", "?", "unsure", "magenta")


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One run, ready to print."""

    when: str
    status: Status
    score: str
    p95: str
    failed: str
    commit: str
    target: str
    run_id: str
    link: str
    """Address of its report from the page; empty where there is none."""
    problem: str
    in_trend: bool


@dataclass(frozen=True, slots=True)
class HistorySheet:
    """One history."""

    status: Status
    """Of the newest run."""
    reason: str
    meaning: str
    trend: tuple[tuple[Status, str], ...]
    """What the numbers did over the comparable runs, a sentence each."""
    tiles: tuple[tuple[str, str, str], ...]
    """(label, value, note)."""
    rows: tuple[HistoryRow, ...]
    """Newest first."""
    hidden: int
    notes: tuple[str, ...]
    compared: tuple[PastRun, ...]
    """Oldest first: what the chart draws."""
    drifts: tuple[Drift, ...]
    targets: int
    """How many there are."""


def sheet(runs: Sequence[PastRun], notes: Sequence[str] = ()) -> HistorySheet:
    """The text of the runs, which come oldest first."""
    compared = comparable(runs)
    found = drifts(compared)
    known = [run for run in runs if run.decision is not None]
    newest = runs[-1] if runs else None
    tallies = ((status.word, sum(run.decision is key for run in known)) for key, status in DECISIONS.items())
    tally = ", ".join(f"{n} {word}" for word, n in tallies if n)
    broken = len(runs) - len(known)
    ids = {run.run_id for run in compared}
    targets = {run.target for run in runs if run.target}
    where = f" of {compared[-1].target}" if compared and len(targets) > 1 else ""
    return HistorySheet(
        status=_status(newest),
        reason=_reason(newest),
        meaning=MEANING[newest.decision] if newest and newest.decision else "",
        trend=tuple(_said(drift, compared, where) for drift in found),
        tiles=_tiles(newest, runs, tally),
        rows=tuple(_row(run, run.run_id in ids) for run in reversed(runs[-MOST_LISTED:])),
        hidden=max(len(runs) - MOST_LISTED, 0),
        notes=(
            *notes,
            *([f"{numbers.count(broken, 'report')} cannot be believed; the table says why."] if broken else []),
            *([_NO_TREND] if newest and not compared and not newest.plan_hash else []),
            *([_apart(len(known) - len(compared))] if len(known) > len(compared) else []),
        ),
        compared=compared,
        drifts=found,
        targets=len(targets),
    )


def _status(newest: PastRun | None) -> Status:
    if newest is None:
        return _NO_RUN
    return _UNKNOWN if newest.decision is None else DECISIONS[newest.decision]


def _reason(newest: PastRun | None) -> str:
    if newest is None:
        return "There is no run here."
    if newest.decision is None:
        return f"The newest report, in {newest.run_id}, is not believed: {newest.problem}."
    version = f"commit {newest.commit[:12]}" if newest.commit else "a version without a commit"
    return f"The newest run of {newest.target or 'the service'} ended at {numbers.utc(newest.at)}, of {version}."


def _tiles(newest: PastRun | None, runs: Sequence[PastRun], tally: str) -> tuple[tuple[str, str, str], ...]:
    if newest is None or newest.decision is None:
        return ()
    p95 = numbers.quantity(newest.p95_ms, "ms", absent="–")
    requests = numbers.count(newest.requests, "request") if newest.requests else ""
    return (
        ("Score", _score(newest), "of 100"),
        ("P95", p95, "" if newest.p95_ms is not None else "not bounded or not measured"),
        ("Failed", _failed(newest), f"of {requests}" if requests else ""),
        ("Runs", f"{len(runs):,}", tally),
    )


def _apart(count: int) -> str:
    return (
        f"{numbers.count(count, 'run')} of another target, plan or scenarios, with too few requests, or older, "
        f"{'is' if count == 1 else 'are'} in the table and not in the trend."
    )


def _said(drift: Drift, compared: Sequence[PastRun], where: str) -> tuple[Status, str]:
    """One series as a sentence, with the test that says so, and `where` there are several targets."""
    n, name = len(drift.values), drift.name[0].upper() + drift.name[1:] + where
    course = drift.course
    if course is None:
        more = f"{numbers.count(n, 'comparable run')}; a drift can be told from {FEWEST_RUNS} on"
        return Status("Too few", "?", "?", "unsure", "magenta"), f"{name}: {more}."
    if not drift.found:
        return Status("No drift", "✔", "+", "good", "green"), f"{name}: no drift over {n} comparable runs."
    size = f"from about {_value(drift, course.early)} to {_value(drift, course.late)}"
    if drift.since is not None:
        commit = f", commit {drift.since.commit[:12]}" if drift.since.commit else ""
        text = f"{name}: a new level since {drift.since.run_id}{commit}: {size} (Pettitt's test, {n} runs)."
    else:
        step = drift.largest_step
        small = f"; no two neighbours differ by more than {numbers.share_words(step)}" if step is not None else ""
        went = "rises" if drift.worse else "falls"
        text = f"{name} {went} from run to run: {size} over {n} runs{small} (Mann-Kendall test, Theil-Sen slope)."
    if drift.worse:
        return Status("Drifts", "▲", "!", "fair", "yellow"), text
    return Status("Improves", "✔", "+", "good", "green"), text


def _value(drift: Drift, value: float) -> str:
    return numbers.quantity(value, "ms") if drift.name == "P95" else numbers.quantity(100 * value, "%")


def _row(run: PastRun, in_trend: bool) -> HistoryRow:
    return HistoryRow(
        when=numbers.utc(run.at).removesuffix(" UTC"),
        status=DECISIONS[run.decision] if run.decision else BROKEN,
        score=_score(run),
        p95=numbers.quantity(run.p95_ms, "ms", absent="–"),
        failed=_failed(run),
        commit=run.commit[:12] if run.commit else "–",
        target=run.target,
        run_id=run.run_id,
        link=_link(run),
        problem=run.problem,
        in_trend=in_trend,
    )


def _link(run: PastRun) -> str:
    """Only to folders whose name is what is shown of it."""
    plain = run.folder is not None and clean(run.folder, 100) == run.folder
    return f"{quote(run.folder or '', safe='')}/report.html" if plain and not run.problem else ""


def _score(run: PastRun) -> str:
    return "–" if run.score is None else f"{run.score:.1f}"


def _failed(run: PastRun) -> str:
    return "–" if run.requests is None or run.failed is None else numbers.share(run.failed, run.requests)
