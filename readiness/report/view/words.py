"""Sentences about the whole run. They say what was measured under which load, and nothing beyond."""

from __future__ import annotations

from collections import Counter

from readiness.judge import wording
from readiness.judge.verdict import Decision, Outcome, Verdict
from readiness.metrics.catalogue import find
from readiness.report.status import MEANING
from readiness.report.view.checks import worst
from readiness.text import clean, numbers

AREAS = {"database": "database and data"}
"""Areas of the catalogue whose name says less than what is in them."""
MOST_NAMED = 6
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
    if low == high and verdict.score.coverage > 0:
        return "no check is left open"
    return f"between {low:.1f} and {high:.1f}: some checks are open"


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
    """`12,034 judged requests, none failed`."""
    judged = verdict.judged
    if judged is None:
        return "no requests are on record"
    bad = judged.planned - judged.ok
    failed = f"{bad:,} failed ({numbers.share(bad, judged.planned)})" if bad else "none failed"
    return f"{numbers.count(judged.planned, 'judged request')}, {failed}"


def confidence(verdict: Verdict) -> str:
    """How sure the decision is; nothing where too few time blocks were measured to resample."""
    same, n = verdict.sensitivity.same_decision, verdict.sensitivity.resamples
    if same is None or not n:
        return ""
    return f"same decision in {round(same * n):,} of {n:,} resampled runs"


def meaning(verdict: Verdict) -> str:
    """What the decision asks of whoever reads it, in one instruction."""
    if verdict.decision is Decision.CONDITIONAL and verdict.conditions:
        n = len(verdict.conditions)
        what = f"the {n} conditions below" if n > 1 else "the condition below"
        return f"May go live only if a named person accepts {what}; otherwise fix and run again."
    return MEANING[verdict.decision]


def tested(verdict: Verdict) -> str:
    """What was tested, and where: a demo on the machine of the load is no production."""
    target = verdict.target
    demo = target.name.partition(":")[0] == "demo"
    what = f"Tested: {clean(target.name)}{', the built-in demo' if demo else ''}"
    loopback = any(address.startswith(("127.", "::1")) for address in target.addresses)
    where = ", on the machine that also made the load" if loopback else ""
    commit = verdict.provenance.commit
    return f"{what}{where}; version {clean(commit)[:12] if commit else 'unknown'}."


def cause(verdict: Verdict) -> str:
    """What is wrong and what is not, in one sentence, from measurements only; "" where nothing failed."""
    failed = [check for check in verdict.checks if check.outcome is Outcome.FAIL]
    if not failed:
        return ""
    planned, ok = (verdict.judged.planned, verdict.judged.ok) if verdict.judged else (0, 0)
    good = ["no request failed"] if 0 < planned == ok else []
    lost = [check.outcome for check in verdict.checks if check.name == "database.writes.lost"]
    if lost == [Outcome.PASS]:
        good.append("no acknowledged write was lost")
    bad = []
    if ok < planned and any(check.name.startswith("http.") or check.because_failed for check in failed):
        first = verdict.failed_requests[:1]
        which = f" ({clean(first[0].endpoint)}: {clean(first[0].why)})" if first else ""
        bad.append(f"{planned - ok:,} of {numbers.count(planned, 'request')} failed{which}")
    if Outcome.FAIL in lost:
        bad.append("acknowledged writes were lost")
    slow = [check for check in failed if "latency" in check.name and check.unit == "ms" and check.value is not None]
    late = [times for check in slow if (times := wording.distance(check)) > 1]
    if late:
        least, most = (numbers.times(end, 1.0).removesuffix("×") for end in (min(late), max(late)))
        bad.append(f"response times are {most if least == most else f'{least} to {most}'} times their limits")
    if any(check.name == "cache.hit_rate" and check.value == 0 for check in failed):
        bad.append("the cache served no request (0 % hits)")
    said = "; ".join(part for part in (" and ".join(good), "; ".join(bad)) if part)
    return f"{said[:1].upper()}{said[1:]}." if bad else ""


def executive(verdict: Verdict) -> tuple[str, ...]:
    """The summary for those who read nothing else: what was done, what held, what did not and why, what it bears."""
    service = clean(verdict.service)
    said = [f"The decision is {verdict.decision}. {meaning(verdict)} {cause(verdict)}".strip()]
    said += [
        f"{service} was assessed at {clean(verdict.target.name)} on {numbers.utc(verdict.started_at)}, under "
        f"{load(verdict)}; {requests(verdict)}."
        if verdict.judged is not None
        else f"{service} was assessed on {numbers.utc(verdict.started_at)} without a load on record."
    ]
    held, missed = _areas(verdict)
    if held:
        said.append(f"Every check passed in: {', '.join(held)}.")
    if missed:
        said.append(f"Not passed: {'; '.join(missed)}.")
    said += [_sentence(clean(issue.causes[0], 1000)) for issue in verdict.release.issues[:2] if issue.causes]
    if verdict.release.deployment is not None:
        said.append(f"Largest load inside the limits: {clean(verdict.release.deployment.max_load, 1000)}")
    if verdict.doubts:
        said.append(f"The run itself is in doubt: {_sentence(clean(verdict.doubts[0], 1000))}")
    return tuple(said)


def _areas(verdict: Verdict) -> tuple[list[str], list[str]]:
    """Areas of the catalogue where all checks passed, and where not, the latter with the checks that did not."""
    by_area: dict[str, list[str]] = {}
    counts: Counter[str] = Counter()
    for check in sorted(verdict.checks, key=wording.distance, reverse=True):
        if check.outcome is Outcome.NOT_APPLICABLE:
            continue
        metric = find(check.name)
        area = AREAS.get(metric.area, metric.area) if metric else "other"
        counts[area] += 1
        missed = by_area.setdefault(area, [])
        if check.outcome is not Outcome.PASS:
            missed.append(clean(check.title) or clean(check.name))
    held = [f"{area} ({counts[area]:,})" for area, missed in by_area.items() if not missed]
    return held, [
        f"{area}, {len(missed):,} of {counts[area]:,} ({_some(missed)})" for area, missed in by_area.items() if missed
    ]


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return f"{', '.join(names[:MOST_NAMED])}{more}"


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
        steps = verdict.release.steps
        first_step = steps[0].headline if steps and steps[0].headline else verdict.next_steps[0]
        parts.append(f"First step: {_sentence(clean(first_step, 1000))}")
    elif verdict.decision is Decision.READY:
        parts.append("No step is needed before the release.")
    return " ".join(parts)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
