"""Whether a report can be believed: against the run that it is said to be of, its day and its commit. Pure.

Against itself: readiness/judge/invariants.py.
"""

from __future__ import annotations

from datetime import datetime

from readiness.judge.verdict import Verdict
from readiness.text import clean
from readiness.text.numbers import duration, moment, utc

CLOCKS_S = 60.0
"""How far the clocks of two machines may be apart."""

_FACTS = (
    "decision", "score", "ledger", "waivers", "attested", "service", "judged", "endpoints", "measurements", "target",
    "provenance", "plan", "started_at", "ended_at", "confidence", "rule", "key_numbers",
)  # fmt: skip
"""What a report says beside its checks. The sentences are left out: another version may word them otherwise."""
_LATER = ("rule", "key_numbers")
"""None in reports of older versions."""


def deviations(report: Verdict, judged: Verdict) -> tuple[str, ...]:
    """Where a report says something else than the run does, judged anew by the same limits."""
    found = []
    if report.run_id != judged.run_id:
        return (f"the report is of run {clean(report.run_id)}, run.json of {clean(judged.run_id)}",)
    if report.thresholds_sha256 != judged.thresholds_sha256:
        return ("the thresholds are not the file that the report was judged by",)
    for field in _FACTS:
        said, true = getattr(report, field), getattr(judged, field)
        if said != true and not (said is None and field in _LATER):
            name = field.replace("_", " ")
            found.append(f"the {name} of the report is not that of the run: {_shown(said)}, but {_shown(true)}")
    if [check.key for check in report.checks] != [check.key for check in judged.checks]:
        return (*found, "the checks of the report are not those of the thresholds")
    for one, other in zip(report.checks, judged.checks, strict=True):
        for field in ("outcome", "value", "low", "high", "pass_limit", "warn_limit", "weight", "on_fail", "waived"):
            said, true = getattr(one, field), getattr(other, field)
            if said != true:
                found.append(
                    f"{clean(one.key)}: its {field} is {_shown(said)} in the report, {_shown(true)} by the run"
                )
    return tuple(found)


def stale(verdict: Verdict, now: datetime, max_age_s: float) -> str | None:
    """Why the report is not of a run that ended in the last `max_age_s`; None when it is."""
    ended = moment(verdict.ended_at)
    if ended is None:
        return "the report does not say when its run ended"
    age_s = (now - ended).total_seconds()
    if age_s < -CLOCKS_S:
        return f"the run ended in the future ({utc(verdict.ended_at)})"
    if age_s > max_age_s:
        return f"the run ended {duration(age_s)} ago, the limit is {duration(max_age_s)}"
    return None


def of_another_commit(verdict: Verdict, sha: str) -> str | None:
    """Why the report is not of `sha`; None when it is. A short one matches the beginning of a long one."""
    commit = verdict.provenance.commit
    if not commit:
        return "the report does not say which commit it is of; set READINESS_COMMIT where the run is made"
    short, long = sorted((commit.lower(), sha.lower()), key=len)
    same = len(short) >= 7 and long.startswith(short)
    return None if same else f"the report is of commit {clean(commit, 64)}, not of {clean(sha, 64)}"


def _shown(value: object) -> str:
    return "none" if value is None else clean(str(value), 200)
