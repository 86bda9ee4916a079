"""Users whom nobody let in, or whose beginning failed: what they did after it is no test of what it should be."""

from __future__ import annotations

import re

from readiness.judge.failed_requests import failed_beginnings
from readiness.measurements.run import Endpoint, Load
from readiness.text import clean
from readiness.text.numbers import count

_REFUSED = re.compile(r"\b40[13]\b")


_MOST = 3


def doubts(load: Load) -> tuple[str, ...]:
    """Why nothing behind the first requests of the users was tested."""
    if refused := refused_log_ins(load):
        return (refused,)
    return tuple(
        f"{clean(one.text)}; whatever users do after it was tested without it: fix it, or let the scenario take that "
        "answer as a good one"
        for one in failed_beginnings(load)[:_MOST]
    )


def refused_log_ins(load: Load) -> str | None:
    """What to check where all that failed got 401 or 403, and of these scenarios nothing succeeded.

    None where something else failed too, or where somebody was let in.
    """
    failed = [one for one in load.endpoints if _failures(one)]
    if not failed:
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
    return (
        f"nobody was let in: all {requests} of {clean(', '.join(sorted(names)[:3]), 200)} got 401 or 403, so nothing "
        "behind the log-in was tested; check the user and the password that the scenario sends (READINESS_PASSWORD)"
    )


def _failures(endpoint: Endpoint) -> int:
    return endpoint.judged.failures + endpoint.warm_up.failures
