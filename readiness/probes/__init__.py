"""Probes of the running service beside the load. One file per probe; nothing here judges.

While the load runs, `observe` asks: the health endpoints on their own clock, each page once, and every number that the
service says of itself some twenty times, all of it within one Allowance. Before that `before_load` reads the
way there: the addresses of the name and TLS. Afterwards `conclude` draws the measurements
from all that was seen, which sends nothing. After the load `as_browser` asks a few times, and `provoke` sends what
thresholds.yaml allows.

A new probe is one file, its settings in readiness/config/probes.py, and one line in PROBES. If it sends anything while
the load runs, it takes a turn of the Allowance for each request.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from threading import Thread
from typing import ParamSpec, TypeVar

from readiness.config.probes import Probes, ProcessSettings
from readiness.errors import NotMeasured
from readiness.measurements.database import Activity
from readiness.measurements.probing import Cost
from readiness.measurements.provenance import Target
from readiness.measurements.run import Load, Measurement
from readiness.probes import (
    cache,
    circuit_breaker,
    consistency,
    custom,
    database_process,
    dns,
    fetched_pages,
    health,
    instance,
    pool,
    process,
    provoked_breaker,
    rate_limit,
    response_headers,
    tls,
    tracing,
    user_agent,
)
from readiness.probes.allowance import Allowance
from readiness.probes.evidence import AnswerPairs, Evidence
from readiness.probes.handshakes import Certificate
from readiness.probes.http import ProbeAnswer
from readiness.probes.overhead import of_probes
from readiness.probes.sampler import NumberPlace, Readings, collect, reading_pace_s
from readiness.probes.window import Window
from readiness.text import clean

P = ParamSpec("P")
T = TypeVar("T")
_Found = Measurement | tuple[Measurement, ...]
_GRACE_S = 18.0
"""How long a probe may take after the load stopped before it is given up."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Draws one metric from the evidence."""

    name: str
    metric: str
    informs: Callable[[Evidence], bool]
    """Whether there is something to tell without a check that asks for it."""
    conclude: Callable[[Evidence], tuple[Measurement, ...]]


def _always(_: Evidence) -> bool:
    return True


def _never(_: Evidence) -> bool:
    return False


PROBES: tuple[Probe, ...] = (
    Probe("response_headers", response_headers.RULES, _always, response_headers.rules),
    Probe("response_headers", response_headers.OBSERVATORY, _always, response_headers.grade),
    Probe(
        "cache",
        cache.HIT_RATE,
        lambda of: bool(cache.places(of.settings.cache)) or of.settings.cache.header is not None,
        cache.hit_rate,
    ),
    Probe("cache", cache.FALLBACK, lambda of: of.settings.cache.backend is not None, cache.fallback),
    Probe("pool", pool.ERROR_RATE, lambda of: of.settings.pool.statistics is not None, pool.error_rate),
    Probe("pool", pool.WAIT, lambda of: of.settings.pool.waited_ms is not None, pool.wait),
    Probe("pool", pool.SATURATION, lambda of: of.settings.pool.max is not None, pool.saturation),
    Probe(
        "circuit_breaker",
        circuit_breaker.BREAKER_METRIC,
        lambda of: bool(of.settings.circuit_breaker.states),
        circuit_breaker.closed,
    ),
    Probe("instance", instance.RESTARTS_METRIC, instance.is_told, instance.restarts),
    Probe("user_agent", user_agent.USER_AGENT_METRIC, lambda of: bool(of.settings.user_agent.paths), user_agent.same),
    Probe("rate_limit", rate_limit.ACTIVE, _never, rate_limit.active),
)
_HEALTH = (health.LIVE, health.SUCCESS)
BREAKER = (provoked_breaker.OPENS, provoked_breaker.RECOVERS)
BEFORE_LOAD = (*dns.DNS_NAMES, *tls.TLS_NAMES, tracing.TRACING)
PROVOKED = (rate_limit.ENFORCED, consistency.CONSISTENCY_METRIC, *BREAKER)


@dataclass(frozen=True, slots=True)
class Observations:
    """What was seen while the load ran."""

    health: tuple[Measurement, ...] = ()
    pages: Mapping[str, ProbeAnswer | str] = field(default_factory=dict)
    readings: Readings = field(default_factory=lambda: Readings({}, False))
    cost: Cost = field(default_factory=lambda: Cost(0, 0.0))
    """Of all of it, in the measurement window."""
    received_bytes: int = 0
    process: process.WatchedProcess = field(default_factory=process.WatchedProcess)


