"""The plan: everything that was decided before the first request, and what it was made with. Sends nothing."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from readiness import __version__, probes
from readiness.config import endpoints, think_time
from readiness.config.lint import doubts, lint
from readiness.config.model import ArrivalSpacing, Config
from readiness.config.model import LoadSection as LoadSection
from readiness.config.never_fails import long_waivers, never_fails
from readiness.config.stop_rules import UNTIL_DECIDED
from readiness.drills.commands import shown
from readiness.drills.proxies import Proxies
from readiness.errors import ConfigError
from readiness.load.engine_plan import EnginePlan, ScenarioFile
from readiness.load.phases import Phase, step
from readiness.load.shape_course import Shape, course_of
from readiness.load.watch_plan import WatchPlan
from readiness.load.workers.settings import Workers
from readiness.measurements.provenance import Provenance, Target
from readiness.metrics.drills import DRILLS_FACT
from readiness.metrics.moments import moment_of
from readiness.metrics.restore import RESTORE_FACT
from readiness.probes import sampling_interval as probe_pace
from readiness.probes.sampling_interval import HealthPace
from readiness.text import clean

DEFAULT_USERS = 10
OPEN_USERS_PER_RATE = 2.0
"""Free users for each arrival per second of an open load: room for answers of two seconds."""
MIN_OPEN_USERS = 50
MAX_OPEN_USERS = 10_000
"""Free users that one load generator has memory for; arrivals that find none of them are dropped, and counted."""
COMMIT_VARIABLES = ("READINESS_COMMIT", "GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT")
"""Ours first; then what GitHub, GitLab and Jenkins set."""
ENVIRONMENT_VARIABLES = ("READINESS_ENVIRONMENT", "CI_ENVIRONMENT_NAME")


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that was decided before the first request."""

    run_id: str
    config: Config
    target: Target
    engine: EnginePlan
    database_url: str | None
    writer: str | None = None
    """None: a database role that can write is refused. Else it is allowed, and this is what it can do, if anything."""
    unreachable: str | None = None
    """Why the target's name has no address; nothing is sent then."""
    workers: Workers | None = None
    """Processes that share the load; None for the one load generator of this machine."""
    cache_url: str | None = field(default=None, repr=False)
    """Of the cache server, whose INFO is a further source."""
    health_pace: HealthPace | None = None
    """How often health is sampled, and why; None where nothing samples it."""
    allow_env: frozenset[str] = frozenset()
    """Variables of the environment that the scenarios may see beside the usual ones (`--allow-env`)."""
    own_limits: bool = True
    """Whether somebody wrote the limits for this service; False: they are the starter limits."""
    unloadable: str | None = None
    """Why a load would measure something else than the service; nothing is sent then."""
    remarks: tuple[str, ...] = ()
    """Sentences for the report's notes."""
    proxies: Proxies | None = None
    """Running, where the drills of `config` are to be done (`--drills`)."""
    restore_url: str | None = field(default=None, repr=False)
    """Of the scratch database, where a backup is to be restored (`--drills`)."""


