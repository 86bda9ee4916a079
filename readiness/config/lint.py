"""Contradictions that are not mistakes: the file can be read and judged, but not as its author thinks."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from readiness.config.drill_notes import drill_notes, restore_notes
from readiness.config.model import ArrivalSpacing, Check, Config, LoadSection, OnFail, Operator
from readiness.config.probes import NUMBER
from readiness.config.think_time import PLAN_ROOM, UserPace
from readiness.measurements import scopes
from readiness.measurements.scopes import bare
from readiness.metrics import catalogue
from readiness.metrics.catalogue import is_load
from readiness.metrics.database_role import ROLE_PREFIX
from readiness.metrics.drills import DRILL_PREFIX
from readiness.metrics.metric import Kind
from readiness.metrics.moments import moment_of
from readiness.stats.share import samples_needed

MOST_PER_USER_S = 1000.0
MOST_PER_PROCESS_S = 10_000.0
"""More requests per second than any user or load generator process can send: a bound, not an estimate."""


def lint(
    config: Config,
    paces: Mapping[str, UserPace] | None = None,
    scenarios: Collection[str] = (),
    endpoints: Collection[str] | None = None,
) -> tuple[str, ...]:
    """A sentence for each contradiction in `config`, by line, in the form of a ConfigError's problems.

    `paces` are those of the scenarios, by name, as far as their files tell: with them a load is estimated. `scenarios`
    are those that would run, and `endpoints` what they name; None where that is not known.
    """
    checks = [check for check in config.checks if check.not_applicable is None]
    found = [
        *_quantiles(checks),
        *_averages(checks),
        *_weights(config),
        *_samples(checks, config, paces or {}, certain=True),
        *_waived(config),
        *(_scopes(checks, scenarios, endpoints) if endpoints is not None else ()),
        *_same_writes(checks, config),
        *_no_role(checks, config),
        *drill_notes(checks, config),
    ]
    return (*_lines(config, found), *_rate_limit(config, paces or {}))


def doubts(config: Config, paces: Mapping[str, UserPace] | None = None) -> tuple[str, ...]:
    """A sentence for each thing that may stay unproven: by a plan that may send too little, or for want of a check."""
    checks = [check for check in config.checks if check.not_applicable is None]
    return _lines(config, (*_samples(checks, config, paces or {}, certain=False), *restore_notes(config)))


def _lines(config: Config, found: Iterable[_Finding]) -> tuple[str, ...]:
    return tuple(
        f"{config.file}:{check.line}: checks.{check.key}{key and '.' + key}: {text}"
        for check, key, text in sorted(found, key=lambda finding: finding[0].line)
    )


_Finding = tuple[Check, str, str]


def _quantiles(checks: list[Check]) -> Iterator[_Finding]:
    """A lower quantile is never above a higher one, so its looser limit never decides."""
    by_scope: dict[tuple[str | None, str | None], list[tuple[float, Check]]] = {}
    for check in checks:
        metric = catalogue.find(check.metric)
        if metric and metric.quantile and check.metric.startswith("latency."):
            by_scope.setdefault((check.scope, moment_of(check.metric)), []).append((metric.quantile, check))
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


def _averages(checks: list[Check]) -> Iterator[_Finding]:
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


def _weights(config: Config) -> Iterator[_Finding]:
    for check in config.checks:
        if check.on_fail is OnFail.NOTE and check.weight > 0 and check.not_applicable is None:
            text = "note keeps this check out of the decision, yet its weight moves the score: take the weight away"
            yield check, "on_fail", text


def _waived(config: Config) -> Iterator[_Finding]:
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


def _scopes(checks: list[Check], scenarios: Collection[str], endpoints: Collection[str]) -> Iterator[_Finding]:
    """Scopes that no request of the scenarios would be in."""
    for check in checks:
        # Some clients put the method before a name that has one already.
        scope = check.scope and (bare(check.scope) if bare(bare(check.scope)) != bare(check.scope) else check.scope)
        if scope and is_load(check.metric) and (problem := scopes.unclear(scope, scenarios, endpoints)):
            yield check, "", problem


def _same_writes(checks: list[Check], config: Config) -> Iterator[_Finding]:
    """A write that sets what is already there cannot be seen by any reader."""
    pair = config.probes.cache.consistency
    if pair is None or not pair.write.body or pair.write.varies:
        return
    for check in checks:
        if check.metric == "cache.consistency":
            text = "probes.cache.consistency.write sends the same body each time, so only the first write can be seen"
            yield check, "", f"{text}: put {NUMBER} into it where the value is, a number that grows with every write"


def _no_role(checks: list[Check], config: Config) -> Iterator[_Finding]:
    """Facts about a role that nobody named."""
    if config.database.service_role is None:
        for check in checks:
            if check.metric.startswith(ROLE_PREFIX):
                yield check, "", "needs database.service_role, the name of the role with which the service connects"


def _samples(
    checks: list[Check], config: Config, paces: Mapping[str, UserPace], *, certain: bool
) -> Iterator[_Finding]:
    """Limits that this much load cannot prove at this confidence, even if every request is good; or may not prove.

    n good samples prove "share over the limit < 1 - q" when q**n <= 1 - confidence.
    """
    if config.confidence is None:
        return
    for check in checks:
        metric = catalogue.find(check.metric)
        if metric is None or check.pass_limit.operator is Operator.EQUAL:
            continue
        if check.metric.startswith(("health.", DRILL_PREFIX)):
            continue  # its samples are the probes' (readiness/probes/sampling_interval.py), or the drills'
        if metric.quantile:
            q = metric.quantile
        elif metric.kind is Kind.RATE and check.metric.startswith("http."):
            bound = check.pass_limit.value / 100
            q = bound if metric.better == "higher" else 1 - bound
        else:
            continue
        if q >= 1 and certain:
            yield check, "pass", f'no number of requests proves "{check.pass_limit.text}" at {config.confidence:.4g}'
        elif 0 < q < 1:
            needed = samples_needed(1 - q, config.confidence)
            expected = samples_of(check, config, paces)
            never = expected.most < needed
            if never if certain else expected.count < needed * expected.room and not never:
                yield check, "pass", _too_few(check, config, needed, expected)


@dataclass(frozen=True, slots=True)
class Expected:
    """How many samples the plan yields for one check, and how that is known."""

    count: float
    most: float
    """No run of this plan yields more."""
    words: str
    """`about 80 (2 users, …)`, `at least 80 (…)`, or `at most 80` where only a bound is known."""
    room: float = 1.0
    """Times the needed samples that `count` should be: over 1 where answers take a part of the time that it has."""


def _too_few(check: Check, config: Config, needed: int, expected: Expected) -> str:
    of = f" of {check.scope}" if check.scope else ""
    confidence = f"{100 * (config.confidence or 0):g} %"
    remedy = f"lengthen {config.load.length}"
    if expected.count > 0:
        remedy += f" to {_duration(config.load.duration_s * needed * expected.room / expected.count)}"
    remedy += " or drop the check" if expected.most < needed else ""
    return (
        f"needs at least {needed:,} requests{of} to be proven at {confidence} confidence; "
        f"this plan yields {expected.words}: {remedy}"
    )


def _duration(seconds: float) -> str:
    """Rounded up to what one would write: `45s`, `4m`."""
    return f"{math.ceil(seconds)}s" if seconds <= 90 else f"{math.ceil(seconds / 60)}m"


def samples_of(check: Check, config: Config, paces: Mapping[str, UserPace]) -> Expected:
    """The judged samples that the plan yields for `check`: an estimate and an upper bound."""
    load = config.load
    named = check.scope in load.scenarios or check.scope in paces
    concerned = [check.scope] if named and check.scope is not None else list(load.scenarios or paces)
    share = _share(check.scope, load)
    known = [paces[name] for name in concerned if name in paces]
    each_most = _most_each(known) if known and len(known) == len(concerned) else math.inf
    if load.rate_per_s is not None:
        return _of_arrivals(load, share, known, each_most)
    timed = [(pace, pace.think_s + pace.slept_s) for pace in known if pace.think_s]
    if not timed or len(timed) < len(concerned):
        count = _most_per_s(load) * load.duration_s
        return Expected(count, count, f"at most {_whole(count)}")
    users = (load.users or 0) * (share if named else 1)
    # Several scenarios: the fastest of them stands for all, so that nothing is named that might be proven.
    pace, think_s = max(timed, key=lambda one: one[0].requests / one[1])
    count = users * pace.requests / think_s * load.duration_s
    least_s = min(pace.think_s or 0.0 for pace, _ in timed)
    most = _surely(users * each_most / least_s * load.duration_s) + users * each_most
    who = "1 user" if users == 1 else f"{users:.3g} users"
    how = f"{who}, {think_s:g} s of think time, about {pace.requests} requests a round"
    about = "about" if most < math.inf else "an estimated"
    return Expected(count, max(count, most), f"{about} {_whole(count)} ({how}, answers in no time)", PLAN_ROOM)


def _of_arrivals(load: LoadSection, share: float, known: list[UserPace], each_most: float) -> Expected:
    """An arrival runs one task; what that sends is known only where the text bounds it."""
    rate_per_s = (load.rate_per_s or 0.0) * share
    arrivals = rate_per_s * load.duration_s
    each = max((pace.requests for pace in known), default=1) if each_most < math.inf else 1
    how = f"{rate_per_s:g} arrivals a second for {load.duration_s:g} s"
    # By a clock, and all of them: the number is known. Else it is drawn by chance.
    by_chance = share < 1 or load.arrivals is ArrivalSpacing.POISSON
    most = (_surely(arrivals) if by_chance else arrivals) * each_most if arrivals else 0.0
    if each_most == math.inf:
        return Expected(
            arrivals, most, f"at least {_whole(arrivals)} ({how}, if each sends a request; how many is not known)"
        )
    each = min(each, int(each_most))
    how += f", {each} requests each" if each > 1 else ""
    return Expected(arrivals * each, max(most, arrivals * each), f"about {_whole(arrivals * each)} ({how})")


def _most_each(paces: list[UserPace]) -> float:
    return max((math.inf if pace.most is None else float(pace.most) for pace in paces), default=math.inf)


def _surely(mean: float) -> float:
    """Hardly any count of events that come by chance is larger: four standard deviations (Poisson)."""
    return mean + 4 * math.sqrt(mean)


def _whole(count: float) -> str:
    return f"{math.floor(round(count, 6)):,}"


def _rate_limit(config: Config, paces: Mapping[str, UserPace]) -> Iterator[str]:
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


def requests_per_s(load: LoadSection, paces: Mapping[str, UserPace]) -> float | None:
    """At full height, if answers take no time; None where the scenarios do not tell."""
    names = list(load.scenarios or paces)
    if load.rate_per_s is not None:
        per_arrival = sum(_part(name, load, names) * (paces[name].requests if name in paces else 1) for name in names)
        return load.rate_per_s * (per_arrival if names else 1)
    rates = [
        paces[name].requests / (think_s + paces[name].slept_s) * _part(name, load, names)
        for name in names
        if name in paces and (think_s := paces[name].think_s)
    ]
    return (load.users or 0) * sum(rates) if names and len(rates) == len(names) else None


def _part(name: str, load: LoadSection, names: list[str]) -> float:
    return _share(name, load) if load.scenarios else 1 / len(names)


def _most_per_s(load: LoadSection) -> float:
    if load.rate_per_s is not None:
        return load.rate_per_s
    return min((load.users or 0) * MOST_PER_USER_S, load.processes * MOST_PER_PROCESS_S)


def _share(scope: str | None, load: LoadSection) -> float:
    """The share of the users or arrivals that goes to a scenario; 1 where it is not known."""
    total = sum(load.scenarios.values())
    if scope is None or scope not in load.scenarios or not total:
        return 1.0
    return load.scenarios[scope] / total
