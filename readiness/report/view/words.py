"""Sentences about the whole run. They say what was measured under which load, and nothing beyond."""

from __future__ import annotations

from collections import Counter

from readiness.config.scenario_notes import CHECKED_BY_HAND, NOT_EXAMINED, SWITCHED_OFF
from readiness.judge import wording
from readiness.judge.failed_requests import MOST_FAILING, OUTSIDE_WINDOW
from readiness.judge.verdict import Decision, Outcome, Verdict
from readiness.report.status import MEANING
from readiness.text import clean, numbers

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
    """The load as one phrase: `50 users for 40s`, `20 users for 11.1 s of the planned 15 s`, `none was sent`.

    What the plan does not say is left out.
    """
    plan = verdict.plan
    if not plan:
        return "no load plan was recorded"
    if verdict.ledger is None:
        return "none was sent"
    rate, users, lasts = (plan.get(key, plan.get(other)) for key, other in _PLAN)
    height = f"{clean(rate)} arrivals" if rate is not None else f"{clean(users)} users" if users is not None else ""
    if isinstance(rate, int | float):
        height += " per second"
    time = f" for {_cut_short(verdict, lasts)}{seconds(lasts)}" if lasts is not None else ""
    return f"{height}{time}".strip() or "see the plan below"


def _cut_short(verdict: Verdict, planned: str | float | None) -> str:
    """`11.1 s of the planned `, where the measurement window was shorter; "" where it was not, or is one step of it."""
    measured, plan = verdict.key_numbers, verdict.plan
    if measured is None or not isinstance(planned, int | float) or "steps" in plan:
        return ""
    return f"{numbers.duration(measured.window_s)} of the planned " if measured.window_s < 0.99 * planned else ""


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
    said = f"{numbers.count(judged.planned, 'judged request')}, {failed}"
    outside = failed_outside(verdict)
    more = f" (and {numbers.count(len(outside) - 1, 'more endpoint')})" if len(outside) > 1 else ""
    return f"{said}; but {outside[0]}{more}" if outside else said


def failed_outside(verdict: Verdict) -> tuple[str, ...]:
    """The notes about requests that failed outside the measurement window, which no check has judged."""
    return tuple(clean(note, 300) for note in verdict.notes if OUTSIDE_WINDOW in note)


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
        what = f"the {n} conditions" if n > 1 else "the condition"
        return f"May go live only if a named person accepts {what}; otherwise fix and run again."
    return MEANING[verdict.decision]


def tested(verdict: Verdict) -> str:
    """What was tested, and where: a demo on the machine of the load is no production."""
    target = verdict.target
    demo = target.name.partition(":")[0] == "demo"
    what = f"Tested: {clean(target.name)}{', the built-in demo' if demo else ''}"
    loopback = any(address.startswith(("127.", "::1")) for address in target.addresses)
    where = ", on the machine that also made the load" if loopback and verdict.ledger is not None else ""
    commit = verdict.provenance.commit
    aside = "".join(f" {clean(note, 300).rstrip('.')}." for note in verdict.notes if note.startswith(SWITCHED_OFF))
    if any(NOT_EXAMINED in note or CHECKED_BY_HAND in note for note in verdict.notes):
        aside += " Some answers were judged by their status alone (see the notes)."
    return f"{what}{where}; version {clean(commit)[:12] if commit else 'unknown'}.{aside}"


def failed_words(verdict: Verdict) -> list[str]:
    """What is wrong, a clause each, from measurements only; the gravest first."""
    failed = [check for check in verdict.checks if check.outcome is Outcome.FAIL]
    planned, ok = (verdict.judged.planned, verdict.judged.ok) if verdict.judged else (0, 0)
    bad = []
    if ok < planned and any(check.name.startswith("http.") or check.because_failed for check in failed):
        found = verdict.failed_requests[:MOST_FAILING]
        parts = [f"{one.failed:,} × {clean(one.endpoint)}: {clean(one.why)}" for one in found]
        if len(found) == 1:
            parts = [f"{clean(found[0].endpoint)}: {clean(found[0].why)}"]
        more = len(verdict.failed_requests) - len(found)
        parts += [numbers.count(more, "more endpoint")] if more else []
        which = f" ({'; '.join(parts)})" if parts else ""
        bad.append(f"{planned - ok:,} of {numbers.count(planned, 'request')} failed{which}")
    if any(check.name == "database.writes.lost" for check in failed):
        bad.append("acknowledged writes were lost")
    slow = [check for check in failed if "latency" in check.name and check.unit == "ms" and check.value is not None]
    late = [times for check in slow if wording.misses(check) and (times := wording.distance(check)) > 1]
    if late:
        least, most = (numbers.times(end, 1.0).removesuffix("×") for end in (min(late), max(late)))
        bad.append(f"response times are {most if least == most else f'{least} to {most}'} times their limits")
    if any(check.name == "cache.hit_rate" and check.value == 0 for check in failed):
        bad.append("the cache served no request (0 % hits)")
    return bad


def executive(verdict: Verdict) -> str:
    """What was done, in one sentence."""
    service, at = clean(verdict.service), numbers.utc(verdict.started_at)
    if verdict.judged is None:
        return f"{service} was assessed on {at} without a load on record."
    return (
        f"{service} was assessed at {clean(verdict.target.name)} on {at}, under {load(verdict)}; {requests(verdict)}. "
        "Nothing is said about any other load."
    )


def conclusion(verdict: Verdict) -> str:
    """The decision and what it rests on."""
    return (
        f"The decision on {clean(verdict.service)} is {verdict.decision}. "
        f"Of {numbers.count(len(verdict.checks), 'declared check')}: {tally(verdict)}."
    )
