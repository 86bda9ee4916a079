"""Failed requests: whose, how many and why; and which latency checks missed their limit because of them. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from readiness.config.model import Check
from readiness.judge.moments import told
from readiness.judge.readings import Reading, in_scope, total_of
from readiness.measurements.run import OWN_FAULTS, Endpoint, FailureDetail, Load, Recording
from readiness.metrics.catalogue import find, is_latency, is_load
from readiness.metrics.metric import Kind
from readiness.stats.share import lower
from readiness.text import clean
from readiness.text.numbers import count

_WORDS: Mapping[str, str] = {
    "dns": "no address for the name",
    "connect_refused": "connection refused",
    "connect_timeout": "no connection in time",
    "tls": "TLS failed",
    "timeout": "no complete answer in time",
    "reset": "connection reset",
    "truncated": "body cut short",
    "protocol": "not a valid HTTP answer",
    "too_large": "answer too large",
    "http_3xx": "redirect not followed",
    "http_4xx": "HTTP 4xx",
    "http_5xx": "HTTP 5xx",
    "rate_limited": "HTTP 429",
    "assertion": "not what the scenario expects",
    "not_allowed": "host not allowed in this run",
    "local_fds": "no file descriptor left on the load generator",
    "local_ports": "no port left on the load generator",
    "script": "error in the scenario's code",
}
"""Classes of FAILURE_CLASSES as people say them."""
LIMITED = "; the service limits the rate: raise the limit for the test, or send less"
OUTSIDE_WINDOW = " outside the measurement window"
_MOST_OUTSIDE = 10
_MOST_FAIL, _SURE = 0.5, 0.95
"""What is asked outside the measurement window alone is in doubt where surely more than this share of it fails."""
_OURS = "; the cause is on this side, not at the target"
_NEVER_SENT = "never sent"
_MOST_NAMED = 2
_MOST_STATUSES = 2
MOST_REASONS, MOST_FAILING = 4, 3
_FEW = 0.01
"""Up to this share of failed requests a mean of the successful ones is believed."""
_STATUS = re.compile(r"(?:HTTP |status )?([1-5][0-9]{2}\b(?: to \S+)?)(?: \((.*)\)$|[ .,:;-]*(.*)$)")
"""`HTTP 404`, `HTTP 302 to /login`, `HTTP 400 (no list)` with a scenario's reason, what Locust says, `404 Client Error:
Not Found for url: …`, and what a scenario often says, `status 404, expected 200` or `304 with another ETag`."""
_NO_REASON = re.compile(
    r"(?:Client|Server) Error: .* for url: .*|(?:(?:and|but|expected|instead|is|not|of|or|wanted|HTTP|\dxx|\d+)\b\W*)*",
    re.IGNORECASE,
)
"""Words behind a status that say no more than it does."""


@dataclass(frozen=True, slots=True)
class FailedRequests:
    """The failed requests of one endpoint, over all scenarios that call it."""

    endpoint: str
    failed: int
    """In the measurement window; or outside it, where none failed inside. Unfinished ones included."""
    requests: int
    why: str
    """`HTTP 404`, or `12 × HTTP 503, 3 × connection refused`."""
    text: str
    """The whole as a sentence without a full stop."""


@dataclass(frozen=True, slots=True)
class FailedShare:
    """What failed requests did to a latency check that did not pass."""

    share: float
    """Of the requests in scope, 0 to 1."""
    successful: float | None
    """The value over the successful requests alone; None where none succeeded."""
    decisive: bool
    """Whether the successful requests alone keep the limit, so that latency is not the problem."""
    dead: tuple[str, ...] = ()
    """Endpoints of which not one request succeeded, in words, where they decide and the value keeps the limit."""


def failed_requests(load: Load) -> tuple[FailedRequests, ...]:
    """Every endpoint with failures: first what fails before all else, then what failed in the measurement window.

    Within each, the most failures first.
    """
    details = details_by_endpoint(load)
    begun = {one.endpoint for one in failed_beginnings(load)}
    found: list[tuple[bool, FailedRequests]] = []
    by_name: dict[str, list[Endpoint]] = {}
    for endpoint in load.endpoints:
        by_name.setdefault(endpoint.name, []).append(endpoint)
    for name, same in by_name.items():
        inside = [endpoint.judged for endpoint in same]
        judged = any(record.failures + record.in_flight for record in inside)
        records = inside if judged else [endpoint.warm_up for endpoint in same]
        if one := _endpoint(name, records, details[name], "" if judged else OUTSIDE_WINDOW):
            found.append((judged, one))
    planned = max(load.intended_judged, load.dropped_judged)
    for n, why in (
        (load.unanswered_judged, "every user waited for an answer"),
        (load.dropped_judged - load.unanswered_judged, "no user was free, or the load ended first"),
    ):
        if n:
            text = f"arrivals that were never sent: {why} ({count(n, 'arrival')} of {planned:,} planned)"
            found.append((True, FailedRequests("arrivals", n, planned, _NEVER_SENT, text)))
    found.sort(key=lambda pair: (pair[1].endpoint not in begun, not pair[0], -pair[1].failed))
    return tuple(one for _, one in found)


def failed_beginnings(load: Load) -> tuple[FailedRequests, ...]:
    """What a scenario asks outside the measurement window alone, such as a log-in, and what mostly fails.

    A conflict (HTTP 409) is none: what an earlier run made is there already. Nor is what is asked until it succeeds:
    then each user has its success.
    """
    details = details_by_endpoint(load)
    users = {pace.scenario: pace.users for pace in load.paces}
    found = []
    for one in load.endpoints:
        if one.judged.requests or not _mostly_fails(one.warm_up, users.get(one.scenario, load.users)):
            continue
        if {"http_4xx"} == set(one.warm_up.failed) and all("409" in said.detail for said in details[one.name]):
            continue
        if text := _endpoint(one.name, [one.warm_up], details[one.name], OUTSIDE_WINDOW):
            found.append(text)
    return tuple(found)


def _mostly_fails(record: Recording, users: int) -> bool:
    """Never a success, or surely more failures than successes, and users who got none."""
    failed, ok = record.failures, record.ok.total
    if not ok:
        return failed > 0
    return ok < users and lower(failed, failed + ok, _SURE) > _MOST_FAIL


def failed_outside(load: Load) -> tuple[str, ...]:
    """A sentence for each endpoint with failures outside the measurement window, the most failures first."""
    details = details_by_endpoint(load)
    by_name: dict[str, list[Recording]] = {}
    for endpoint in load.endpoints:
        by_name.setdefault(endpoint.name, []).append(endpoint.warm_up)
    told = [one for name, all_ in by_name.items() if (one := _endpoint(name, all_, details[name], OUTSIDE_WINDOW))]
    told.sort(key=lambda one: -one.failed)
    said = tuple(clean(one.text) for one in told[:_MOST_OUTSIDE])
    more = len(told) - len(said)
    return (*said, f"{count(more, 'more endpoint')} failed{OUTSIDE_WINDOW}") if more else said


def failed_share(load: Load, check: Check, reading: Reading | None = None) -> FailedShare | None:
    """What the failures did to a check of the load that did not pass; None where they did not matter.

    They decide a latency when the successful requests alone keep the limit, and the failures are enough to explain the
    rest. `reading` is that of a check which failed: where its value is good, endpoints that never answered rightly
    decide.
    """
    metric = find(check.metric)
    if metric is None or not is_load(check.metric):
        return None
    record = total_of(one for one in told(load.endpoints, metric) if in_scope(one, check.scope))
    bad = record.failures + record.in_flight + (load.dropped_judged if check.scope is None else 0)
    if not bad:
        return None
    share = bad / (record.ok.total + bad)
    kept = reading is not None and reading.value is not None and check.pass_limit.holds(reading.value)
    if reading and kept and reading.dead_endpoints and metric.kind in (Kind.QUANTILE, Kind.RATE):
        return FailedShare(share, reading.value, decisive=True, dead=_dead(load, reading.dead_endpoints))
    if not is_latency(check.metric):
        return None
    mean = check.metric == "latency.mean"
    q = metric.quantile or 1.0
    successful = record.ok.mean_ms if mean else record.ok.quantile_ms(q)
    slow = 0 if mean else record.ok.count_over_ms(check.pass_limit.value, inclusive=False)[0]
    explains = share > (_FEW if mean else (1 - q) / 2) and bad >= slow
    decisive = successful is None or (check.pass_limit.holds(successful) and explains)
    bounded = mean or record.ok.quantile_ms(q, infinite=bad) is not None
    return FailedShare(share, successful, decisive) if decisive or not bounded else None


def _dead(load: Load, names: Sequence[str]) -> tuple[str, ...]:
    """A sentence for each endpoint, `scenario: name`, of which not one request succeeded."""
    details = details_by_endpoint(load)
    found = [one for one in load.endpoints if f"{one.scenario}: {one.name}" in names]
    said = [_endpoint(one.name, [one.judged], details[one.name], "") for one in found]
    return tuple(dict.fromkeys(one.text for one in said if one))


def to_do(failed: Sequence[FailedRequests]) -> str:
    """What to do about the same, in one line: whose requests, and the reason of the first."""
    same = _foremost(failed)
    first = same[0]
    names = [one.endpoint for one in same]
    if len(names) > _MOST_NAMED + 1:
        names = [*names[:_MOST_NAMED], count(len(names) - _MOST_NAMED, "more endpoint")]
    who = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    if first.text.endswith(LIMITED):
        return f"Raise the limit of the service's rate for the test, or send less: {who} got HTTP 429"
    if first.why == _NEVER_SENT:
        return "Find out why arrivals were never sent"
    here = " on this side" if first.text.endswith(_OURS) else ""
    return f"Find out{here} why {who} {'fails' if len(same) == 1 else 'fail'}: {first.why}"


def _foremost(failed: Sequence[FailedRequests]) -> Sequence[FailedRequests]:
    """What fails before all else and what failed in the measurement window; or outside it, where none failed inside."""
    inside = [n for n, one in enumerate(failed) if OUTSIDE_WINDOW not in one.text]
    return failed[: inside[-1] + 1] if inside else failed


def foremost(failed: Sequence[FailedRequests]) -> str:
    """The same in words, with all that is known of them."""
    same = [one.text for one in _foremost(failed)]
    more = f"; and {count(len(same) - MOST_FAILING, 'more endpoint')}" if len(same) > MOST_FAILING else ""
    return "; ".join(same[:MOST_FAILING]) + more


def details_by_endpoint(load: Load) -> Mapping[str, list[FailureDetail]]:
    """What came with the failed requests of each endpoint."""
    found: dict[str, list[FailureDetail]] = {endpoint.name: [] for endpoint in load.endpoints}
    for one in load.failure_details:
        found.setdefault(one.endpoint, []).append(one)
    return found


def why(record: Recording, details: Sequence[FailureDetail]) -> str:
    """The reasons of failed requests, the most frequent first; "" where none failed."""
    reasons = Counter({_reason(name, details): n for name, n in record.failed.items() if n})
    if record.in_flight:
        reasons["still running at the end"] = record.in_flight
    if len(reasons) == 1:
        return next(iter(reasons))
    said = [f"{n:,} × {reason}" for reason, n in reasons.most_common(MOST_REASONS)]
    more = sum(reasons.values()) - sum(n for _, n in reasons.most_common(MOST_REASONS))
    return ", ".join([*said, f"{more:,} × other reasons"] if more else said)


def _endpoint(
    name: str, records: Sequence[Recording], details: Sequence[FailureDetail], where: str
) -> FailedRequests | None:
    failed: Counter[str] = Counter()
    for record in records:
        failed.update(record.failed)
    whole = Recording(failed=failed, in_flight=sum(record.in_flight for record in records))
    if not whole.requests:
        return None
    requests = sum(record.requests for record in records)
    reason = why(whole, details)
    hint = LIMITED if failed["rate_limited"] else ""
    if failed and failed.keys() <= OWN_FAULTS:
        hint = _OURS
    said = f"{whole.requests:,} of {count(requests, 'request')} failed"
    if whole.requests == requests > 1:
        said = f"not one of {requests:,} requests succeeded"
    text = f"{name}: {said}{where}: {reason}{hint}"
    return FailedRequests(name, whole.requests, requests, reason, text)


def _reason(failure: str, details: Sequence[FailureDetail]) -> str:
    """The class in words, with the status or the message that came with it; an example where there are several."""
    words = _WORDS.get(failure, failure.replace("_", " "))
    said = list(dict.fromkeys(one.detail for one in details if one.failure == failure))
    of_status = failure.startswith("http_") or failure == "rate_limited"
    if of_status and said and all(found := [_STATUS.match(text) for text in said]):
        return _statuses([_status(match) for match in found if match], words)
    if failure == "reset" and len(said) == 1 and said[0].startswith("the connection was closed"):
        return said[0]
    if not said or said[0].lower() in words.lower():
        return words
    return f"{words} ({'such as: ' if len(said) > 1 else ''}{said[0]})"


def _status(match: re.Match[str]) -> tuple[str, str]:
    """`HTTP 404`, and the scenario's reason, or ""."""
    _, inside, behind = match.groups()
    return f"HTTP {match[1]}", inside or ("" if _NO_REASON.fullmatch(behind or "") else behind)


def _statuses(found: Sequence[tuple[str, str]], words: str) -> str:
    """Each status with the scenario's reason; where those are many, the statuses or their class, and an example."""
    told = list(dict.fromkeys(f"{status} ({reason})" if reason else status for status, reason in found))
    if len(told) <= _MOST_STATUSES:
        return " or ".join(told)
    statuses = dict.fromkeys(status for status, _ in found)
    few = " or ".join(statuses) if len(statuses) <= _MOST_STATUSES else words
    example = next(reason for _, reason in found if reason) if len(statuses) == 1 else told[0]
    return f"{few} (such as: {example})"
