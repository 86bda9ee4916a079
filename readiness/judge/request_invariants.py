"""Where every request of report.json went: the second part of readiness/judge/invariants.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from readiness.judge.verdict import CheckResult, EndpointResult, Latency, Verdict
from readiness.measurements.law import Broken, Law, laws_of
from readiness.measurements.run import Ledger
from readiness.metrics.catalogue import is_load
from readiness.text import clean

BUCKET = 0.002
"""Percentiles are read from buckets of 0.1 %."""


def ledgers_are_balanced(verdict: Verdict) -> Broken:
    """Every planned request is ok, failed, in flight or dropped."""
    for path, ledger in _ledgers(verdict):
        if not ledger.balanced:
            ended = ledger.ok + sum(ledger.failed.values()) + ledger.in_flight + ledger.dropped
            yield path, f"planned is {ledger.planned:,}, but ok + failed + in_flight + dropped is {ended:,}"


def the_judged_are_some_of_all(verdict: Verdict) -> Broken:
    """What was judged is a part of the ledger, class by class."""
    whole, judged = verdict.ledger, verdict.judged
    if (whole is None) != (judged is None):
        yield "$.judged", "stands without the ledger, or the ledger without it"
    if whole is None or judged is None:
        return
    for name in ("planned", "ok", "in_flight", "dropped"):
        if getattr(judged, name) > getattr(whole, name):
            yield "$.judged", f"{name} is {getattr(judged, name):,}, but {getattr(whole, name):,} in the ledger"
    for name, count in judged.failed.items():
        if count > whole.failed.get(name, 0):
            yield "$.judged", f"{count:,} failed by {clean(name, 40)}, but {whole.failed.get(name, 0):,} in the ledger"


def endpoints_add_up_to_the_ledger(verdict: Verdict) -> Broken:
    """Every judged request is one of an endpoint, in the same class."""
    judged = verdict.judged
    if judged is None:
        if verdict.endpoints:
            yield "$.endpoints", "stand without a ledger"
        return
    failed: Counter[str] = Counter()
    for path, one in _endpoints(verdict):
        failed.update(one.failed)
        if one.failures != sum(one.failed.values()) + one.in_flight or one.failures > one.requests:
            yield path, f"{one.failures:,} failures of {one.requests:,}, by class {sum(one.failed.values()):,}"
    for name, counted, known in (
        ("requests", sum(one.requests for one in verdict.endpoints), judged.planned - judged.dropped),
        ("in flight", sum(one.in_flight for one in verdict.endpoints), judged.in_flight),
        *(
            (f"failed by {clean(name, 40)}", failed[name], judged.failed.get(name, 0))
            for name in {*failed, *judged.failed}
        ),
    ):
        if counted != known:
            yield "$.endpoints", f"count {counted:,} {name}, the judged ledger {known:,}"
    sent = sum(one.requests + one.warm_up_requests for one in verdict.endpoints)
    known = verdict.ledger.planned - verdict.ledger.dropped if verdict.ledger else sent
    # A load generator that was lost could not say where its last requests were; such a run has a doubt.
    if sent > known or (sent < known and not verdict.doubts):
        yield "$.endpoints", f"count {sent:,} requests with the warm-up, the ledger {known:,}"


def endpoints_stand_once(verdict: Verdict) -> Broken:
    """An endpoint of a scenario stands once."""
    for (scenario, name), times in Counter((one.scenario, one.name) for one in verdict.endpoints).items():
        if times > 1:
            yield "$.endpoints", f'"{clean(name, 60)}" of scenario "{clean(scenario, 60)}" stands {times} times'


def latencies_rise(verdict: Verdict) -> Broken:
    """Minimum, percentiles and maximum rise, the mean lies between, and they exist where a request was counted."""
    for path, one in _endpoints(verdict):
        for name, latency in (
            ("latency_ms", one.latency_ms),
            ("failed_latency_ms", one.failed_latency_ms),
            ("service_ms", one.service_ms),
            ("corrected_ms", one.corrected_ms),
            ("first_byte_ms", one.first_byte_ms),
            ("first_event_ms", one.first_event_ms),
            ("longest_gap_ms", one.longest_gap_ms),
        ):
            if latency is not None and (problem := _falls(latency)):
                yield f"{path}.{name}", problem
        if (one.latency_ms.max is None) != (one.requests == one.failures):
            yield path, f"{one.requests - one.failures:,} succeeded, and the slowest took {one.latency_ms.max} ms"


def percentiles_are_those_of_the_endpoints(verdict: Verdict) -> Broken:
    """A percentile of all requests is no lower than that of the quickest endpoint."""
    for path, check in numbered(verdict):
        if check.scope is None and check.name in ("latency.p50", "latency.p90", "latency.p95", "latency.p99"):
            part = check.name.removeprefix("latency.")
            found = [value for one in verdict.endpoints if (value := getattr(one.latency_ms, part)) is not None]
            if found and check.value is not None and check.value < min(found) * (1 - BUCKET):
                yield (
                    path,
                    f"{clean(check.key)}: it is {check.value:g} ms, but the quickest endpoint has {min(found):g} ms",
                )


def samples_are_requests(verdict: Verdict) -> Broken:
    """A check on the load's answers counts no more samples than requests were judged."""
    if verdict.judged is None or not verdict.endpoints:
        return
    for path, check in numbered(verdict):
        if is_load(check.name) and check.samples is not None and check.samples > verdict.judged.planned:
            yield path, f"{check.samples:,} samples of {verdict.judged.planned:,} judged requests"


