"""Contradictions that are not mistakes: the file can be read and judged, but not as its author thinks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from readiness.config.model import Check, Config, Load, OnFail, Operator
from readiness.config.pace import Pace
from readiness.config.probes import NUMBER
from readiness.metrics import catalogue
from readiness.metrics.metric import Kind
from readiness.stats.share import samples_needed

MOST_PER_USER_S = 1000.0
MOST_PER_PROCESS_S = 10_000.0
"""More requests per second than any user or load generator process can send: a bound, not an estimate."""


def lint(config: Config, paces: Mapping[str, Pace] | None = None) -> tuple[str, ...]:
    """A sentence for each contradiction in `config`, by line, in the form of a ConfigError's problems.

    `paces` are those of the scenarios, by name, as far as their files tell: with them a closed load is estimated.
    """
    checks = [check for check in config.checks if check.not_applicable is None]
    found = [
        *_quantiles(checks),
        *_averages(checks),
        *_weights(config),
        *_samples(checks, config, paces or {}),
        *_waived(config),
        *_same_writes(checks, config),
    ]
    return tuple(
        f"{config.file}:{check.line}: checks.{check.key}{key and '.' + key}: {text}"
        for check, key, text in sorted(found, key=lambda finding: finding[0].line)
    ) + tuple(_rate_limit(config, paces or {}))


Finding = tuple[Check, str, str]


def _quantiles(checks: list[Check]) -> Iterator[Finding]:
    """A lower quantile is never above a higher one, so its looser limit never decides."""
    by_scope: dict[str | None, list[tuple[float, Check]]] = {}
    for check in checks:
        metric = catalogue.find(check.metric)
        if metric and metric.quantile and check.metric.startswith("latency."):
            by_scope.setdefault(check.scope, []).append((metric.quantile, check))
    for found in by_scope.values():
        ordered = sorted(found, key=lambda pair: pair[0])
        for (_, low), (_, high) in pairwise(ordered):
            if low.pass_limit.value > high.pass_limit.value:
                yield (
                    low,
                    "pass",
                    (
                        f'"{low.pass_limit.text}" is looser than {high.metric} "{high.pass_limit.text}" '
                        f"(line {high.line}), which is never the smaller value: this limit cannot decide"
                    ),
                )


def _averages(checks: list[Check]) -> Iterator[Finding]:
    """An average limit at or above the P95 or P99 limit fails only with an extreme tail."""
    by_key = {(check.metric, check.scope): check for check in checks}
    for check in checks:
        if check.metric != "latency.mean":
            continue
        for name, q in (("latency.p95", 0.95), ("latency.p99", 0.99)):
            tail = by_key.get((name, check.scope))
            if tail is None or check.pass_limit.value < tail.pass_limit.value:
                continue
            needed_ms = (check.pass_limit.value - q * tail.pass_limit.value) / (1 - q)
            yield (
                check,
                "pass",
                (
                    f'"{check.pass_limit.text}" is not below {name} "{tail.pass_limit.text}" (line {tail.line}): when '
                    f"that holds, this fails only if the slowest {100 - q * 100:g} % average over {needed_ms:,.0f} ms"
                ),
            )
            break


def _weights(config: Config) -> Iterator[Finding]:
    for check in config.checks:
        if check.weight == 0 and check.on_fail is OnFail.NOTE and check.not_applicable is None:
            yield check, "weight", "0 with on_fail: note has no effect on score or decision: it is only shown"
        if check.on_fail is OnFail.NOTE and check.weight > 0 and check.not_applicable is None:
            yield check, "on_fail", "note keeps this check out of the decision, yet its weight moves the score"


def _waived(config: Config) -> Iterator[Finding]:
    for check in config.checks:
        if check.not_applicable is not None and check.on_fail is OnFail.BLOCK:
            yield check, "not_applicable", "a blocking check is declared away: its failure would not be seen"
    by_key = {check.key: check for check in config.checks}
    for waiver in config.waivers:
        check = by_key[waiver.check]
        if check.not_applicable is not None or check.on_fail is not OnFail.BLOCK:
            kind = "not applicable" if check.not_applicable is not None else f"on_fail: {check.on_fail}"
            yield (
                check,
                "",
                f"is waived on line {waiver.line}, but is {kind}: a waiver only keeps a check from blocking",
            )


def _same_writes(checks: list[Check], config: Config) -> Iterator[Finding]:
    """A write that sets what is already there cannot be seen by any reader."""
    pair = config.probes.cache.consistency
    if pair is None or not pair.write.body or pair.write.varies:
        return
    for check in checks:
        if check.metric == "cache.consistency":
            text = "probes.cache.consistency.write sends the same body each time, so only the first write can be seen"
            yield check, "", f"{text}: put {NUMBER} into it where the value is, a number that grows with every write"


def _samples(checks: list[Check], config: Config, paces: Mapping[str, Pace]) -> Iterator[Finding]:
    """Limits that this much load cannot prove at this confidence, even if every request is good.

    n good samples prove "share over the limit < 1 - q" when q**n <= 1 - confidence.
    """
    if config.confidence is None:
        return
    for check in checks:
        metric = catalogue.find(check.metric)
        if metric is None or check.pass_limit.operator is Operator.EQUAL:
            continue
        if check.metric.startswith("health."):
            continue  # its samples are the probes' (readiness/probes/pace.py)
        if metric.quantile:
            q = metric.quantile
        elif metric.kind is Kind.RATE and check.metric.startswith("http."):
            bound = check.pass_limit.value / 100
            q = bound if metric.better == "higher" else 1 - bound
        else:
            continue
        if q >= 1:
            yield check, "pass", f'no number of requests proves "{check.pass_limit.text}" at {config.confidence:.4g}'
        elif q > 0:
            needed = samples_needed(1 - q, config.confidence)
            expected = samples_of(check, config, paces)
            if expected.count < needed:
                yield check, "pass", _too_few(check, config, needed, expected)


@dataclass(frozen=True, slots=True)
class Expected:
    """How many samples the plan yields for one check, and how that is known."""

    count: float
    words: str
    """`about 80 (2 users, ...)`, or `at most 80` where only a bound is known."""


def _too_few(check: Check, config: Config, needed: int, expected: Expected) -> str:
    of = f" of {check.scope}" if check.scope else ""
    confidence = f"{100 * (config.confidence or 0):g} %"
    longer = "lengthen load.duration"
    if expected.count > 0:
        longer += f" to {_duration(config.load.duration_s * needed / expected.count)}"
    return (
        f"needs at least {needed:,} requests{of} to be proven at {confidence} confidence; "
        f"this plan yields {expected.words}: {longer} or drop the check"
    )


def _duration(seconds: float) -> str:
    """Rounded up to what one would write: `45s`, `4m`."""
    return f"{math.ceil(seconds)}s" if seconds <= 90 else f"{math.ceil(seconds / 60)}m"


def samples_of(check: Check, config: Config, paces: Mapping[str, Pace]) -> Expected:
    """The judged samples that the plan yields for `check`: an estimate, or an upper bound."""
    load = config.load
    share = _share(check.scope, load)
    if load.rate_per_s is not None:
        pace = paces.get(check.scope or "")
        each = pace.requests if pace else 1
        count = load.rate_per_s * share * load.duration_s * each
        how = f"{load.rate_per_s * share:g} arrivals a second" + (f", {each} requests each" if each > 1 else "")
        return Expected(count, f"about {math.floor(round(count, 6)):,} ({how} for {load.duration_s:g} s)")
    concerned = [check.scope] if check.scope in paces else list(load.scenarios or paces)
    known = [paces[name] for name in concerned if name is not None and name in paces]
    if not known or len(known) < len(concerned):
        count = _most_per_s(load) * load.duration_s
        return Expected(count, f"at most {math.floor(round(count, 6)):,}")
    users = (load.users or 0) * (share if check.scope in paces else 1)
    # Several scenarios: the fastest of them stands for all, so that nothing is named that might be proven.
    per_user_s = max(pace.requests / pace.think_s for pace in known)
    count = users * per_user_s * load.duration_s
    pace = max(known, key=lambda one: one.requests / one.think_s)
    how = f"{users:.3g} users, {pace.think_s:g} s of think time, about {pace.requests} requests a round"
    return Expected(count, f"about {math.floor(round(count, 6)):,} ({how}, answers in no time)")


def _rate_limit(config: Config, paces: Mapping[str, Pace]) -> Iterator[str]:
    """A declared limit that this load would reach, if all of it comes from one client, as it does from one machine."""
    limit, load = config.probes.rate_limit.limit, config.load
    per_s = requests_per_s(load, paces)
    if limit is None or not per_s:
        return
    reached_s = limit.requests / per_s
    whole_s = load.ramp_up_s / 2 + load.warm_up_s + load.duration_s
    if reached_s <= min(limit.window_s, whole_s):
        yield (
            f"{config.file}:{limit.line}: probes.rate_limit.limit: this load (about {per_s:,.4g} requests a second "
            f"from one client) reaches the limit of {limit.text} after {_duration(reached_s)}; from then on refusals "
            "are measured: send less, end sooner, or raise the limit for the test"
        )


def requests_per_s(load: Load, paces: Mapping[str, Pace]) -> float | None:
    """At full height, if answers take no time; None where the scenarios do not tell."""
    names = list(load.scenarios or paces)
    if load.rate_per_s is not None:
        per_arrival = sum(_part(name, load, names) * (paces[name].requests if name in paces else 1) for name in names)
        return load.rate_per_s * (per_arrival if names else 1)
    if not names or any(name not in paces for name in names):
        return None
    each = (paces[name].requests / paces[name].think_s * _part(name, load, names) for name in names)
    return (load.users or 0) * sum(each)


def _part(name: str, load: Load, names: list[str]) -> float:
    return _share(name, load) if load.scenarios else 1 / len(names)


def _most_per_s(load: Load) -> float:
    if load.rate_per_s is not None:
        return load.rate_per_s
    return min((load.users or 0) * MOST_PER_USER_S, load.processes * MOST_PER_PROCESS_S)


def _share(scope: str | None, load: Load) -> float:
    """The share of the users or arrivals that goes to a scenario; 1 where it is not known."""
    total = sum(load.scenarios.values())
    if scope is None or scope not in load.scenarios or not total:
        return 1.0
    return load.scenarios[scope] / total