def plan(
    run_id: str,
    config: Config,
    target: Target,
    scenarios: tuple[ScenarioFile, ...],
    *,
    allowed_addresses: tuple[str, ...],
    database_url: str | None,
    writer: str | None = None,
    unreachable: str | None = None,
    cache_url: str | None = None,
) -> Plan:
    """Config and target as the load generator takes them; an open load gets at most MAX_OPEN_USERS users."""
    load = config.load
    users = load.users or DEFAULT_USERS
    if load.rate_per_s is not None:
        highest_per_s = max(load.steps, default=load.rate_per_s)
        users = min(max(MIN_OPEN_USERS, round(OPEN_USERS_PER_RATE * highest_per_s)), MAX_OPEN_USERS)
    cache = config.probes.cache
    watch = WatchPlan(
        cache_header=cache.header,
        hits=cache.hit,
        server_timing=config.probes.server_timing == "read",
        heads=any(check.metric.startswith("security.") for check in config.checks),
        moments=tuple(sorted({moment for check in config.checks if (moment := moment_of(check.metric))})),
    )
    engine = EnginePlan(
        run_id=run_id,
        base_url=_host(target),
        addresses=target.addresses,
        allowed_addresses=allowed_addresses,
        scenarios=scenarios,
        users=users,
        rate_per_s=load.rate_per_s,
        ramp_up_s=load.ramp_up_s,
        warm_up_s=load.warm_up_s,
        duration_s=load.duration_s,
        until_decided=load.until_decided,
        timeout_s=load.timeout_s,
        watch=watch,
        seed=load.seed,
        poisson=load.arrivals is ArrivalSpacing.POISSON,
        phases=_phases(load),
        judged_step=load.steps.index(load.decide_at) if load.decide_at is not None else 0,
        calibration_s=load.calibration_s,
        trace_share=load.trace_share,
        tls=config.tls,
    )
    wanted, paces = wanted_metrics(config), think_time.of({file.name: file.path for file in scenarios})
    chosen = probe_pace.choose(config, paces, probes.others(config.probes, wanted, load.paced_s))
    config = probe_pace.paced(config, chosen)
    return Plan(
        run_id, config, target, engine, database_url, writer, unreachable, cache_url=cache_url, health_pace=chosen
    )


def with_shape(before: Plan, shape: Shape) -> Plan:
    """The plan with the load that a LoadTestShape says, in the place of the file's."""
    course = course_of(shape)
    held_s = course.judged.end_s - course.judged.start_s
    flat = {"ramp_up_s": 0.0, "warm_up_s": 0.0, "until_decided": False}
    load = replace(before.config.load, users=shape.users, duration_s=held_s, shaped=True, **flat)  # type: ignore[arg-type]
    made = plan(
        before.run_id,
        replace(before.config, load=load),
        before.target,
        before.engine.scenarios,
        allowed_addresses=before.engine.allowed_addresses,
        database_url=before.database_url,
        writer=before.writer,
        unreachable=before.unreachable,
        cache_url=before.cache_url,
    )
    engine = replace(  # all the rest stays: its samples, its options, whatever else was asked for
        before.engine,
        users=round(course.judged.height),
        duration_s=held_s,
        **flat,  # type: ignore[arg-type]
        phases=course.phases,
        judged_step=course.judged.step,
        shape=shape.name,
    )
    return replace(before, config=made.config, engine=engine, health_pace=made.health_pace)


def wanted_metrics(config: Config) -> set[str]:
    """Metrics that checks ask for."""
    return {check.metric for check in config.checks if check.not_applicable is None}


def _phases(load: LoadSection) -> tuple[Phase, ...]:
    """The steps, each with its ramp, its warm-up and its hold; none for a plain load."""
    found: list[Phase] = []
    for index, height in enumerate(load.steps):
        judged = height == load.decide_at
        held_s = load.duration_s if judged or load.step_duration_s is None else load.step_duration_s
        found += step(index, height, load.ramp_up_s, load.warm_up_s, held_s)
    return tuple(found)


def provenance(plan: Plan, environment: Mapping[str, str], locust: str | None, compiled: bool = False) -> Provenance:
    """With what the load of `plan` is made."""
    return Provenance(
        tool_version=__version__,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        cores=os.cpu_count() or 1,
        locust=locust,
        compiled=compiled,
        scenarios={
            file.name: hashlib.sha256(Path(file.path).read_bytes()).hexdigest() for file in plan.engine.scenarios
        },
        commit=told(environment, COMMIT_VARIABLES),
        environment=told(environment, ENVIRONMENT_VARIABLES),
    )


