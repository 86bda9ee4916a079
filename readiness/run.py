"""Plan -> Run: the only stage that sends anything. What fails here becomes a reason or a doubt, never a crash."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

from readiness import __version__, circumstances, probes
from readiness.config import pace
from readiness.config.ends import UNTIL_DECIDED
from readiness.config.lint import lint
from readiness.config.model import Arrivals, Config
from readiness.config.model import Load as LoadSection
from readiness.database import under_load
from readiness.database.stages import GRACE_S, NO_DATABASE, Stages
from readiness.errors import NotMeasured
from readiness.load import controller, wire
from readiness.load.assembly import Assembly
from readiness.load.phases import Phase, step
from readiness.load.plan import EnginePlan, ScenarioFile
from readiness.load.watch_plan import WatchPlan
from readiness.load.workers.settings import Workers
from readiness.looks import Looks
from readiness.measurements.database import Activity
from readiness.measurements.run import Load, Measurement, Provenance, Run, Target
from readiness.probes.http import Getter
from readiness.probes.window import Window
from readiness.progress import Progress
from readiness.target import connect_once
from readiness.text import clean

DEFAULT_USERS = 10
OPEN_USERS_PER_RATE = 2.0
"""Free users for each arrival per second of an open load: room for answers of two seconds."""
MIN_OPEN_USERS = 50
MAX_OPEN_USERS = 10_000
"""Free users that fit into the memory of one engine; arrivals that find none of them are dropped, and counted."""
PROBE_GRACE_S = 19.0
COMMIT_VARIABLES = ("READINESS_COMMIT", "GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT")
"""Ours first; then what GitHub, GitLab and Jenkins set."""
ENVIRONMENT_VARIABLES = ("READINESS_ENVIRONMENT", "CI_ENVIRONMENT_NAME")
NOT_FOR_SCENARIOS = (
    "READINESS_DATABASE_URL",
    "READINESS_WORKER_TOKEN",
    "READINESS_CACHE_URL",
    "PGPASSWORD",
    "PGPASSFILE",
    "PGSERVICE",
    "PGSERVICEFILE",
)


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
    """Processes that share the load; None for the one engine of this machine."""
    cache_url: str | None = field(default=None, repr=False)
    """Of the cache server, whose INFO is a witness."""


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
    """Config and target as the engine takes them; an open load gets at most MAX_OPEN_USERS users."""
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
    )
    engine = EnginePlan(
        run_id=run_id,
        base_url=target.url,
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
        poisson=load.arrivals is Arrivals.POISSON,
        phases=_phases(load),
        judged_step=load.steps.index(load.decide_at) if load.decide_at is not None else 0,
        calibration_s=load.calibration_s,
    )
    return Plan(run_id, config, target, engine, database_url, writer, unreachable, cache_url=cache_url)


def _phases(load: LoadSection) -> tuple[Phase, ...]:
    """The steps, each with its ramp, its warm-up and its hold; none for a plain load."""
    found: list[Phase] = []
    for index, height in enumerate(load.steps):
        judged = height == load.decide_at
        held_s = load.duration_s if judged or load.step_duration_s is None else load.step_duration_s
        found += step(index, height, load.ramp_up_s, load.warm_up_s, held_s)
    return tuple(found)


def execute(
    plan: Plan, *, progress: Progress, interrupted: Callable[[], str | None], environment: Mapping[str, str]
) -> Run:
    """Reach the target, drive the load with probes beside it, then look at the database.

    `interrupted` names the signal that came, and is asked all the time. Raises ConfigError when a scenario file is
    unusable, which is found before anything is sent.
    """
    started_at, clocks = _now(), circumstances.Clocks()
    wanted = {check.metric for check in plan.config.checks if check.not_applicable is None}
    stages = Stages(plan.database_url, plan.config.database, wanted, interrupted, plan.writer is not None)
    before: Mapping[str, Fraction | str] = {}
    try:
        if signal_name := interrupted():
            raise NotMeasured(f"the run was ended by {signal_name} before any load")
        if plan.unreachable:
            raise NotMeasured(f"the target {plan.target.url} cannot be reached: {plan.unreachable}")
        connect_once(plan.target)
    except NotMeasured as error:
        outcome, activity, share = controller.LoadOutcome(None, (str(error),), None), None, ""
        looks = stages.under_load(None) if plan.database_url is None else under_load.unavailable(str(error), wanted)
        looks += probes.unavailable(str(error), wanted)
    else:
        before = stages.before()
        outcome, looks, activity, share = _drive(plan, wanted, stages, progress, interrupted, environment)
    progress.step("counting in the database")
    rows = stages.after(before, outcome.writes)
    return Run(
        id=plan.run_id,
        service=plan.config.service,
        started_at=started_at,
        ended_at=_now(),
        target=plan.target,
        provenance=provenance(plan, outcome.locust, environment),
        plan=_facts(plan),
        plan_hash=_hash(plan),
        load=outcome.load,
        measurements=looks + rows,
        doubts=outcome.doubts,
        interrupted=interrupted(),
        notes=(*_notes(plan, outcome), *([share] if share else []), *circumstances.notes(clocks, plan.target)),
        database=activity,
    )


def _drive(
    plan: Plan,
    wanted: set[str],
    stages: Stages,
    progress: Progress,
    interrupted: Callable[[], str | None],
    environment: Mapping[str, str],
) -> tuple[controller.LoadOutcome, tuple[Measurement, ...], Activity | None, str]:
    window = Window()
    settings, target = plan.config.probes, plan.target
    touches = _touches(plan, wanted, progress)
    with ThreadPoolExecutor(2, thread_name_prefix="probes") as pool:
        looking = pool.submit(
            probes.look, target, settings, wanted, window, duration_s=plan.config.load.paced_s, cache_url=plan.cache_url
        )
        sampling = stages.start_watching(pool, window)

        def on_event(event: wire.Event, assembly: Assembly) -> None:
            match event:
                case wire.Judging():
                    window.begin()
                case wire.Judged():
                    window.end()
                case wire.Batch():
                    progress.load(plan.engine, assembly)
                case _:
                    pass

        progress.step("starting the load engine")
        try:
            outcome = controller.drive(
                plan.engine,
                workers=plan.workers,
                on_event=on_event,
                stop_requested=lambda: interrupted() is not None,
                enough=Looks(plan.config).enough,
                environment={name: value for name, value in environment.items() if name not in NOT_FOR_SCENARIOS},
            )
        finally:
            window.end()
        looks = looking.result(timeout=PROBE_GRACE_S + settings.health.timeout_ms / 1000)
        progress.step("waiting for the database's counters")
        activity = sampling.result(timeout=GRACE_S)
    if outcome.usage_error:
        from readiness.errors import ConfigError

        raise ConfigError(outcome.usage_error)
    https = target.url.startswith("https:")
    found = probes.conclude(looks, settings, wanted, https=https, load=outcome.load, database=activity)
    provoked: tuple[Measurement, ...] = ()
    if outcome.load is not None and interrupted() is None:
        provoked = probes.provoke(target, settings, wanted, lambda: interrupted() is not None)
    return outcome, (*found, *touches, *provoked, *stages.under_load(activity)), activity, _share(looks, outcome.load)


def _touches(plan: Plan, wanted: set[str], progress: Progress) -> tuple[Measurement, ...]:
    """Whether the health check asks the database: asked before the load, where a check wants to know."""
    metric = "health.touches_database"
    if metric not in wanted:
        return ()
    health = plan.config.probes.health
    path = health.path if health.ready is None else health.ready
    try:
        if plan.database_url is None:
            raise NotMeasured(NO_DATABASE)
        from readiness.database.touches import touches

        progress.step("asking whether the health check touches the database")
        with Getter(plan.target) as getter:
            return (touches(plan.database_url, path, lambda: getter.get(path).status),)
    except NotMeasured as error:
        return (Measurement(metric, None, None, "database", reason=clean(error)),)


def _share(looks: probes.Looks, load: Load | None) -> str:
    """How much the probes added to the load, by count."""
    sent, planned = looks.requests, load.ledger.planned if load else 0
    part = f", {100 * sent / planned:.2g} % of the load's {planned:,}" if planned else ""
    return f"Probes sent {sent:,} requests to the target{part}."


def provenance(plan: Plan, locust: str | None, environment: Mapping[str, str]) -> Provenance:
    """With what the load of `plan` is made."""
    return Provenance(
        tool_version=__version__,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        cores=os.cpu_count() or 1,
        locust=locust,
        scenarios={
            file.name: hashlib.sha256(Path(file.path).read_bytes()).hexdigest() for file in plan.engine.scenarios
        },
        commit=_told(environment, COMMIT_VARIABLES),
        environment=_told(environment, ENVIRONMENT_VARIABLES),
    )


def _told(environment: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """The first of the variables that says something."""
    return next((clean(value, 100) for name in names if (value := environment.get(name, "").strip())), None)


def _facts(plan: Plan) -> dict[str, str | int | float | None]:
    engine, load = plan.engine, plan.config.load
    more: dict[str, str | int | float | None] = {"duration": UNTIL_DECIDED} if load.until_decided else {}
    if engine.rate_per_s is not None:
        more |= {"arrivals": load.arrivals.value, "seed": engine.seed}
    if load.steps:
        more |= {"steps": ", ".join(f"{height:g}" for height in load.steps), "decide_at": load.decide_at}
        more |= {"step_duration_s": load.duration_s if load.step_duration_s is None else load.step_duration_s}
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


def _hash(plan: Plan) -> str:
    facts = {"plan": _facts(plan), "scenarios": dict(provenance(plan, None, {}).scenarios)}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _notes(plan: Plan, outcome: controller.LoadOutcome) -> tuple[str, ...]:
    failures = [f"{text} ({count:,}×)" for text, count in outcome.failure_texts[:10]]
    allowed = (f"Allowed by --allow-db-writer: {plan.writer}.",) if plan.writer else ()
    return (*allowed, *warnings(plan), *outcome.notes, *failures)


def warnings(plan: Plan) -> tuple[str, ...]:
    """What the plan cannot prove or contradicts in itself, told before anything is sent."""
    return lint(plan.config, pace.of({file.name: file.path for file in plan.engine.scenarios}))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
