"""How often the health endpoints are sampled, chosen from the plan: few beside the load, never more than it pays for.

Pure. AIM of the requests that the plan is estimated to yield; more where the declared checks need them, with a little
room: one sample that was slow by chance must not decide. At most MOST_SHARE of the load's requests, together with those
of all other probes; what a check lacks then is told before anything is sent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from readiness.config.lint import requests_per_s
from readiness.config.model import Check, Config
from readiness.config.probes import SAMPLES
from readiness.config.think_time import UserPace
from readiness.measurements.probing import MOST_SHARE
from readiness.metrics import catalogue
from readiness.probes.allowance import FREE
from readiness.stats import share
from readiness.text.numbers import duration

AIM = 0.01
"""Of the load's requests, where no check asks for more."""
_FEWEST, _MOST = 20, 250
"""Without a check that asks for more, and however large the load."""
STATES = ("pool.saturation", "circuit_breaker.closed", "cache.fallback")
"""Metrics that say how things stand at each reading, so that a few readings prove nothing."""
MAY_BE_SLOW, MAY_FAIL = 2, 1
"""Samples that may be slow, or fail, and the declared limit is still proven: 124 samples for a P95 at 95 %."""
_ROOM = 2
"""Times as many are taken where the load pays for them: neighbouring samples say partly the same, so one slow sample of
124 can leave a P95 open whose usual answers take a tenth of the limit."""


@dataclass(frozen=True, slots=True)
class HealthPace:
    """What was chosen, and from what."""

    every_ms: float
    declared: bool
    """By the file; nothing was chosen then."""
    planned_requests: int | None
    """Of the load in the window, about; None where the scenarios do not tell."""
    needed_samples: int | None = None
    """Of each endpoint, where that is more than the load pays for."""
    others: int = 0
    """Requests of all other probes in the window."""

    def paid(self, endpoints: int) -> float | None:
        """Samples of each of `endpoints` that the planned load pays for; None where it is not known."""
        if self.planned_requests is None:
            return None
        return max((MOST_SHARE * self.planned_requests - self.others) / endpoints, FREE)


def choose(config: Config, paces: Mapping[str, UserPace], others: int) -> HealthPace:
    """The pace for `config`; `others` are the requests of all other probes in the window."""
    health, window_s = config.probes.health, config.load.paced_s
    per_s = requests_per_s(config.load, paces)
    planned = None if per_s is None else round(per_s * window_s)
    needed = needs(config)
    known = HealthPace(health.pace_ms(window_s), health.every_ms is not None, planned, None, others)
    paid = known.paid(_endpoints(config))
    if paid is not None and needed > paid and _declared(config, ("health.",)):
        known = replace(known, needed_samples=needed)
    if known.declared:
        return known
    aimed = SAMPLES if planned is None else max(AIM * planned - others, 0) / _endpoints(config)
    wished = needed if needed == _FEWEST else _ROOM * needed
    samples = min(max(wished, aimed), _MOST, math.inf if paid is None else paid)
    return replace(known, every_ms=replace(health, samples=samples).pace_ms(window_s))


def paced(config: Config, chosen: HealthPace) -> Config:
    """The configuration with the pace that was chosen."""
    health = replace(config.probes.health, every_ms=chosen.every_ms)
    return replace(config, probes=replace(config.probes, health=health))


def needs(config: Config) -> int:
    """Samples of each endpoint that prove the declared limits, with room for MAY_BE_SLOW and MAY_FAIL."""
    found = [_needs(check, config, MAY_BE_SLOW, MAY_FAIL) for check in _declared(config, ("health.",))]
    return min(max([_FEWEST, *found]), _MOST)


def unproven(config: Config, chosen: HealthPace) -> tuple[str, ...]:
    """A sentence for each check that gets too few samples of a probe, even if every one of them is good.

    In the form of a ConfigError's problems. Where the scenarios do not tell the size of the load, only the pace counts.
    """
    found = [
        (
            check,
            f"needs at least {needed:,} samples of each health endpoint to be proven at "
            f"{100 * (config.confidence or 0):g} % confidence; {lack}",
        )
        for check in _declared(config, ("health.",))
        if (needed := _needs(check, config, 0, 0)) and (lack := _lack(config, chosen, needed))
    ]
    planned = chosen.planned_requests
    if planned is not None and MOST_SHARE * planned < chosen.others / 2:
        requests = math.ceil(chosen.others / 2 / MOST_SHARE)
        found += [
            (
                check,
                f"needs the service's statistics again and again, with all other probes {chosen.others:,} requests; "
                f"this plan pays for {math.floor(MOST_SHARE * planned):,}, {100 * MOST_SHARE:g} % of the load's (about "
                f"{planned:,}): send at least {requests:,}, or drop the check",
            )
            for check in _declared(config, STATES)
        ]
    return tuple(f"{config.file}:{check.line}: checks.{check.key}: pass: {text}" for check, text in found)


def _lack(config: Config, chosen: HealthPace, needed: int) -> str:
    """What keeps `needed` samples from being taken, and what to do; empty when nothing does."""
    endpoints, duration_s = _endpoints(config), config.load.duration_s
    paid = chosen.paid(endpoints)
    if paid is not None and chosen.planned_requests is not None and paid < needed:
        requests = math.ceil((needed * endpoints + chosen.others) / MOST_SHARE)
        enough = duration(math.ceil(duration_s * requests / max(chosen.planned_requests, 1)))
        return (
            f"this plan pays for {math.floor(paid):,}, because all probes together send at most "
            f"{100 * MOST_SHARE:g} % of the load's requests (about {chosen.planned_requests:,}): send about "
            f"{requests:,} (more users, or "
            f"{config.load.length} of {enough}), or drop the check"
        )
    given = math.floor(round(1000 * duration_s / chosen.every_ms, 6)) + 1
    if given < needed:
        enough = duration(math.ceil(needed * chosen.every_ms / 1000))
        longer = f"lengthen {config.load.length} to {enough}"
        return f"one every {chosen.every_ms:g} ms gives {given:,}: {longer}, or drop the check"
    return ""


def _declared(config: Config, begins: tuple[str, ...]) -> list[Check]:
    return [check for check in config.checks if check.not_applicable is None and check.metric.startswith(begins)]


def _endpoints(config: Config) -> int:
    return 1 if config.probes.health.ready is None else 2


def _needs(check: Check, config: Config, slow: int, failed: int) -> int:
    """Samples of each endpoint of which so many may be slow or fail; 0 for a check that needs no number of them."""
    metric = catalogue.find(check.metric)
    if metric is None or config.confidence is None:
        return 0
    if metric.quantile:
        return share.samples_for(slow, 1 - metric.quantile, config.confidence)
    if check.metric != "health.success_rate" or not 0 < check.pass_limit.value < 100:
        return 0
    # Both endpoints count together.
    return -(-share.samples_for(failed, 1 - check.pass_limit.value / 100, config.confidence) // _endpoints(config))