def key_numbers_rise(verdict: Verdict) -> Broken:
    """P95 is no longer than P99, and what succeeded is never slower than all together."""
    if (found := verdict.key_numbers) is None:
        return
    pairs = (
        (found.p95_ms, found.p99_ms),
        (found.successful_p95_ms, found.successful_p99_ms),
        (found.successful_p95_ms, found.p95_ms),
        (found.successful_p99_ms, found.p99_ms),
    )
    if any(high is not None and (low is None or low > high) for low, high in pairs):
        yield "$.key_numbers", "a percentile is longer than one that bounds it"


def the_tail_adds_up(verdict: Verdict) -> Broken:
    """The slow requests are some of all, and their endpoints have no more of them than there are."""
    tail = verdict.outlook.tail
    if tail is None:
        return
    parts = sum(part.slow for part in tail.parts)
    if tail.slow > tail.requests or parts > tail.slow or any(part.slow > part.requests for part in tail.parts):
        yield "$.outlook.tail", f"{parts:,} at endpoints, {tail.slow:,} slow, {tail.requests:,} requests"
    if verdict.judged is not None and tail.requests > verdict.judged.planned:
        yield "$.outlook.tail", f"{tail.requests:,} requests of {verdict.judged.planned:,} judged"


def shares_are_parts(verdict: Verdict) -> Broken:
    """A share lies between 0 and 1."""
    tail, roots = verdict.outlook.tail, verdict.root_causes
    found = [("$.sensitivity", verdict.sensitivity.same_decision)]
    found += [("$.outlook.tail", part.share) for part in (tail.parts if tail else ())]
    found += [("$.root_causes", share) for one in roots for share in (one.tail_share, one.request_share)]
    found += [("$.diagnoses", one.explained) for one in verdict.diagnoses]
    for path, share in found:
        if share is not None and not 0 <= share <= 1:
            yield path, f"a share is {share:g}"


def steps_of_the_load_are_of_one_climb(verdict: Verdict) -> Broken:
    """At most one step of the load is judged, and its latencies rise."""
    if sum(step.judged for step in verdict.load_steps) > 1:
        yield "$.load_steps", "more than one is judged"
    for index, step in enumerate(verdict.load_steps):
        if problem := _falls(step.latency_ms):
            yield f"$.load_steps[{index}].latency_ms", problem


REPORT_REQUEST_LAWS: tuple[Law[Verdict], ...] = laws_of(globals())


def numbered(verdict: Verdict) -> Iterator[tuple[str, CheckResult]]:
    """The checks, each with its path."""
    return ((f"$.checks[{index}]", check) for index, check in enumerate(verdict.checks))


def _endpoints(verdict: Verdict) -> Iterator[tuple[str, EndpointResult]]:
    return ((f"$.endpoints[{index}]", one) for index, one in enumerate(verdict.endpoints))


def _ledgers(verdict: Verdict) -> list[tuple[str, Ledger]]:
    both = (("$.ledger", verdict.ledger), ("$.judged", verdict.judged))
    return [(path, ledger) for path, ledger in both if ledger is not None]


def _falls(one: Latency) -> str | None:
    rising = (one.min, one.p50, one.p90, one.p95, one.p99, one.max)
    found = [value for value in (*rising, one.mean) if value is not None]
    if len(found) not in (0, len(rising) + 1):
        return "some of its figures are missing"
    if not found:
        return None
    *order, mean = found
    if order != sorted(order) or not order[0] - 1e-9 <= mean <= order[-1] + 1e-9:
        return f"{', '.join(f'{value:g}' for value in order)} do not rise, or the mean {mean:g} is not between them"
    return None
