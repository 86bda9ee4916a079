"""Plan -> Run: the only stage that sends anything. What fails here becomes a reason or a doubt, never a crash."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from readiness import __version__, database, probes
from readiness.config.lint import lint
from readiness.config.model import Config
from readiness.errors import NotMeasured
from readiness.load import controller, wire
from readiness.load.assembly import Assembly
from readiness.load.plan import EnginePlan, ScenarioFile
from readiness.measurements.run import Load, Measurement, Provenance, Run, Target
from readiness.probes.window import Window
from readiness.progress import Progress
from readiness.target import connect_once

DEFAULT_USERS = 10
OPEN_USERS_PER_RATE = 2.0
"""Free users for each arrival per second of an open load: room for answers of two seconds."""
MIN_OPEN_USERS = 50
MAX_OPEN_USERS = 10_000
"""Free users that fit into the memory of one engine; arrivals that find none of them are dropped, and counted."""
PROBE_GRACE_S = 10.0
POLL_S = 0.1
NO_DATABASE = "READINESS_DATABASE_URL is not set"
_NOT_FOR_SCENARIOS = ("READINESS_DATABASE_URL", "PGPASSWORD", "PGPASSFILE", "PGSERVICE", "PGSERVICEFILE")


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that was decided before the first request."""

    run_id: str
    config: Config
    target: Target
    engine: EnginePlan
    database_url: str | None
    unreachable: str | None = None
    """Why the target's name has no address; nothing is sent then."""


def plan(
    run_id: str,
    config: Config,
    target: Target,
    scenarios: tuple[ScenarioFile, ...],
    *,
    allowed_addresses: tuple[str, ...],
    database_url: str | None,
    unreachable: str | None = None,
) -> Plan:
    """Config and target as the engine takes them; an open load gets at most MAX_OPEN_USERS users."""
    load = config.load
    users = load.users or DEFAULT_USERS
    if load.rate_per_s is not None:
        users = min(max(MIN_OPEN_USERS, round(OPEN_USERS_PER_RATE * load.rate_per_s)), MAX_OPEN_USERS)
    cache = config.probes.cache
    watch = cache.header if cache.statistics is None else None
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
        timeout_s=load.timeout_s,
        watched_header=watch,
        header_hits=cache.hit,
    )
    return Plan(run_id, config, target, engine, database_url, unreachable)


def execute(
    plan: Plan, *, progress: Progress, interrupted: Callable[[], str | None], environment: Mapping[str, str]
) -> Run:
    """Reach the target, drive the load with probes beside it, then look at the database.

    `interrupted` names the signal that came, and is asked all the time. Raises ConfigError when a scenario file is
    unusable, which is found before anything is sent.
    """
    started_at = _now()
    wanted = {check.metric for check in plan.config.checks if check.not_applicable is None}
    try:
        if signal_name := interrupted():
            raise NotMeasured(f"the run was ended by {signal_name} before any load")
        if plan.unreachable:
            raise NotMeasured(f"the target {plan.target.url} cannot be reached: {plan.unreachable}")
        connect_once(plan.target)
    except NotMeasured as error:
        outcome = controller.LoadOutcome(None, (str(error),), None)
        looks: tuple[Measurement, ...] = ()
    else:
        outcome, looks = _drive(plan, wanted, progress, interrupted, environment)
    rows = _database(plan, wanted, progress, interrupted)
    return Run(
        id=plan.run_id,
        service=plan.config.service,
        started_at=started_at,
        ended_at=_now(),
        target=plan.target,
        provenance=_provenance(plan, outcome.locust),
        plan=_facts(plan),
        plan_hash=_hash(plan),
        load=outcome.load,
        measurements=looks + rows,
        doubts=outcome.doubts,
        interrupted=interrupted(),
        notes=_notes(plan, outcome),
    )


