"""Sizing: cores and instances for a load, from what requests cost in CPU time at loads inside the limits. Pure.

Only what a search measured goes in. What it assumes is said with it: that a request costs at the wanted load what it
cost at the measured ones, and that nothing but the instances becomes scarce (a database serves all of them).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from readiness.errors import ConfigError
from readiness.judge.capacity.attempt import Attempt, TrialFinding
from readiness.text import clean
from readiness.text.numbers import quantity

_TICK_S = 0.02
"""The kernel counts CPU time in hundredths of a second, at both ends."""
_LEAST_CPU_S = 0.2
"""With less CPU time than this, its hundredths are too coarse."""
_NEAR = 0.5
"""Loads from this share of the largest one that kept the limits are taken into account."""
_LOST = 1
_WANTED = re.compile(r"([0-9][0-9,_]*(?:\.[0-9]+)?)\s*(users?|/s|requests/s)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The load that is asked for, and how busy its cores may be."""

    value: float
    unit: str
    """`users`, `/s` (arrivals) or `requests/s`."""
    at_cpu: float
    """Share (0 to 1) of the cores."""


@dataclass(frozen=True, slots=True)
class ValueRange:
    """A value with the range that was measured."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Sizing:
    """What a load costs, and what it needs where one was asked for; with `reason`, why nothing is known."""

    reason: str = ""
    cpu_ms: ValueRange | None = None
    """CPU time of one request of the mix."""
    mix: str = ""
    """`GET /bags 60 %, POST /login 40 %`."""
    height: float = 0.0
    """The largest load that kept the limits."""
    attempts: int = 0
    """Loads that the range is over."""
    instance_cores: float = 0.0
    """That the measured service may use."""
    wanted: Wanted | None = None
    requests_per_s: float | None = None
    """Of the wanted load."""
    cores: ValueRange | None = None
    """For the wanted load at the wanted share."""
    by_cpu: int | None = None
    """Instances like the measured one that give these cores, by the upper end; without the one that may be lost."""
    by_limits: int | None = None
    """Instances of which none takes more than one was seen to take within the limits: no core may be free to help."""
    largest: float | None = None
    """What one was seen to take, in the unit of `wanted`."""
    instances: int | None = None
    """The larger of both, and one to lose."""
    more_may_hold: bool = False
    """Whether larger loads than `height` were not shown to break the limits."""
    assumptions: tuple[str, ...] = ()

    @property
    def per_cpu_s(self) -> ValueRange | None:
        """Requests of the mix for each CPU second."""
        one = self.cpu_ms
        return None if one is None else ValueRange(1000 / one.value, 1000 / one.high, 1000 / one.low)


def wanted(text: str, at_cpu: str, unit: str) -> Wanted:
    """`400 users` and `70%`; `unit` is the search's. Raises ConfigError that names the option."""
    found = _WANTED.fullmatch(text.strip())
    value = float(found[1].replace(",", "").replace("_", "")) if found else 0.0
    if found is None or not 0 < value < 1e9:
        raise ConfigError(f'--for "{clean(text, 60)}": must be a load such as "400 users", "250/s" or "900 requests/s"')
    named = "users" if found[2].startswith("user") else found[2]
    if named not in (unit, "requests/s"):
        other = "--max-users" if named == "users" else "--max-rate"
        raise ConfigError(f'--for "{clean(text, 60)}": needs {other}, for a search measures what it was given')
    share = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*%", at_cpu.strip(), re.ASCII)
    if share is None or not 1 <= float(share[1]) <= 100:
        raise ConfigError(f'--at-cpu "{clean(at_cpu, 60)}": must be a share of the cores from 1% to 100%')
    return Wanted(value, named, float(share[1]) / 100)


