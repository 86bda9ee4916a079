"""How often the health endpoints are looked at, chosen from the plan: few beside the load, yet enough for a proof.

Pure. At most BUDGET of the requests that the plan is estimated to yield, but never fewer looks than the declared checks
need with a little room: one look that was slow by chance must not decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from readiness.config.lint import requests_per_s
from readiness.config.model import Check, Config
from readiness.config.pace import Pace
from readiness.config.probes import LOOKS
from readiness.metrics import catalogue
from readiness.probes.cost import BUDGET
from readiness.stats import share

FEWEST, MOST = 20, 250
"""Without a check that asks for more, and however large the load."""
MAY_BE_SLOW, MAY_FAIL = 2, 1
"""Looks that may be slow, or fail, and the declared limit is still proven: 124 looks for a P95 at 95 %."""


@dataclass(frozen=True, slots=True)
class HealthPace:
    """What was chosen, and from what."""

    every_ms: float
    declared: bool
    """By the file; nothing was chosen then."""
    planned_requests: int | None
    """Of the load in the window, about; None where the scenarios do not tell."""
    needed_looks: int | None = None
    """At each endpoint, where that is more than the budget has."""


def choose(config: Config, paces: Mapping[str, Pace], others: int) -> HealthPace:
    """The pace for `config`; `others` are the requests of all other looks in the window."""
    health, window_s = config.probes.health, config.load.paced_s
    per_s = requests_per_s(config.load, paces)
    planned = None if per_s is None else round(per_s * window_s)
    if health.every_ms is not None:
        return HealthPace(health.every_ms, True, planned)
    endpoints = 1 if health.ready is None else 2
    needed = needs(config)
    afforded = LOOKS if planned is None else max(BUDGET * planned - others, 0) / endpoints
    looks = min(max(needed, afforded), MOST)
    every_ms = replace(health, looks=looks).pace_ms(window_s)
    return HealthPace(every_ms, False, planned, needed if needed > afforded else None)


def paced(config: Config, chosen: HealthPace) -> Config:
    """The configuration with the pace that was chosen."""
    health = replace(config.probes.health, every_ms=chosen.every_ms)
    return replace(config, probes=replace(config.probes, health=health))


def needs(config: Config) -> int:
    """Looks at each endpoint that prove the declared limits, with room for MAY_BE_SLOW and MAY_FAIL."""
    endpoints = 1 if config.probes.health.ready is None else 2
    found = [_needs(check, config.confidence, endpoints) for check in config.checks if check.not_applicable is None]
    return min(max([FEWEST, *found]), MOST)


def _needs(check: Check, confidence: float | None, endpoints: int) -> int:
    metric = catalogue.find(check.metric)
    if metric is None or confidence is None or not check.metric.startswith("health."):
        return 0
    if metric.quantile:
        return share.samples_for(MAY_BE_SLOW, 1 - metric.quantile, confidence)
    if check.metric != "health.success_rate" or not 0 < check.pass_limit.value < 100:
        return 0
    # Both endpoints count together.
    return -(-share.samples_for(MAY_FAIL, 1 - check.pass_limit.value / 100, confidence) // endpoints)