def told(environment: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """The first of the variables that says something."""
    return next((clean(value, 100) for name in names if (value := environment.get(name, "").strip())), None)


def facts(plan: Plan) -> dict[str, str | int | float | None]:
    """The plan as run, flat, in words and units of thresholds.yaml."""
    engine, load = plan.engine, plan.config.load
    more: dict[str, str | int | float | None] = {"duration": UNTIL_DECIDED} if load.until_decided else {}
    if engine.rate_per_s is not None:
        more |= {"arrivals": load.arrivals.value, "seed": engine.seed}
    if engine.shape:
        heights = ", ".join(f"{window.height:g}" for window in engine.windows)
        more |= {"shape": engine.shape.rpartition(": ")[2], "steps": heights, "course_s": engine.total_s}
    if load.steps:
        more |= {"steps": ", ".join(f"{height:g}" for height in load.steps), "decide_at": load.decide_at}
        more |= {"step_duration_s": load.duration_s if load.step_duration_s is None else load.step_duration_s}
    if engine.trace_share is not None:
        more |= {"trace": "traceparent", "trace_share": engine.trace_share}
    if plan.proxies is not None and plan.config.drills:
        more |= {DRILLS_FACT: ", ".join(plan.config.drills)}
    if plan.restore_url is not None and plan.config.restore is not None:
        more |= {RESTORE_FACT: shown(plan.config.restore.command)}
    return more | {
        "model": "closed" if engine.rate_per_s is None else "open",
        "users": engine.users,
        "rate_per_s": engine.rate_per_s,
        "ramp_up_s": engine.ramp_up_s,
        "warm_up_s": engine.warm_up_s,
        "duration_s": engine.duration_s,
        "timeout_s": engine.timeout_s,
        "workers": plan.workers.total if plan.workers else 1,
        "scenarios": ", ".join(
            file.name if file.weight is None else f"{file.name} {file.weight:g}" for file in engine.scenarios
        ),
    }


_SLASHED = (
    "TARGET: ends with a slash, which HttpUser and FastHttpUser put before each path as Locust does: /one becomes "
    "//one. Leave it out where paths begin with a slash"
)


def _host(target: Target) -> str:
    """The target's URL with the slashes at its end: Locust's clients put `host` before each path as it is given."""
    return target.name if target.name.rstrip("/") == target.url else target.url


def hash_of(plan: Plan) -> str:
    """SHA-256 of the plan's facts and scenarios."""
    whole = {"plan": facts(plan), "scenarios": dict(provenance(plan, {}, None).scenarios)}
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def refuse_too_few(plan: Plan, users: Mapping[str, int]) -> None:
    """Raises ConfigError when a user class of a closed load gets no user: it would never run.

    `users` are those of each class, as the load generator would share them out.
    """
    idle = [name for name, count in users.items() if not count]
    if idle and plan.engine.rate_per_s is None:
        raise ConfigError(
            f"users: {plan.engine.users} are too few for {len(users)} user classes, and {', '.join(idle)} would never "
            f"run: give at least {len(users)} users, or set `abstract = True` in a class to leave it out"
        )


_NOBODYS = "starter_limits: true: a run is CONDITIONAL at best; choose your own limits, then take this line away"


def warnings(plan: Plan) -> tuple[str, ...]:
    """What the plan cannot prove or contradicts in itself, told before anything is sent."""
    files = plan.engine.scenarios
    named = endpoints.named((file.path for file in files), urlsplit(plan.target.url).path.rstrip("/"))
    found = lint(plan.config, paces_of(plan), [file.name for file in files], named)
    found += never_fails(plan.config)
    return found + (probe_pace.unproven(plan.config, plan.health_pace) if plan.health_pace else ())


def unsure(plan: Plan) -> tuple[str, ...]:
    """What the plan may not be able to prove, told at the start; nothing of it is a mistake in the file."""
    slashed = plan.own_limits and plan.engine.base_url.endswith("/")  # the starter's scenario joins its paths itself
    nobodys = (f"{plan.config.file}: {_NOBODYS}",) if plan.config.starter_limits else ()
    waived = long_waivers(plan.config, datetime.now(UTC).date())
    return nobodys + waived + doubts(plan.config, paces_of(plan)) + ((_SLASHED,) if slashed else ())


def paces_of(plan: Plan) -> dict[str, think_time.UserPace]:
    """How fast a user of each scenario can go, as far as the files tell."""
    return think_time.of({file.name: file.path for file in plan.engine.scenarios})
