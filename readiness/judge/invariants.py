"""What is always true of report.json, as a list: every sentence is a law, and a report that breaks one is not believed.

A report alone can only be held against itself: whoever may write the file can write another whole story into it.
`readiness gate --run` judges the run anew (readiness/judge/audit.py).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from readiness.config import limits
from readiness.config.model import Operator
from readiness.errors import ExitCode
from readiness.judge.check import WARN_CREDIT
from readiness.judge.decision import decide
from readiness.judge.request_invariants import REPORT_REQUEST_LAWS, numbered
from readiness.judge.score import UNMEASURED
from readiness.judge.verdict import GOOD, Decision, Outcome, Verdict
from readiness.measurements.law import Broken, Law, laws_of
from readiness.measurements.measured_invariants import value_problem
from readiness.metrics.catalogue import find, is_load
from readiness.metrics.metric import Kind
from readiness.text import clean
from readiness.text.numbers import moment

SIGNAL_OF = {ExitCode.INTERRUPTED: "SIGINT", ExitCode.TERMINATED: "SIGTERM", ExitCode.HUNG_UP: "SIGHUP"}
EXITS = {
    Decision.READY: frozenset({ExitCode.READY, ExitCode.REPORT_FAILED}),
    Decision.CONDITIONAL: frozenset({ExitCode.READY, ExitCode.CONDITIONAL, ExitCode.REPORT_FAILED}),
    Decision.NOT_READY: frozenset({ExitCode.NOT_READY}),
    Decision.INCONCLUSIVE: frozenset({ExitCode.INCONCLUSIVE, *SIGNAL_OF}),
}
"""The codes that go with a decision."""
EFFECTS = ("block", "condition", "note")
ROUNDING = 0.001
"""Scores are rounded to six digits."""
_PASSED = frozenset({Outcome.PASS, Outcome.WARN, Outcome.NOT_APPLICABLE})
_KNOWN = {Outcome.PASS: 1.0, Outcome.WARN: WARN_CREDIT, Outcome.FAIL: 0.0}


def exit_code_goes_with_the_decision(verdict: Verdict) -> Broken:
    """The exit code is one of the decision, and CONDITIONAL ends with 0 only where that was allowed."""
    decision, code = verdict.decision, verdict.exit_code
    if code not in EXITS[decision]:
        yield "$", f'the decision "{decision}" does not go with exit_code {int(code)}'
    allowed = any(note.startswith("--allow-conditional") for note in verdict.notes)
    if decision is Decision.CONDITIONAL and code is ExitCode.READY and not allowed:
        yield "$", 'the decision "CONDITIONAL" has exit_code 0, but no note that --allow-conditional was given'


def decision_follows_from_the_checks(verdict: Verdict) -> Broken:
    """The decision is the one that checks, score and doubts give by the rule."""
    if verdict.decision in GOOD:
        if verdict.doubts:
            yield "$", f'the decision "{verdict.decision}" does not go with doubts'
        stopping = ("block", "condition") if verdict.decision is Decision.READY else ("block",)
        for check in verdict.checks:
            if check.effect in stopping and check.outcome not in _PASSED:
                said = f'{clean(check.name, 60)}, which is "{check.outcome}"'
                yield "$", f'the decision "{verdict.decision}" does not go with {said}'
                return
    if verdict.rule is not None:
        interrupted = SIGNAL_OF.get(verdict.exit_code)
        true, _ = decide(verdict.checks, verdict.score, verdict.rule, verdict.doubts, interrupted)
        if true is not verdict.decision:
            yield "$", f'the decision is "{verdict.decision}", but checks, score and doubts give "{true}"'


def a_good_decision_has_evidence(verdict: Verdict) -> Broken:
    """READY and CONDITIONAL need checks, and a load that sent something where there was one."""
    if verdict.decision in GOOD:
        if not verdict.checks:
            yield "$", f"the decision is {verdict.decision} without any check"
        if verdict.ledger and not verdict.ledger.planned:
            yield "$", f"the decision is {verdict.decision} without a request"


def score_rises(verdict: Verdict) -> Broken:
    """The score lies within its range, and the range within 0 and 100."""
    score = verdict.score
    if not 0 <= score.low <= score.value <= score.high <= 100:
        shown = f"low {score.low:g}, value {score.value:g} and high {score.high:g}"
        yield "$.score", f"{shown} must rise and lie within 0 and 100"
    if not 0 <= score.coverage <= 1:
        yield "$.score", f"coverage is {score.coverage:g}, but must lie between 0 and 1"


def score_is_that_of_the_checks(verdict: Verdict) -> Broken:
    """The score and its coverage are what the checks and their weights give."""
    counting = [check for check in verdict.checks if check.outcome is not Outcome.NOT_APPLICABLE]
    weight = sum(check.weight for check in counting)
    if not weight:
        return

    def share(outcomes: Iterable[Outcome]) -> float:
        return 100 * sum(check.weight for check in counting if check.outcome in outcomes) / weight

    certain = 100 * sum(check.weight * _KNOWN.get(check.outcome, 0.0) for check in counting) / weight
    unsure, missing = share((Outcome.INCONCLUSIVE,)), share(UNMEASURED)
    for name, value, low, high in (
        ("low", verdict.score.low, certain, certain + unsure),
        ("value", verdict.score.value, certain, certain + unsure),
        ("high", verdict.score.high, certain + missing, certain + missing + unsure),
        ("coverage", 100 * verdict.score.coverage, 100 - missing, 100 - missing),
    ):
        if not low - ROUNDING <= value <= high + ROUNDING:
            should = f"{low:.1f}" if low == high else f"between {low:.1f} and {high:.1f}"
            yield f"$.score.{name}", f"is {value:.1f}, but by its checks it is {should}"


def checks_stand_once(verdict: Verdict) -> Broken:
    """A check stands once."""
    for key, times in Counter(check.key for check in verdict.checks).items():
        if times > 1:
            yield "$.checks", f"{clean(key)} stands {times} times"


def checks_are_declared_rightly(verdict: Verdict) -> Broken:
    """A check has a weight that is not negative, and blocks, is a condition or is only noted."""
    for path, check in numbered(verdict):
        if check.weight < 0:
            yield path, f"its weight is {check.weight:g}"
        if check.on_fail not in EFFECTS:
            yield path, f'on_fail is "{clean(check.on_fail, 40)}", not one of {", ".join(EFFECTS)}'


def only_what_was_measured_has_a_value(verdict: Verdict) -> Broken:
    """A check that was not measured has no value, and one that passed has one, from samples."""
    for path, check in numbered(verdict):
        unmeasured = check.outcome in UNMEASURED or check.outcome is Outcome.NOT_APPLICABLE
        if unmeasured and check.value is not None:
            yield path, f'is "{check.outcome}", but has the value {check.value:g}'
        if check.outcome in _KNOWN and check.samples == 0:
            yield path, f'is "{check.outcome}", from 0 samples'
        if check.outcome is Outcome.PASS and check.value is None:
            yield path, f'{clean(check.key)}: it is "{check.outcome}", but has no value'
        if check.outcome is Outcome.WARN and (check.value is None or check.warn_limit is None):
            absent = "value" if check.value is None else "warn limit"
            yield path, f'{clean(check.key)}: it is "{check.outcome}", but has no {absent}'


def intervals_hold_their_value(verdict: Verdict) -> Broken:
    """The bounds of a value lie around it."""
    for path, check in numbered(verdict):
        ends = [end for end in (check.low, check.value, check.high) if end is not None]
        if any(left > right and not math.isclose(left, right) for left, right in pairwise(ends)):
            yield path, f"its value and bounds {', '.join(f'{end:g}' for end in ends)} do not rise"
        metric = find(check.name)
        if metric is not None and metric.kind is Kind.EXACT and len(set(ends)) > 1:
            yield path, f"it is exact, and its value and bounds are {', '.join(f'{end:g}' for end in ends)}"


def passes_meet_their_limit(verdict: Verdict) -> Broken:
    """A check that passed or warned has a value that meets its limit, and so has the bound on that side."""
    for path, check in numbered(verdict):
        wanted = {Outcome.PASS: check.pass_limit, Outcome.WARN: check.warn_limit}.get(check.outcome)
        metric = find(check.name)
        if wanted is None or metric is None or check.value is None:
            continue
        try:
            limit = limits.parse(wanted, metric)
        except ValueError:
            yield path, f"{clean(check.key)}: its limit {clean(wanted)} cannot be read"
            continue
        if not limit.holds(check.value):
            yield (
                path,
                f'{clean(check.key)}: it is "{check.outcome}", but {check.value:g} does not meet {clean(wanted)}',
            )
        beyond = (check.high, 1) if limit.operator in (Operator.LESS, Operator.AT_MOST) else (check.low, -1)
        end, side = beyond
        # A bound may be the limit itself: it is shown as it is, whichever of the two the limit allows.
        if end is not None and side * (end - limit.value) > 1e-9 * max(abs(limit.value), 1):
            yield path, f'{clean(check.key)}: it is "{check.outcome}", but may be {end:g}, beyond {clean(wanted)}'


def checks_show_what_was_measured(verdict: Verdict) -> Broken:
    """A check of what probes or the database measured shows that value."""
    known = {(one.metric, one.scope): one for one in verdict.measurements}
    for path, check in numbered(verdict):
        one = known.get((check.name, check.scope))
        if one is None or check.outcome is Outcome.NOT_APPLICABLE or (is_load(check.name) and verdict.endpoints):
            continue
        if check.value != one.value or check.samples != one.samples:
            shown = [f"{value} from {samples} samples" for value, samples in
                     ((check.value, check.samples), (one.value, one.samples))]  # fmt: skip
            yield path, f"{clean(check.key)}: it shows {shown[0]}, but measured was {shown[1]}"


def waivers_count(verdict: Verdict) -> Broken:
    """A check is waived by a waiver that has an owner and a reason and counted when the run ended."""
    ended = moment(verdict.ended_at)
    waived = {waiver.check: waiver for waiver in verdict.waivers}
    for path, check in numbered(verdict):
        if check.waived is not (check.key in waived):
            yield path, f"{clean(check.key, 60)} is marked waived without a waiver, or the other way round"
    for index, waiver in enumerate(verdict.waivers):
        path = f"$.waivers[{index}]"
        if not (waiver.owner and waiver.reason):
            yield path, f"the waiver of {clean(waiver.check, 60)} has no owner or no reason"
        if ended and waiver.expires < ended.date().isoformat():
            yield (
                path,
                f"the waiver of {clean(waiver.check, 60)} expired on {clean(waiver.expires, 20)}, before the run",
            )


def conditions_are_the_open_checks(verdict: Verdict) -> Broken:
    """CONDITIONAL has a condition for each check that did not pass, and no other decision has any."""
    open_checks = [
        check
        for check in verdict.checks
        if check.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE) and check.effect != "note"
    ]
    wanted = len(open_checks) if verdict.decision is Decision.CONDITIONAL else 0
    if len(verdict.conditions) != wanted:
        yield "$.conditions", f"{len(verdict.conditions):,} stand there, but {wanted:,} checks ask for one"


def what_did_not_pass_is_a_risk(verdict: Verdict) -> Broken:
    """A release has a risk for each check that did not pass, and READY has no high one."""
    if verdict.decision not in GOOD:
        return
    risks = verdict.risks
    missed = sum(check.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE) for check in verdict.checks)
    told = len(risks.high) + len(risks.medium) + len(risks.low)
    if told < missed:
        yield "$.risks", f"{told:,} stand there, but {missed:,} checks did not pass"
    if verdict.decision is Decision.READY and risks.high:
        yield "$.risks.high", f'READY, but: "{clean(risks.high[0], 80)}"'


def next_steps_are_those_of_the_release(verdict: Verdict) -> Broken:
    """The next steps are the same wherever they stand."""
    steps = tuple(step.text for step in verdict.release.steps)
    if steps and steps != verdict.next_steps:
        yield "$.next_steps", f"{len(verdict.next_steps):,} stand there, in $.release.steps other {len(steps):,}"


def flips_lead_elsewhere(verdict: Verdict) -> Broken:
    """What would change the decision names another decision, and checks that there are."""
    keys = {check.key for check in verdict.checks}
    for index, flip in enumerate(verdict.outlook.flips):
        if flip.decision is verdict.decision or not keys.issuperset(flip.checks):
            yield f"$.outlook.flips[{index}]", f"leads to {flip.decision} by {clean(', '.join(flip.checks), 80)}"


def measurements_are_possible(verdict: Verdict) -> Broken:
    """A measurement stands once, and its value is one that the metric can have."""
    for (metric, scope), times in Counter((one.metric, one.scope) for one in verdict.measurements).items():
        if times > 1:
            yield (
                "$.measurements",
                f"{clean(metric, 60)} stands {times} times{'' if scope is None else ' for one scope'}",
            )
    for index, one in enumerate(verdict.measurements):
        if problem := value_problem(one):
            yield f"$.measurements[{index}]", problem


def times_are_in_order(verdict: Verdict) -> Broken:
    """The run began, and then it ended."""
    start, end = moment(verdict.started_at), moment(verdict.ended_at)
    for path, at, text in (("$.started_at", start, verdict.started_at), ("$.ended_at", end, verdict.ended_at)):
        if at is None:
            yield path, f'"{clean(text, 60)}" is not a time with a zone, such as 2026-01-31T12:00:00Z'
    if start and end and (start - end).total_seconds() > 1:
        yield "$.ended_at", f"is {(start - end).total_seconds():g} s before the start"


def attestations_expire_by_their_day(verdict: Verdict) -> Broken:
    """An attested item is expired when its last day was over as the run ended."""
    ended = moment(verdict.ended_at)
    for index, one in enumerate(verdict.attested):
        if ended and one.expired != (one.expires < ended.date().isoformat()):
            yield f"$.attested[{index}]", f"expires on {clean(one.expires, 20)}, and expired is {one.expired}"


def confidence_is_a_share(verdict: Verdict) -> Broken:
    """The confidence lies between 0 and 1."""
    if verdict.confidence is not None and not 0 < verdict.confidence < 1:
        yield "$.confidence", f"is {verdict.confidence:g}"


REPORT_LAWS: tuple[Law[Verdict], ...] = (*laws_of(globals()), *REPORT_REQUEST_LAWS)
"""Every law of report.json."""
