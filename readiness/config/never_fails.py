"""Limits that nothing can fail, or hardly anything, and waivers that never end: a green that says nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

from readiness.config.model import Check, Config, OnFail, Operator
from readiness.metrics import catalogue
from readiness.metrics.baseline import BASELINE_PREFIX
from readiness.metrics.moments import moment_of

_FREE = ("data.", "custom.", BASELINE_PREFIX)
"""Values that may be below 0 or above 100 %."""
_INVARIANT = "data."
_LONGEST = timedelta(days=366)
_NEVER = "no value can fail it"


def never_fails(config: Config) -> tuple[str, ...]:
    """A sentence for each check that counts and that (hardly) nothing can fail, in the form of lint's."""
    counting = [one for one in config.checks if one.not_applicable is None and one.on_fail is not OnFail.NOTE]
    return tuple(
        f'{config.file}:{check.line}: checks.{check.key}.pass: "{check.pass_limit.text}": {text}; choose a limit that '
        "a bad run misses"
        for check in counting
        for text in _reasons(check, config)
    )


def long_waivers(config: Config, today: date) -> tuple[str, ...]:
    """A sentence for each waiver that ends more than a year after `today`."""
    return tuple(
        f"{config.file}:{one.line}: the waiver of {one.check} ends on {one.expires}, more than a year from now: what "
        "nobody checks again is no waiver; name a nearer day"
        for one in config.waivers
        if one.expires - today > _LONGEST
    )


def _reasons(check: Check, config: Config) -> Iterator[str]:
    metric, limit = catalogue.find(check.metric), check.pass_limit
    if _is_tautology(check, config):
        yield f"both sides of the invariant are the same, so {_NEVER}"
    if metric is None or check.metric.startswith(_FREE):
        return
    of_requests = check.metric.startswith("http.") or check.metric == "throughput"
    if metric.unit in ("%", "/s") and metric.better == "higher" and limit.value == 0:
        if limit.operator is Operator.AT_LEAST:
            yield f"{check.metric} is never below 0, so {_NEVER}"
        elif limit.operator is Operator.GREATER and of_requests:
            yield "it fails only where not one request succeeds"
    if metric.unit == "%" and metric.better == "lower" and limit.value == 100:
        if limit.operator is Operator.AT_MOST:
            yield f"{check.metric} is never above 100 %, so {_NEVER}"
        elif limit.operator is Operator.LESS and of_requests:
            yield "it fails only where every request fails"
    timeout_ms = config.load.timeout_s * 1000
    # In an open load an answer counts from when its request was due, which may be long before it was sent.
    closed_latency = check.metric.startswith("latency.") and not moment_of(check.metric) and not config.load.rate_per_s
    if closed_latency and limit.value > timeout_ms:
        of_slowest = metric.quantile or check.metric == "latency.max"
        why = "fails by failed requests alone" if of_slowest else "cannot fail"
        yield f"no request waits longer than load.timeout ({config.load.timeout_s:g} s), so it {why}"


def _is_tautology(check: Check, config: Config) -> bool:
    """Whether the value is a constant that meets the limit, whatever the database holds."""
    invariant = config.database.invariants.get(check.metric.removeprefix(_INVARIANT))
    if invariant is None or not check.metric.startswith(_INVARIANT):
        return False
    factors: Counter[str] = Counter()
    for factor, name in invariant.terms:
        factors[name] += factor
    return not any(factors.values()) and check.pass_limit.holds(invariant.constant)
