"""Users whom nobody let in: a wrong password of the test proves nothing against the service."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from readiness.config.model import Check
from readiness.judge.check import Credit, Judged
from readiness.judge.outcome import Outcome
from readiness.measurements.run import Endpoint, Load, Run
from readiness.text import clean
from readiness.text.numbers import count

_REFUSED = re.compile(r"\b40[13]\b")


@dataclass(frozen=True, slots=True)
class NobodyLetIn:
    """All that failed was refused with 401 or 403, and of these scenarios nothing succeeded."""

    scenarios: frozenset[str]
    doubt: str


def without_refused(
    run: Run, checks: Sequence[Check], judged: Sequence[Judged], judge_one: Callable[[Run, Check], Judged]
) -> list[Judged]:
    """What failed only because nobody was let in is open: what fails without those users as well stays a failure."""
    refused = refused_log_ins(run.load)
    if run.load is None or refused is None:
        return list(judged)
    others = tuple(one for one in run.load.endpoints if one.scenario not in refused.scenarios)
    without = replace(run, load=replace(run.load, endpoints=others))
    failed = Outcome.FAIL
    return [
        _open(item)
        if item.result.outcome is failed and judge_one(without, check).result.outcome is not failed
        else item
        for check, item in zip(checks, judged, strict=True)
    ]


def refused_log_ins(load: Load | None) -> NobodyLetIn | None:
    """None where something else failed too, or where somebody was let in."""
    failed = [one for one in load.endpoints if _failures(one)] if load else []
    if load is None or not failed:
        return None
    scenarios = frozenset(one.scenario for one in failed)
    theirs = [one for one in load.endpoints if one.scenario in scenarios]
    names = {one.name for one in failed}
    said = [detail for detail in load.failure_details if detail.endpoint in names]
    if any(one.judged.ok.total or one.warm_up.ok.total for one in theirs):
        return None
    if {name for one in failed for name in (*one.judged.failed, *one.warm_up.failed)} != {"http_4xx"}:
        return None
    if {one.endpoint for one in said} != names or not all(_REFUSED.search(one.detail) for one in said):
        return None
    requests = count(sum(_failures(one) for one in failed), "request")
    return NobodyLetIn(
        scenarios,
        f"nobody was let in: all {requests} of {clean(', '.join(sorted(names)[:3]), 200)} got 401 or 403, so nothing "
        "behind the log-in was tested; check the user and the password that the scenario sends (READINESS_PASSWORD)",
    )


def _failures(endpoint: Endpoint) -> int:
    return endpoint.judged.failures + endpoint.warm_up.failures


def _open(item: Judged) -> Judged:
    message = f"{item.result.message.rstrip('.')} - but nobody was let in."
    result = replace(item.result, outcome=Outcome.INCONCLUSIVE, message=message)
    return replace(item, result=result, credit=Credit(0, item.credit.point, 1))
