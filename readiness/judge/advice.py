"""What follows from the results for a release, by rule: its conditions, its terms, and what to watch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from readiness.config.model import OnFail
from readiness.judge.decision import label
from readiness.judge.outcome import Decision, Outcome
from readiness.judge.release import Deployment
from readiness.judge.risks import height, waived_by
from readiness.judge.verdict import CheckResult, Waived
from readiness.judge.wording import against, demand, distance
from readiness.measurements.run import Load
from readiness.metrics.catalogue import is_load
from readiness.metrics.service import STARTER_METRIC
from readiness.text.numbers import count, quantity

_MOST_WATCHED = 8
_SETTLED = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE})
_INSIDE = frozenset({Outcome.PASS, Outcome.WARN, Outcome.NOT_APPLICABLE})


def conditions(decision: Decision, checks: Sequence[CheckResult], waivers: Mapping[str, Waived]) -> tuple[str, ...]:
    """One per check that did not pass, waived ones first, then the farthest off; only CONDITIONAL has any."""
    if decision is not Decision.CONDITIONAL:
        return ()
    open_checks = [check for check in checks if check.outcome not in _SETTLED and check.effect != OnFail.NOTE]
    open_checks.sort(key=lambda check: (not check.waived, -distance(check)))
    return tuple(
        f"{waived_by(waivers[check.key])} {_condition(check)}" if check.waived else _condition(check)
        for check in open_checks
    )


def needless(checks: Sequence[CheckResult], waivers: Mapping[str, Waived]) -> tuple[str, ...]:
    """A note for each waiver of a check that passed."""
    passed = {check.key: check for check in checks if check.waived and check.outcome is Outcome.PASS}
    return tuple(
        f"{label(passed[key])} passed: its waiver by {waiver.owner} is not needed any more; remove it"
        for key, waiver in waivers.items()
        if key in passed
    )


def deployment(
    decision: Decision,
    checks: Sequence[CheckResult],
    waivers: Mapping[str, Waived],
    load: Load | None,
    largest: str | None = None,
) -> Deployment:
    """The terms of a release: how much load, what to watch, until when.

    `largest` is the sentence on a load of several steps; it stands for the one on a single height.
    """
    return Deployment(largest or _max_load(checks, load), _watch(decision, checks), _until(decision, checks, waivers))


def _max_load(checks: Sequence[CheckResult], load: Load | None) -> str:
    """The largest measured load inside the limits. One load was measured, so it is that one or none."""
    if load is None or not load.ledger.planned:
        return "No load was measured."
    of_load = [check for check in checks if is_load(check.name)]
    rate = sum(endpoint.judged.ok.total for endpoint in load.endpoints) / load.judged_s if load.judged_s else None
    measured = f"{height(load)} ({quantity(rate, '/s')} answered)" if rate is not None else height(load)
    if not of_load:
        return f"{measured} were measured, but no limit on the load's own answers was declared."
    outside = [check for check in of_load if check.outcome not in _INSIDE]
    if not outside:
        warned = [label(check) for check in of_load if check.outcome is Outcome.WARN]
        aside = f", {_and(warned)} only within the warning limit" if warned else ""
        return f"{measured}: the largest load that was measured, and inside its limits{aside}. More was not measured."
    failed = [label(c) for c in sorted(outside, key=distance, reverse=True) if c.outcome is Outcome.FAIL]
    if failed:
        return f"No measured load: at {measured} {_and(failed)} did not keep the limit."
    return f"No measured load is proven: at {measured} {_and([label(check) for check in outside])} could not be proven."


def _watch(decision: Decision, checks: Sequence[CheckResult]) -> tuple[str, ...]:
    """What did not pass and what blocks, with the value of this run beside the limit to alarm at."""
    if decision not in (Decision.READY, Decision.CONDITIONAL):
        return ()
    wanted = [check for check in checks if check.outcome not in _SETTLED and check.effect != OnFail.NOTE]
    wanted.sort(key=lambda check: -distance(check))
    wanted += [check for check in checks if check.outcome is Outcome.PASS and check.on_fail == OnFail.BLOCK]
    lines = [f"{label(check)}: {against(check)}" for check in wanted]
    left = wanted[_MOST_WATCHED:]
    passing = sum(check.outcome is Outcome.PASS for check in left)
    more = [count(len(left) - passing, "more condition")] if len(left) > passing else []
    more += [count(passing, "blocking check that passed", "blocking checks that passed")] if passing else []
    return (*lines[:_MOST_WATCHED], f"and {' and '.join(more)}") if more else tuple(lines)


def _until(decision: Decision, checks: Sequence[CheckResult], waivers: Mapping[str, Waived]) -> str:
    match decision:
        case Decision.READY:
            return "Until the next change: this run speaks of the build and the load that it measured."
        case Decision.CONDITIONAL:
            used = [waivers[check.key] for check in checks if check.waived and check.outcome not in _SETTLED]
            first = min(used, key=lambda waiver: waiver.expires, default=None)
            last = f"; at the latest until {first.expires}, when the waiver by {first.owner} ends" if first else ""
            return f"Conditions end when a run with the same plan passes them{last}."
        case Decision.NOT_READY:
            return "Not before a run with the same plan passes what blocks now."
        case Decision.INCONCLUSIVE:
            return "Not before a run gives the evidence that is missing now."


def _condition(check: CheckResult) -> str:
    name = label(check)
    if check.name == STARTER_METRIC:
        return "Choose your own limits: readiness init writes a file if there is none; take starter_limits out of it."
    if check.outcome is Outcome.ERROR:
        return f"{name} was not measured; it {demand(check.name, check.pass_limit)}."
    if check.outcome is Outcome.INCONCLUSIVE:
        return f"{name} is not proven: {against(check)}."
    return f"{name}: {against(check)}."


def _and(names: Sequence[str]) -> str:
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