def before_load(
    target: Target, settings: Probes, wanted: AbstractSet[str], stopped: Callable[[], bool]
) -> tuple[Measurement, ...]:
    """What a check wants to know of the way to the target; never raises."""
    if wanted.isdisjoint(BEFORE_LOAD):
        return ()
    found: list[Measurement] = []
    if tracing.TRACING in wanted:
        found += _guarded("tracing", tracing.TRACING, tracing.measure, settings.tracing, target)
    reached = dns.connect_to_each(target, stopped) if wanted & {*dns.DNS_NAMES, *tls.TLS_NAMES} else {}
    certificates: dict[str, Certificate] = {}
    for name in dns.DNS_NAMES:
        if name in wanted:
            found += _guarded("dns", name, dns.measure, name, target, reached)
    for name in tls.TLS_NAMES:
        if name in wanted and not stopped():
            found += _guarded("tls", name, tls.measure, name, settings.tls, target, reached, certificates)
    return tuple(found)


def observe(
    target: Target,
    settings: Probes,
    wanted: AbstractSet[str],
    window: Window,
    allowance: Allowance,
    *,
    duration_s: float = 20.0,
    cache_url: str | None = None,
) -> Observations:
    """Everything that is asked while the load runs, side by side in threads; returns shortly after the window's end.

    `wanted` holds metric names; `duration_s` is how long the window is planned to be. Never raises: a probe that fails
    leaves a reason.
    """
    found: dict[str, object] = {}
    broken: dict[str, str] = {}
    asked = _pages(settings, wanted)
    places = _places(settings, cache_url)
    jobs: dict[str, Callable[[], object]] = {
        "health": lambda: health.measure(target, settings.health, window, allowance, duration_s),
        "fetched_pages": lambda: fetched_pages.fetch_all(target, asked, window, allowance),
        "readings": lambda: collect(target, places, cache_url, window, allowance, duration_s),
        "process": lambda: process.watch(settings.process or ProcessSettings(), target, window, duration_s),
    }

    def run(name: str) -> None:
        try:
            found[name] = jobs[name]()
        except Exception as error:  # a defect in one probe must not cost the run
            broken[name] = f"the probe broke: {type(error).__name__}: {clean(error)}"

    threads = {name: Thread(target=run, args=(name,), name=f"probe-{name}", daemon=True) for name in jobs}
    for thread in threads.values():
        thread.start()
    window.wait_end()
    deadline_s = time.monotonic() + _GRACE_S
    for thread in threads.values():
        thread.join(max(deadline_s - time.monotonic(), 0))

    def result(name: str, kind: type[T], without: Callable[[str], T]) -> T:
        one = found.get(name)
        late = f"no result {_GRACE_S:g} s after the load stopped"
        return one if isinstance(one, kind) else without(broken.get(name, late))

    lives = result("health", tuple, lambda why: tuple(_missing(metric, "health", why) for metric in _HEALTH))
    answers = result("fetched_pages", dict, lambda why: dict.fromkeys(asked, why))
    readings = result("readings", Readings, lambda why: Readings(dict.fromkeys(places, ()), False, why))
    watched = result("process", process.WatchedProcess, lambda why: process.WatchedProcess(reason=why))
    cost = of_probes(allowance.taken(), window.begin_s, window.end_s)
    return Observations(lives, answers, readings, *cost, watched)


def conclude(
    seen: Observations,
    agents: Mapping[str, AnswerPairs | str],
    settings: Probes,
    wanted: AbstractSet[str],
    *,
    https: bool,
    load: Load | None,
    database: Activity | None,
) -> tuple[Measurement, ...]:
    """The measurements that the evidence gives, in the order of PROBES; a probe that fails has a reason. Pure."""
    evidence = Evidence(settings, seen.readings, seen.pages, agents, https, load, database)
    found = [*seen.health, *_unasked(seen.health, wanted)]
    for one in PROBES:
        if one.metric in wanted or one.informs(evidence):
            found += _guarded(one.name, one.metric, one.conclude, evidence)
    # A check of target.* asks for the process on the target's own port, where the file names none.
    for name in process.PROCESS_NAMES:
        if name in wanted or settings.process is not None:
            found += _guarded("process", name, process.measure, seen.process, name)
    for name in settings.custom:
        found += _guarded("custom", f"custom.{name}", custom.measure, name, evidence)
    return tuple(found)