def _drive(
    plan: Plan,
    wanted: set[str],
    progress: Progress,
    interrupted: Callable[[], str | None],
    environment: Mapping[str, str],
) -> tuple[controller.LoadOutcome, tuple[Measurement, ...]]:
    window = Window()
    with ThreadPoolExecutor(2, thread_name_prefix="probes") as pool:
        looking = pool.submit(probes.measure_all, plan.target.url, plan.config.probes, wanted, window)
        sampling = pool.submit(_connections, plan, wanted, window)

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
                on_event=on_event,
                stop_requested=lambda: interrupted() is not None,
                environment={name: value for name, value in environment.items() if name not in _NOT_FOR_SCENARIOS},
            )
        finally:
            window.end()
        looks = looking.result(timeout=PROBE_GRACE_S + plan.config.probes.health.timeout_ms / 1000)
        looks += sampling.result(timeout=PROBE_GRACE_S)
    if outcome.usage_error:
        from readiness.errors import ConfigError

        raise ConfigError(outcome.usage_error)
    return outcome, _with_header_rate(plan, looks, outcome.load)


def _connections(plan: Plan, wanted: set[str], window: Window) -> tuple[Measurement, ...]:
    """Connections in use while the load runs, where a check asks for them."""
    if "pool.headroom" not in wanted:
        return ()
    if plan.database_url is None:
        return (Measurement("pool.headroom", None, None, "database", reason=NO_DATABASE),)
    from readiness.database import activity

    return activity.headroom(plan.database_url, window)


def _with_header_rate(plan: Plan, looks: tuple[Measurement, ...], load: Load | None) -> tuple[Measurement, ...]:
    """The cache's hit rate by response header is counted by the load itself, not by a probe."""
    rate = load.header_rate if load else None
    if plan.engine.watched_header is None:
        return looks
    others = tuple(look for look in looks if look.metric != "cache.hit_rate")
    if rate is None or rate.total == 0:
        reason = f"no response carried the header {plan.engine.watched_header}"
        return (*others, Measurement("cache.hit_rate", None, None, "load", reason=reason))
    value = 100 * rate.hits / rate.total
    return (*others, Measurement("cache.hit_rate", None, value, "load", samples=rate.total, evidence=rate))


def _database(
    plan: Plan, wanted: set[str], progress: Progress, interrupted: Callable[[], str | None]
) -> tuple[Measurement, ...]:
    section = plan.config.database
    if not any(name.startswith(("data.", "database.")) for name in wanted):
        return ()
    if plan.database_url is None:
        return database.unavailable(NO_DATABASE, section, wanted)
    progress.step("counting in the database")
    found: list[tuple[Measurement, ...]] = []
    url = plan.database_url
    # A daemon: when a signal comes, a query that takes long is left to its own deadline.
    looking = threading.Thread(target=lambda: found.append(database.measure(url, section, wanted)), daemon=True)
    if interrupted() is None:
        looking.start()
    while looking.is_alive() and interrupted() is None:
        looking.join(POLL_S)
    if found:
        return found[0]
    return database.unavailable(f"the run was ended by {interrupted() or 'a fault of ours'}", section, wanted)


def _provenance(plan: Plan, locust: str | None) -> Provenance:
    return Provenance(
        tool_version=__version__,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        cores=os.cpu_count() or 1,
        locust=locust,
        scenarios={
            file.name: hashlib.sha256(Path(file.path).read_bytes()).hexdigest() for file in plan.engine.scenarios
        },
    )


def _facts(plan: Plan) -> dict[str, str | int | float | None]:
    engine = plan.engine
    return {
        "model": "closed" if engine.rate_per_s is None else "open",
        "users": engine.users,
        "rate_per_s": engine.rate_per_s,
        "ramp_up_s": engine.ramp_up_s,
        "warm_up_s": engine.warm_up_s,
        "duration_s": engine.duration_s,
        "timeout_s": engine.timeout_s,
        "scenarios": ", ".join(
            file.name if file.weight is None else f"{file.name} {file.weight:g}" for file in engine.scenarios
        ),
    }


def _hash(plan: Plan) -> str:
    facts = {"plan": _facts(plan), "scenarios": dict(_provenance(plan, None).scenarios)}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _notes(plan: Plan, outcome: controller.LoadOutcome) -> tuple[str, ...]:
    failures = [f"{text} ({count:,}×)" for text, count in outcome.failure_texts[:10]]
    return (*lint(plan.config), *failures)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
