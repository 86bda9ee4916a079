"""Limits that are wider in the second verdict than in the first: the cheapest way to a green report."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.config import limits
from readiness.config.model import Limit
from readiness.judge.verdict import CheckResult, Outcome, Verdict
from readiness.metrics.catalogue import find
from readiness.text import clean

_STRICT = {"note": 0, "condition": 1, "block": 2}


def loosened(base: Verdict, head: Verdict) -> tuple[str, ...]:
    """A sentence for each way in which head asks less than base did."""
    found: list[str] = []
    after = {check.key: check for check in head.checks}
    for check in base.checks:
        new = after.get(check.key)
        if new is None:
            found.append(f"{clean(check.key)}: the check is gone (it was {clean(check.pass_limit)})")
        else:
            found += [f"{clean(check.key)}: {line}" for line in _check(check, new)]
    if _confidence(head) < _confidence(base):
        found.append(f"evidence.confidence: {_percent(base)} in base, {_percent(head)} in head")
    return tuple(found)


def _check(old: CheckResult, new: CheckResult) -> Iterator[str]:
    if new.outcome is Outcome.NOT_APPLICABLE and old.outcome is not Outcome.NOT_APPLICABLE:
        yield "it is declared not applicable now"
        return
    for name, before, after in (
        ("pass", _limit(old, old.pass_limit), _limit(new, new.pass_limit)),
        ("warn", _limit(old, old.warn_limit or old.pass_limit), _limit(new, new.warn_limit or new.pass_limit)),
    ):
        if before and after and not limits.covers(before, after):
            yield f"{name} was {clean(before.text)}, it is {clean(after.text)}"
    if _STRICT.get(new.on_fail, 0) < _STRICT.get(old.on_fail, 0):
        yield f"on_fail was {clean(old.on_fail)}, it is {clean(new.on_fail)}"
    if new.waived and not old.waived:
        yield "it is waived now"
    if new.weight < old.weight:
        yield f"weight was {old.weight:g}, it is {new.weight:g}"


def _limit(check: CheckResult, text: str) -> Limit | None:
    metric = find(check.name)
    try:
        return limits.parse(text, metric) if metric else None
    except ValueError:
        return None


def _confidence(verdict: Verdict) -> float:
    return verdict.confidence or 0.0


def _percent(verdict: Verdict) -> str:
    return "none" if verdict.confidence is None else f"{100 * verdict.confidence:g} %"
