"""Sentences about the whole run. They say what was measured under which load, and nothing beyond."""

from __future__ import annotations

from collections import Counter

from readiness import numbers
from readiness.judge.verdict import Decision, Outcome, Verdict
from readiness.metrics.catalogue import find
from readiness.report.view.checks import worst
from readiness.text import clean

_TALLY = (
    (Outcome.PASS, "passed"),
    (Outcome.WARN, "warned"),
    (Outcome.FAIL, "failed"),
    (Outcome.INCONCLUSIVE, "inconclusive"),
    (Outcome.ERROR, "not measured"),
    (Outcome.SKIPPED, "skipped"),
    (Outcome.NOT_APPLICABLE, "not applicable"),
)


_PLAN = (("rate", "rate_per_s"), ("users", "users"), ("duration", "duration_s"))
"""Names of the plan's height and length: as in thresholds.yaml, or with the unit at the end."""


def tally(verdict: Verdict) -> str:
    """`7 passed, 1 warned, 2 failed`, without zeros."""
    by = Counter(check.outcome for check in verdict.checks)
    return ", ".join(f"{by[outcome]:,} {word}" for outcome, word in _TALLY if by[outcome]) or "no checks"


def score(verdict: Verdict) -> str:
    """The score without its unit; a word when nothing was measured, because unknown is not zero."""
    return f"{verdict.score.value:.1f}" if verdict.score.coverage > 0 else numbers.NOT_MEASURED


def score_range(verdict: Verdict) -> str:
    """Between which values the score lies, given what is unsure or missing."""
    low, high = verdict.score.low, verdict.score.high
    return "exact" if low == high and verdict.score.coverage > 0 else f"between {low:.1f} and {high:.1f}"


def coverage(verdict: Verdict) -> str:
    """`100 %`: the share of the declared weight that was measured."""
    return numbers.quantity(100 * verdict.score.coverage, "%")


def load(verdict: Verdict) -> str:
    """The load as one phrase, from the plan: `50 users for 40s`; what the plan does not say is left out."""
    plan = verdict.plan
    if not plan:
        return "no load plan was recorded"
    rate, users, lasts = (plan.get(key, plan.get(other)) for key, other in _PLAN)
    height = f"{clean(rate)} arrivals" if rate is not None else f"{clean(users)} users" if users is not None else ""
    if isinstance(rate, int | float):
        height += " per second"
    time = f" for {seconds(lasts)}" if lasts is not None else ""
    return f"{height}{time}".strip() or "see the plan below"


def seconds(value: str | float | None) -> str:
    """A plan's duration: seconds as a number, or text as the user wrote it."""
    return numbers.duration(float(value)) if isinstance(value, int | float) else clean(value)


def requests(verdict: Verdict) -> str:
    """`12,034 judged requests, 99.97 % answered as expected`."""
    judged = verdict.judged
    if judged is None:
        return "no requests are on record"
    return f"{numbers.count(judged.planned, 'judged request')}, {numbers.share(judged.ok, judged.planned)} as expected"


def confidence(verdict: Verdict) -> str:
    """How sure the decision is; nothing where too few time blocks were measured to resample."""
    same, n = verdict.sensitivity.same_decision, verdict.sensitivity.resamples
    if same is None or not n:
        return ""
    return f"{round(same * n):,} of {n:,} resampled runs decide the same"


def executive(verdict: Verdict) -> tuple[str, ...]:
    """The summary for those who read nothing else: what was done, what held, what did not and why, what it bears."""
    service = clean(verdict.service)
    said = [
        f"{service} was assessed at {clean(verdict.target.name)} on {numbers.utc(verdict.started_at)}, under "
        f"{load(verdict)}; {requests(verdict)}."
        if verdict.judged is not None
        else f"{service} was assessed on {numbers.utc(verdict.started_at)} without a load on record."
    ]
    held, missed = _areas(verdict)
    if held:
        said.append(f"Every check held in: {', '.join(held)}.")
    if missed:
        said.append(f"Not every check held in: {'; '.join(missed)}.")
    said += [_sentence(clean(issue.causes[0], 1000)) for issue in verdict.release.issues[:2] if issue.causes]
    if verdict.release.deployment is not None:
        said.append(f"Largest load inside the limits: {clean(verdict.release.deployment.max_load, 1000)}")
    if verdict.doubts:
        said.append(f"The run itself is in doubt: {_sentence(clean(verdict.doubts[0], 1000))}")
    return tuple(said)


def _areas(verdict: Verdict) -> tuple[list[str], list[str]]:
    """Areas of the catalogue where all checks passed, and where not, the latter with the checks that did not."""
    by_area: dict[str, list[str]] = {}
    for check in verdict.checks:
        if check.outcome is Outcome.NOT_APPLICABLE:
            continue
        metric = find(check.name)
        missed = by_area.setdefault(metric.area if metric else "other", [])
        if check.outcome is not Outcome.PASS:
            missed.append(clean(check.title) or clean(check.name))
    held = [area for area, missed in by_area.items() if not missed]
    return held, [f"{area} ({', '.join(missed[:4])})" for area, missed in by_area.items() if missed]


def conclusion(verdict: Verdict) -> str:
    """One paragraph: decision, evidence, what is worst, what is unknown, what comes next."""
    service = clean(verdict.service)
    parts = [f"The decision on {service} is {verdict.decision}: {_sentence(clean(verdict.reason, 1000))}"]
    parts.append(f"Of {numbers.count(len(verdict.checks), 'declared check')}: {tally(verdict)}.")
    if verdict.judged is not None:
        parts.append(f"The load was {load(verdict)}; {requests(verdict)}.")
        parts.append("Nothing is said about any other load.")
    else:
        parts.append("No requests of a load are on record.")
    first = worst(verdict.checks, 1)
    if first:
        parts.append(f"Farthest from its target: {first[0].title}, {_sentence(first[0].against)}")
    if verdict.doubts:
        parts.append(f"There is doubt about the run as a whole: {_sentence(clean(verdict.doubts[0], 1000))}")
    if verdict.next_steps:
        parts.append(f"First step: {_sentence(clean(verdict.next_steps[0], 1000))}")
    elif verdict.decision is Decision.READY:
        parts.append("No step is needed before the release.")
    return " ".join(parts)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
