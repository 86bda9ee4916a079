"""Plan -> Run: the only stage that sends anything. What fails here becomes a reason or a doubt, never a crash."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from readiness import probes
from readiness.config import tls
from readiness.config.definitions import definitions, drill_key
from readiness.database import under_load
from readiness.database.before_load import BeforeLoad
from readiness.database.stages import NO_DATABASE, Stages
from readiness.errors import NotMeasured
from readiness.load import controller, engine_events
from readiness.load.assembly import Assembly
from readiness.load.request_rows import RequestRows
from readiness.load.surroundings import for_commands, for_scenarios
from readiness.measurements.database import Activity
from readiness.measurements.invariants import RUN_LAWS
from readiness.measurements.law import contradictions
from readiness.measurements.probing import Probing
from readiness.measurements.process_activity import ProcessActivity
from readiness.measurements.provenance import UNREACHABLE
from readiness.measurements.run import Drilled, Load, Measurement, Run
from readiness.metrics.service import STARTER_METRIC
from readiness.probes import database_process, monitoring, overhead, process
from readiness.probes.allowance import Allowance
from readiness.probes.http import Getter
from readiness.probes.window import Window
from readiness.run import machine_notes, spans
from readiness.run.drive import drive_plan
from readiness.run.early_stop import EarlyStop
from readiness.run.plan import Plan, facts, hash_of, provenance, wanted_metrics, warnings
from readiness.run.progress import Progress
from readiness.run.restore_backup import restore_backup
from readiness.run.sample_file import SampleFile
from readiness.run.target import await_service, connect_once, is_closed
from readiness.text import clean

PROBE_GRACE_S = 19.0


@dataclass(frozen=True, slots=True)
class _Driven:
    """The load, and what was seen beside it."""

    outcome: controller.LoadOutcome
    measurements: tuple[Measurement, ...] = ()
    activity: Activity | None = None
    probing: Probing | None = None
    process: ProcessActivity | None = None
    database_process: ProcessActivity | None = None


def execute(
    plan: Plan,
    *,
    progress: Progress,
    interrupted: Callable[[], str | None],
    environment: Mapping[str, str],
    samples: SampleFile | None = None,
) -> Run:
    """Reach the target, drive the load with probes beside it, then read the database.

    `interrupted` names the signal that came, and is asked all the time. Raises ConfigError when a scenario file is
    unusable, which is found before anything is sent.
    """
    tls.use(plan.config.tls)
    started_at, clocks = _now(), machine_notes.Clocks()
    wanted = wanted_metrics(plan.config)
    stages = Stages(plan.database_url, plan.config.database, wanted, interrupted, plan.writer is not None)
    before = BeforeLoad()
    way: tuple[Measurement, ...] = ()
    try:
        if signal_name := interrupted():
            raise NotMeasured(f"the run was ended by {signal_name} before any load")
        if plan.unreachable:
            raise NotMeasured(f"the target {plan.target.url} {UNREACHABLE}: {plan.unreachable}")
        await_service(plan.target, plan.proxies.ports if plan.proxies else (), progress.step, interrupted)
        way = probes.before_load(plan.target, plan.config.probes, wanted, lambda: interrupted() is not None)
        connect_once(plan.target)
        if plan.unloadable:
            raise NotMeasured(f"nothing was loaded: {plan.unloadable}")
    except NotMeasured as error:
        driven = _Driven(controller.LoadOutcome(None, (str(error),), None))
        probed = stages.under_load(None) if plan.database_url is None else under_load.unavailable(str(error), wanted)
        probed += probes.unavailable(str(error), wanted - {one.metric for one in way})
    else:
        before = stages.before()
        driven = _drive(plan, wanted, stages, progress, interrupted, environment, samples)
        probed = driven.measurements
    outcome = driven.outcome
    probed += way
    if plan.database_url is not None:
        progress.step("counting in the database")
    rows = stages.after(before, outcome.writes)
    if outcome.load is not None and interrupted() is None and probes.provokes(plan.config.probes, wanted):
        # After the counting: what is provoked may write too, and the counts are about the load.
        progress.step("provoking what the file allows")
        probed += probes.provoke(plan.target, plan.config.probes, wanted, lambda: interrupted() is not None)
    counted = {one.metric for one in (*rows, *probed) if one.value is not None}
    meanings = definitions(plan.config.database, plan.config.probes.prometheus.queries, plan.config.drills)
    drilled, drills, drill_notes = _drills(plan, stages, outcome, progress, interrupted, environment)
    counted |= {drill_key(one.name) for one in drills if one.problem is None}
    restored = restore_backup(plan, stages, outcome, progress, interrupted, environment)
    run = Run(
        id=plan.run_id,
        service=plan.config.service,
        started_at=started_at,
        ended_at=_now(),
        target=plan.target,
        provenance=provenance(plan, environment, outcome.locust, outcome.compiled),
        plan=facts(plan),
        plan_hash=hash_of(plan),
        load=outcome.load,
        measurements=probed + drilled + restored.measurements + rows + _limits(plan, wanted),
        doubts=outcome.doubts,
        interrupted=interrupted(),
        notes=(
            *_notes(plan, outcome),
            *drill_notes,
            *restored.notes,
            *([overhead.words(driven.probing)] if driven.probing else []),
            *filter(None, [spans.export(spans.spans_of(outcome.load), plan.run_id, environment, interrupted)]),
            *([samples.close(outcome.load.ledger.planned if outcome.load else 0)] if samples else []),
            *machine_notes.notes(clocks, plan.target),
        ),
        database=driven.activity,
        probing=driven.probing,
        process=driven.process,
        database_process=driven.database_process,
        definitions={metric: meant for metric, meant in meanings.items() if metric in counted},
        drills=drills + restored.courses,
    )
    # What `judge` and `gate` would refuse tomorrow is not green today.
    doubts = tuple(f"the record of the run contradicts itself: {one}" for one in contradictions(run, RUN_LAWS)[:1])
    return replace(run, doubts=run.doubts + doubts) if doubts else run


def _drive(
    plan: Plan,
    wanted: set[str],
    stages: Stages,
    progress: Progress,
    interrupted: Callable[[], str | None],
    environment: Mapping[str, str],
    samples: SampleFile | None,
) -> _Driven:
    window = Window()
    allowance = Allowance(window)
    settings, target = plan.config.probes, plan.target
    touches = _touches(plan, wanted, progress)
    with ThreadPoolExecutor(4, thread_name_prefix="probes") as pool:
        monitored = pool.submit(monitoring.watch, settings, environment, window, plan.config.load.paced_s)
        observing = pool.submit(
            probes.observe,
            target,
            settings,
            wanted,
            window,
            allowance,
            duration_s=plan.config.load.paced_s,
            cache_url=plan.cache_url,
        )
        watched = stages.start_watching(window)
        serving = pool.submit(database_process.watch, stages.local_port(), window, plan.config.load.paced_s)

        def heard(event: engine_events.Event, assembly: Assembly) -> None:
            match event:
                case engine_events.Batch():
                    allowance.load_did(*assembly.judged_so_far())
                case RequestRows() if samples is not None:
                    samples.add(event)
                case _:
                    pass

        progress.step("starting the load generator")
        enough = EarlyStop(plan.config).enough
        outcome = drive_plan(plan, window, progress, interrupted, environment, heard=heard, enough=enough)
        seen = observing.result(timeout=PROBE_GRACE_S + settings.health.timeout_ms / 1000)
        if plan.database_url is not None:
            progress.step("waiting for the database's counters")
        activity = watched()
    if outcome.usage_error:
        from readiness.errors import ConfigError

        raise ConfigError(outcome.usage_error, *controller.printed(outcome.said))
    for line in controller.printed(outcome.said):
        progress.note(line)
    if interrupted() is None and (closed := is_closed(target, outcome.load)):
        outcome = replace(outcome, doubts=(*outcome.doubts, closed))
    https = target.url.startswith("https:")
    agents = probes.as_browser(target, settings, lambda: interrupted() is not None)
    found = probes.conclude(seen, agents, settings, wanted, https=https, load=outcome.load, database=activity)
    found += monitoring.conclude(monitored.result(timeout=PROBE_GRACE_S), settings, wanted)
    server = serving.result(timeout=PROBE_GRACE_S)
    server = server if plan.database_url is not None else replace(server, reason=NO_DATABASE)
    found += database_process.conclude(server, wanted)
    return _Driven(
        outcome,
        (*found, *touches, *stages.under_load(activity)),
        activity,
        _probing(plan, seen, outcome.load),
        None if outcome.load is None else process.activity(seen.process),
        None if outcome.load is None or plan.database_url is None else process.activity(server),
    )


def _drills(
    plan: Plan,
    stages: Stages,
    outcome: controller.LoadOutcome,
    progress: Progress,
    interrupted: Callable[[], str | None],
    environment: Mapping[str, str],
) -> tuple[tuple[Measurement, ...], tuple[Drilled, ...], tuple[str, ...]]:
    """What the drills showed, their courses, and notes.

    Last of all: what is broken on purpose must not touch what the load is judged by.
    """
    if plan.proxies is None or not plan.config.drills:
        return (), (), ()
    from readiness.drills.commands import commander
    from readiness.drills.conduct import conduct
    from readiness.drills.measured import measure, unavailable
    from readiness.drills.writes import measure_writes
    from readiness.metrics.drills import DRILL_BREAKER, DRILL_HEALTH
    from readiness.probes.self_reports import listening

    if outcome.load is None or interrupted() is not None:
        reason = next(iter(outcome.doubts), "the run was ended before")
        return *unavailable(f"no drill was done: {reason}", plan.config), ()
    progress.step(f"drills: {len(plan.config.drills)}")
    folder, drills = str(Path(plan.config.file).resolve().parent), plan.config.drills
    try:
        with (
            commander(drills, for_commands(environment, plan.allow_env), folder) as commands,
            listening(
                plan.target, plan.config.probes, ready=_asks(plan, DRILL_HEALTH), breakers=_asks(plan, DRILL_BREAKER)
            ) as said,
        ):
            conducted = conduct(
                drills,
                plan.config.load,
                plan.engine,
                plan.proxies,
                workers=plan.workers,
                interrupted=lambda: interrupted() is not None,
                environment=for_scenarios(environment, plan.allow_env),
                commands=commands,
                load_did=said.load_did,
                say=progress.step,
            )
            reports = said.result()
    except NotMeasured as error:
        return *unavailable(f"no drill was done: {error}", plan.config), ()
    notes = tuple(note for one in conducted.drills for note in one.notes)
    found, courses = measure(conducted, plan.proxies.seconds, plan.config, reports)
    return (*found, *measure_writes(conducted, courses, plan.config, stages.of_drills)), courses, notes


def _asks(plan: Plan, metric: str) -> bool:
    return any(check.metric == metric for check in plan.config.checks)


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
        from readiness.database.health_dependency import touches

        progress.step("asking whether the health check touches the database")
        with Getter(plan.target) as getter:
            return (touches(plan.database_url, path, lambda: getter.get(path).status),)
    except NotMeasured as error:
        return (Measurement(metric, None, None, "database", reason=clean(error)),)


def _probing(plan: Plan, seen: probes.Observations, load: Load | None) -> Probing | None:
    """What the probes cost beside the load; None without a load or a request of a probe."""
    chosen = plan.health_pace
    if load is None or chosen is None or not seen.cost.requests:
        return None
    return Probing(
        seen.cost,
        overhead.of_load(load),
        load.judged_s,
        seen.received_bytes,
        planned_requests=chosen.planned_requests,
        every_ms=chosen.every_ms,
        declared=chosen.declared,
        needed_looks=chosen.needed_samples,
    )


def _limits(plan: Plan, wanted: set[str]) -> tuple[Measurement, ...]:
    """Whether the limits are the user's own, where a check asks for it."""
    own = plan.own_limits and not plan.config.starter_limits
    return (Measurement(STARTER_METRIC, None, float(own), "plan"),) if STARTER_METRIC in wanted else ()


def _notes(plan: Plan, outcome: controller.LoadOutcome) -> tuple[str, ...]:
    allowed = (f"Allowed by --allow-db-writer: {plan.writer}.",) if plan.writer else ()
    return (*plan.remarks, *allowed, *warnings(plan), *outcome.notes)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
