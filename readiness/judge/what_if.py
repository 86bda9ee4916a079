"""What the verdict would be if the endpoints that carry the tail had been faster: from the recorded histograms alone.

Nothing is simulated. Every successful request of an endpoint takes 1/x of what it took, all others stay as recorded,
and the same rules judge again. Users who wait less would ask more often, and a busy resource would serve others
sooner: neither is known from this run, so neither is claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from readiness.config.model import Check, Config
from readiness.judge.check import Judged, judge_check
from readiness.judge.decision import decide
from readiness.judge.decisive_checks import RANK
from readiness.judge.needs import SETTLED
from readiness.judge.outcome import Decision, Outcome
from readiness.judge.outlook import Shift, Tail, WhatIf
from readiness.judge.readings import in_scope, measured_scope, recording_of, total_of
from readiness.judge.score import score
from readiness.judge.slow_requests import LEAST_SHARE, leading
from readiness.judge.verdict import Score
from readiness.measurements.histogram import merge, scaled
from readiness.measurements.run import Endpoint, Load, Recording, Run
from readiness.metrics.catalogue import find, is_latency, is_load
from readiness.metrics.moments import moment_of
from readiness.text.numbers import quantity, times

LADDER = (1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0)
"""Speed-ups that are tried; the smallest that reaches the best result is told."""
_MOST_ENDPOINTS = 3


@dataclass(frozen=True, slots=True)
class _Answer:
    """The verdict at one speed-up."""

    judged: tuple[Judged, ...]
    score: Score
    decision: Decision
    load: Load

    @property
    def rank(self) -> tuple[int, float]:
        return RANK[self.decision], self.score.value


def what_ifs(
    run: Run, config: Config, judged: Sequence[Judged], doubts: Sequence[str], tail: Tail | None
) -> tuple[WhatIf, ...]:
    """One for each endpoint of the tail that would raise decision or score, and how fast it would have to be.

    Where none alone changes the decision, the fewest together that do; where nothing helps, the largest says so.
    Empty unless a latency check did not pass.
    """
    if run.load is None or tail is None or run.interrupted:
        return ()
    if not any(is_latency(item.result.name) and item.result.outcome not in SETTLED for item in judged):
        return ()
    largest = [part.name for part in tail.parts if part.share >= LEAST_SHARE]
    names = list(dict.fromkeys([leading(tail)[0].name, *largest]))[:_MOST_ENDPOINTS]
    now = RANK[_decision(config, judged, doubts, run)], score(judged).value
    alone = [one for name in names if (one := _what_if(run, config, judged, doubts, (name,), now))]
    helps = [one for one in alone if _rank(one) > now]
    if any(RANK[one.decision] > now[0] for one in alone):
        return tuple(helps)
    for n in range(2, len(names) + 1):
        together = _what_if(run, config, judged, doubts, tuple(names[:n]), now)
        if together is not None and RANK[together.decision] > now[0]:
            return (*helps, together)
    return tuple(helps or alone[:1])


def _rank(one: WhatIf) -> tuple[int, float]:
    return RANK[one.decision], one.score


def _what_if(
    run: Run,
    config: Config,
    judged: Sequence[Judged],
    doubts: Sequence[str],
    group: tuple[str, ...],
    now: tuple[int, float],
) -> WhatIf | None:
    if run.load is None:
        return None
    load = condensed(run.load, config.checks, group)
    concerned = frozenset(
        i for i, check in enumerate(config.checks) if _concerns(check, load, group) and not _settled(check)
    )
    answers: dict[float, _Answer] = {}

    def at(factor: float) -> _Answer:
        if factor not in answers:
            faster = replace(load, endpoints=tuple(_faster(endpoint, group, factor) for endpoint in load.endpoints))
            then = replace(run, load=faster)
            again = tuple(
                _again(then, check, config, item) if i in concerned else item
                for i, (check, item) in enumerate(zip(config.checks, judged, strict=True))
            )
            answers[factor] = _Answer(again, score(again), _decision(config, again, doubts, run), faster)
        return answers[factor]

    best = at(LADDER[-1]).rank
    # Where nothing helps, the greatest speed-up says it best.
    low, high = 0 if best > now else len(LADDER) - 1, len(LADDER) - 1
    while low < high:
        middle = (low + high) // 2
        if at(LADDER[middle]).rank >= best:
            high = middle
        else:
            low = middle + 1
    return _told(run.load, judged, group, LADDER[high], at(LADDER[high]), concerned, now)


def _again(run: Run, check: Check, config: Config, before: Judged) -> Judged:
    item = judge_check(run, check, config.confidence)
    return replace(item, result=replace(item.result, waived=before.result.waived))


def _told(
    load: Load,
    judged: Sequence[Judged],
    group: tuple[str, ...],
    factor: float,
    answer: _Answer,
    concerned: frozenset[int],
    now: tuple[int, float],
) -> WhatIf | None:
    shifts = tuple(
        Shift(
            item.result.name,
            item.result.scope,
            item.result.unit,
            item.result.value,
            answer.judged[i].result.value,
            answer.judged[i].result.outcome is Outcome.PASS,
        )
        for i, item in enumerate(judged)
        if i in concerned and item.result.outcome not in SETTLED
    )
    p95_ms, then_ms = (_p95_ms(one, group) for one in (load, answer.load))
    whole_ms, whole_then_ms = (_p95_ms(one, None) for one in (load, answer.load))
    if not shifts or (whole_then_ms is None and answer.rank <= now):
        return None  # where requests fail, no speed helps
    names = " and ".join(group)
    verb = "would be" if answer.rank[0] > now[0] else "would stay"
    how = f"{times(factor, 1.0)} as fast"
    if answer.rank <= now:
        how = f"even {how}"
    text = (
        f"With {names} {how} (P95 {quantity(then_ms, 'ms', absent='not bounded')} instead of "
        f"{quantity(p95_ms, 'ms', absent='not bounded')}) overall P95 would be "
        f"{quantity(whole_then_ms, 'ms', absent='not bounded')} instead of "
        f"{quantity(whole_ms, 'ms', absent='not bounded')}, the score {answer.score.value:.1f} and the decision "
        f"{verb} {answer.decision}."
    )
    return WhatIf(group, factor, p95_ms, then_ms, shifts, answer.score.value, answer.decision, text)


def condensed(load: Load, checks: Sequence[Check], keep: Sequence[str]) -> Load:
    """The same load for these checks, with endpoints that no check tells apart added up; `keep` stay on their own.

    An endpoint that never succeeded, and one that a standstill names, stays on its own as well: judging reads it.
    """
    scopes = {measured_scope(load, check.scope) for check in checks}
    special = {*keep, *(scope for stall in load.stalls for scope in stall.scopes)}
    alone: list[Endpoint] = []
    grouped: dict[tuple[str, str], list[Endpoint]] = {}
    for endpoint in load.endpoints:
        if endpoint.name in special or not endpoint.judged.ok.total:
            alone.append(endpoint)
            continue
        key = (
            endpoint.scenario if endpoint.scenario in scopes else "",
            endpoint.name if endpoint.name in scopes else "",
        )
        grouped.setdefault(key, []).append(endpoint)
    added_up = [Endpoint(*key, recording_of(group), Recording()) for key, group in grouped.items()]
    return replace(load, endpoints=(*alone, *added_up))


def _faster(endpoint: Endpoint, group: Sequence[str], factor: float) -> Endpoint:
    if endpoint.name not in group:
        return endpoint
    record = endpoint.judged
    slices = tuple(replace(block, ok=scaled(block.ok, 1 / factor)) for block in record.slices)
    # The whole is added up from its blocks where there are any, so that it stays their sum.
    whole = merge(*(block.ok for block in slices)) if slices else scaled(record.ok, 1 / factor)
    return replace(endpoint, judged=replace(record, ok=whole, slices=slices))


def _concerns(check: Check, load: Load, group: Sequence[str]) -> bool:
    if not is_load(check.metric) or moment_of(check.metric):  # a faster answer need not begin any sooner
        return False
    scope = measured_scope(load, check.scope)
    return any(endpoint.name in group and in_scope(endpoint, scope) for endpoint in load.endpoints)


def _settled(check: Check) -> bool:
    return check.not_applicable is not None or find(check.metric) is None


def _p95_ms(load: Load, names: Sequence[str] | None) -> float | None:
    record = total_of(one for one in load.endpoints if names is None or one.name in names)
    return record.ok.quantile_ms(0.95, infinite=record.failures + record.in_flight) if record.requests else None


def _decision(config: Config, judged: Sequence[Judged], doubts: Sequence[str], run: Run) -> Decision:
    results = [item.result for item in judged]
    return decide(results, score(judged), config.decision, doubts, run.interrupted)[0]