def size(attempts: Sequence[Attempt], asked: Wanted | None, *, more_may_hold: bool = False) -> Sizing:
    """What the attempts say about it."""
    inside = [one for one in attempts if one.finding in (TrialFinding.KEPT, TrialFinding.LEANS_KEPT)]
    if not inside:
        return Sizing("no load kept the limits", wanted=asked)
    best = max(inside, key=lambda one: (one.height, one.proof))
    if best.cpu is None or best.cpu.reason:
        why = best.cpu.reason if best.cpu else "the processes of the service were not read"
        return Sizing(f"its CPU time is not known: {why}", wanted=asked)
    near = [one for one in inside if one.height >= _NEAR * best.height]
    costs = [cost for one in near if (cost := _cost_ms(one)) is not None]
    own = _cost_ms(best)
    if own is None:
        return Sizing("it used too little CPU time at the largest load to tell", wanted=asked)
    cpu_ms = ValueRange(own.value, min(cost.low for cost in costs), max(cost.high for cost in costs))
    shares = sorted(best.cpu.mix.items(), key=lambda item: -item[1])
    mix = ", ".join(f"{clean(name, 60)} {100 * part:.0f} %" for name, part in shares[:6])
    known = Sizing(
        cpu_ms=cpu_ms, mix=mix, height=best.height, attempts=len(costs), instance_cores=best.cpu.cores, wanted=asked
    )
    if asked is None:
        return known
    largest = best.cpu.requests_per_s if asked.unit == "requests/s" else best.height
    rate = asked.value * best.cpu.requests_per_s / largest
    cores = ValueRange(*(rate * ms / 1000 / asked.at_cpu for ms in (cpu_ms.value, cpu_ms.low, cpu_ms.high)))
    by_cpu = math.ceil(cores.high / best.cpu.cores - 1e-9)
    by_limits = math.ceil(asked.value / largest - 1e-9)
    return Sizing(
        cpu_ms=cpu_ms,
        mix=mix,
        height=best.height,
        attempts=len(costs),
        instance_cores=best.cpu.cores,
        wanted=asked,
        requests_per_s=rate,
        cores=cores,
        by_cpu=by_cpu,
        by_limits=by_limits,
        largest=largest,
        instances=max(by_cpu, by_limits) + _LOST,
        more_may_hold=more_may_hold,
        assumptions=(
            "A request costs at the wanted load what it cost at the measured ones, in the same mix and pace.",
            "Cores are as fast as those of the measured machine, and nothing else becomes scarce: "
            "the database, the cache and the network serve all instances together.",
            "Each instance has the cores of the measured one; with one of them lost the others keep to the share.",
            "The load generator ran on the same machine; its CPU time is not counted.",
        ),
    )


def _cost_ms(one: Attempt) -> ValueRange | None:
    """CPU time of one request; the range is what the clock's ticks and the requests at both ends can change."""
    seen = one.cpu
    if seen is None or seen.reason or seen.cpu_s < _LEAST_CPU_S or not seen.requests_per_s or not seen.window_s:
        return None
    requests = seen.requests_per_s * seen.window_s
    edge = min(one.height if one.latency_ms.mean else 0.0, 0.5 * requests)
    edge = min(edge, seen.requests_per_s * 2 * (one.latency_ms.mean or 0.0) / 1000 + 2)
    return ValueRange(
        1000 * seen.cpu_s / requests,
        1000 * (seen.cpu_s - _TICK_S) / (requests + edge),
        1000 * (seen.cpu_s + _TICK_S) / max(requests - edge, 1.0),
    )


def lines(found: Sizing) -> tuple[str, ...]:
    """The answer in sentences, each with where it comes from."""
    if found.reason or found.cpu_ms is None or found.per_cpu_s is None:
        return (f"Sizing: not known, for {found.reason}.",) if found.wanted else ()
    each, ms = found.per_cpu_s, found.cpu_ms
    said = [
        f"One CPU second serves {each.value:,.0f} requests ({each.low:,.0f} to {each.high:,.0f}), "
        f"{quantity(ms.value, 'ms')} each ({quantity(ms.low, 'ms')} to {quantity(ms.high, 'ms')}), of the mix "
        f"{found.mix}; the range is over {found.attempts} loads that kept the limits."
    ]
    if found.wanted is None or found.cores is None or found.requests_per_s is None:
        return tuple(said)
    asked, cores = found.wanted, found.cores
    unit = "users" if asked.unit == "users" else "arrivals per second" if asked.unit == "/s" else "requests per second"
    brings = "" if asked.unit == "requests/s" else f" ({found.requests_per_s:,.0f} requests per second)"
    limits = (
        ""
        if found.by_limits is None or found.largest is None
        else f", {found.by_limits} so that none takes more than the {found.largest:,.4g} {unit} that one kept the "
        f"limits with{'; a search to a larger maximum may show more' if found.more_may_hold else ''}"
    )
    said.append(
        f"For {asked.value:,g} {unit}{brings} at {100 * asked.at_cpu:g} % CPU: {cores.value:,.1f} cores "
        f"({cores.low:,.1f} to {cores.high:,.1f})."
    )
    said.append(
        f"Instances of {found.instance_cores:g} cores: {found.instances}, of which one may be lost "
        f"({found.by_cpu} by CPU{limits})."
    )
    return (*said, *(f"Assumed: {one}" for one in found.assumptions))