def as_browser(target: Target, settings: Probes, stopped: Callable[[], bool]) -> Mapping[str, AnswerPairs | str]:
    """What the target answers to us and to a browser, asked after the load; never raises."""
    paths = settings.user_agent.paths
    try:
        return user_agent.ask_all(target, paths, stopped)
    except Exception as error:  # a defect in one probe must not cost the run
        return dict.fromkeys(paths, f"the probe broke: {type(error).__name__}: {clean(error)}")


def provokes(settings: Probes, wanted: AbstractSet[str]) -> bool:
    """Whether there is anything that may be provoked, or was asked for."""
    allowed = (settings.cache.consistency, settings.circuit_breaker.provoke)
    return settings.rate_limit.provoke or any(allowed) or not wanted.isdisjoint(PROVOKED)


def provoke(
    target: Target, settings: Probes, wanted: AbstractSet[str], stopped: Callable[[], bool]
) -> tuple[Measurement, ...]:
    """What is asked for after the load, where it is wanted and thresholds.yaml allows it."""
    found: list[Measurement] = []
    if settings.cache.consistency is not None or consistency.CONSISTENCY_METRIC in wanted:
        name, pair = consistency.CONSISTENCY_METRIC, settings.cache.consistency
        found += _guarded("consistency", name, consistency.measure, target, pair, stopped)
    if settings.rate_limit.provoke or rate_limit.ENFORCED in wanted:
        found += _guarded("rate_limit", rate_limit.ENFORCED, rate_limit.provoke, target, settings.rate_limit)
    if settings.circuit_breaker.provoke is not None or not wanted.isdisjoint(BREAKER):  # last: it may stay open
        found += provoked_breaker.provoke(target, settings.circuit_breaker, stopped)
    return tuple(found)


def unavailable(reason: str, wanted: AbstractSet[str]) -> tuple[Measurement, ...]:
    """What there is of a target that was never asked."""
    names = [*BEFORE_LOAD, *_HEALTH, health.READY, *process.PROCESS_NAMES, *database_process.NAMES]
    names += [*(one.metric for one in PROBES), *PROVOKED]
    return tuple(_missing(name, "probes", reason) for name in names if name in wanted)


def _guarded(
    name: str,
    metric: str,
    measure: Callable[P, Measurement | tuple[Measurement, ...]],
    *given: P.args,
    **named: P.kwargs,
) -> tuple[Measurement, ...]:
    """What a probe measures, one or several; a reason where it does not."""
    try:
        found = measure(*given, **named)
        return found if isinstance(found, tuple) else (found,)
    except NotMeasured as error:
        return (_missing(metric, name, str(error)),)
    except Exception as error:  # a defect in one probe must not cost the run
        return (_missing(metric, name, f"the probe broke: {type(error).__name__}: {clean(error)}"),)


def _missing(metric: str, name: str, reason: str) -> Measurement:
    return Measurement(metric, None, None, f"probe {name}", reason=clean(reason))


def _unasked(found: tuple[Measurement, ...], wanted: AbstractSet[str]) -> list[Measurement]:
    if health.READY in wanted and not any(one.metric == health.READY for one in found):
        return [_missing(health.READY, "health", "probes.health.ready is not set: the path of the deep health check")]
    return []


def _pages(settings: Probes, wanted: AbstractSet[str]) -> tuple[str, ...]:
    limited = (settings.rate_limit.path,) if rate_limit.ACTIVE in wanted else ()
    return (*settings.security.paths, *limited)


def others(settings: Probes, wanted: AbstractSet[str], window_s: float) -> int:
    """About how many requests the probes other than health send in a window of `window_s`."""
    documents = {(place.path, place.apart) for place in _places(settings, None) if place.kind != "info"}
    rounds = math.ceil(window_s / reading_pace_s(window_s)) + 1
    return len(documents) * rounds + len(_pages(settings, wanted))


def _places(settings: Probes, cache_url: str | None) -> tuple[NumberPlace, ...]:
    return (
        *cache.places(settings.cache),
        *(cache.INFO if cache_url else ()),
        *pool.places(settings.pool),
        *circuit_breaker.places(settings.circuit_breaker),
        *instance.places(settings.instance),
        *(place for place in map(custom.place, settings.custom.values()) if place.kind != "info" or cache_url),
    )
