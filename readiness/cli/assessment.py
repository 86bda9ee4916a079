"""One `readiness run` from its flags to its files. Each step is a function of another module; this is their order."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from readiness import database
from readiness.cli import attempts
from readiness.cli import starter as starters
from readiness.cli.artefacts import Artefacts, settle, step_summary, write_reports, write_summary
from readiness.cli.destinations import check_samples, folder_of, keep_of, samples_of
from readiness.cli.drills import command_lines, drilled, environment_of_demo, for_demo, of_running_demo, with_drills
from readiness.cli.files import Files
from readiness.cli.formats import parse as parse_formats
from readiness.cli.output import read_flag
from readiness.cli.preparation import demo_profile, find_scenarios, new_run_id, read_config, secrets_of
from readiness.cli.reading import read_files, withheld_variables, without_secrets
from readiness.cli.run_request import RunRequest, locust_options
from readiness.cli.shapes import with_load_of
from readiness.cli.signals import watched
from readiness.cli.workers import check_target, workers_of
from readiness.config import ceilings, scalars
from readiness.config.model import Config
from readiness.config.override import override
from readiness.config.scenario_notes import left_out, trusting
from readiness.config.trust import trust_of
from readiness.database.needed import without_database
from readiness.errors import ConfigError, ExitCode, NotMeasured, ReadinessError, Refused
from readiness.judge import repeats
from readiness.judge.judge import judge
from readiness.judge.verdict import Verdict
from readiness.load.engine_plan import ScenarioFile
from readiness.load.workers.settings import Workers
from readiness.measurements.provenance import Target
from readiness.measurements.run import Run
from readiness.probes import monitoring, redis_info
from readiness.report import run_folders
from readiness.report.locking import sole_writer
from readiness.report.redacted import redacted
from readiness.report.retention import remove_oldest
from readiness.report.run_folders import RUNS_FOLDER
from readiness.report.writing import prepare
from readiness.run import target as targets
from readiness.run.execute import execute
from readiness.run.plan import Plan, unsure, warnings
from readiness.run.plan import plan as make_plan
from readiness.run.progress_choice import choose, give_back
from readiness.text.redaction import redact

MAX_REPEATS = 20
CACHE_VARIABLE = "READINESS_CACHE_URL"


@dataclass(frozen=True, slots=True)
class Assessment:
    """What came of it."""

    verdict: Verdict
    problems: tuple[str, ...]
    """Files that could not be written, as sentences."""
    secrets: tuple[str, ...]
    out: Path
    """Where the files are."""


def assess(request: RunRequest) -> Assessment:
    """Do the whole run. Raises ConfigError or Refused, before any load."""
    environ = dict(os.environ)
    options = locust_options(request.own, request.tags, request.exclude_tags)
    formats = parse_formats(request.formats)
    asked = (request.target, request.thresholds, request.scenarios, request.paths or ())
    starter = starters.wanted(*asked, allow_conditional=request.allow_conditional)
    profile = demo_profile(request.target)
    config = _config(request, environ, starters.config(starter, starters.FirstAnswers()) if starter else None)
    url = starter.url if starter else None if profile else targets.parse(request.target)
    notes: list[str] = []
    scenarios = () if starter else find_scenarios(request.scenarios, config, request.target, notes.append)
    repeat, keep = _repeat(request.repeat), keep_of(request.keep, request.out)
    check_samples(request.samples, repeat)
    workers = workers_of(
        config.load.processes,
        environ,
        remote=request.remote_workers,
        listen=request.listen,
        wait=request.worker_wait,
        token_file=request.token_file,
    )
    database_url = database.from_environment(environ)
    if database_url and not profile:
        database.parse(database_url)
    unmeasured = None if database_url or profile else without_database(config)
    cache_url = environ.get(CACHE_VARIABLE) or None
    if cache_url and not profile:
        redis_info.parse(cache_url)
    unmonitored = monitoring.unmonitored(config, environ)
    run_id = new_run_id()
    out = folder_of(request.out, run_id, environ)
    with ExitStack() as open_things:
        open_things.enter_context(sole_writer(out))
        interrupted = open_things.enter_context(watched())
        secrets = secrets_of(environ, config, database_url, cache_url, workers.token if workers else None)
        proxies = drilled(request, config, environ, secrets, open_things)
        progress = choose(quiet=request.quiet, secrets=secrets, live=request.live)
        open_things.callback(progress.close)
        interrupted.before_exit = give_back
        for warning in filter(None, (unmeasured, unmonitored)):
            progress.note(warning)
        artefacts = Artefacts(out, formats, secrets)
        files = Files(artefacts, run_id, config, request.target)
        files.replace_yesterday()
        if out != request.out:
            run_folders.point(out)
        if profile:
            from readiness.demo import stack

            progress.step("starting the demo service with its database and cache")
            running = open_things.enter_context(stack.start(profile, between=proxies.between))
            url, database_url, cache_url = running.url, running.database_url, running.cache_url
            environ = environment_of_demo(environ, config, running)
            secrets = (*secrets, *secrets_of(environ, config, database_url, cache_url))
            config, artefacts = of_running_demo(config, running), replace(artefacts, secrets=secrets)
        first = starters.FirstAnswers()
        if starter:
            scenarios = starters.scenario(starter, Path(open_things.enter_context(TemporaryDirectory())))
            progress.step("asking the service where its pages and its health check are")
            first = starters.first(
                starter,
                request.target,
                request.allow_hosts or (),
                config.allowed_hosts,
                lambda: interrupted() is not None,
            )
            config = _config(request, environ, starters.config(starter, first))
        # The built-in scenarios are known; that others look at no answer stands in the report too.
        ours = [] if starter or profile else [file.path for file in scenarios]
        own = (*left_out(ours), *trusting(ours))
        remarks = (starter.sentence(first.unloadable),) if starter else own
        try:
            plan = _plan(
                request, run_id, config, url or "", scenarios, database_url, files, secrets, cache_url, workers
            )
        except ReadinessError as error:
            raise without_secrets(error, secrets) from None
        plan = replace(
            plan,
            engine=replace(plan.engine, samples=request.samples is not None, options=options),
            allow_env=frozenset(request.allow_env or ()),
            own_limits=starter is None,
            unloadable=first.unloadable,
            remarks=remarks,
        )
        plan = with_drills(plan, proxies, request, environ)
        shape = read_files(plan, interrupted, environ, files, secrets)
        plan, told = with_load_of(plan, shape, None if profile or starter else Path(config.file), request)
        config = plan.config if told else config
        for warning in (
            *command_lines(plan),
            *remarks,
            *notes,
            *told,
            *warnings(plan),
            *unsure(plan),
            *withheld_variables(plan, environ),
        ):
            progress.note(redact(warning, secrets))
        samples = samples_of(request.samples, secrets)
        runs: list[Run] = []
        while not runs or (len(runs) < repeat and not interrupted()):
            if repeat > 1:
                progress.step(f"run {len(runs) + 1} of {repeat}")
            try:
                runs.append(
                    execute(
                        _again(plan, len(runs)),
                        progress=progress,
                        interrupted=interrupted,
                        environment=environ,
                        samples=samples,
                    )
                )
            except ConfigError as error:
                files.replace_yesterday(redact(f"Nothing was sent: {error}", secrets))
                raise without_secrets(error, secrets) from None
        progress.step("judging and writing the reports")
        run = _deciding(runs, config, repeat, artefacts)
        result = _report(request, run, config, artefacts)
        if interrupted() and run.interrupted is None:  # it came after the load: the answer is not this run's to give
            run = replace(run, interrupted=interrupted())
            result = _report(request, run, config, artefacts)
        if problem := attempts.append(out, redacted(run, secrets), result.verdict):
            progress.note(problem)
        summary = step_summary(os.environ, request.formats)
        verdict, problems = write_summary(result.verdict, run, artefacts, summary)
        for sentence in remove_oldest(RUNS_FOLDER, keep, out) if keep else ():
            progress.note(sentence)
    return replace(result, verdict=verdict, problems=result.problems + problems)


def _again(plan: Plan, number: int) -> Plan:
    """The plan under a run id of its own: writes and workers of two runs are never mixed up."""
    run_id = f"{plan.run_id}-{number + 1}" if number else plan.run_id
    return replace(plan, run_id=run_id, engine=replace(plan.engine, run_id=run_id))


def _deciding(runs: Sequence[Run], config: Config, planned: int, artefacts: Artefacts) -> Run:
    """The run whose report is the answer, with what stands in its notes about the others and about earlier attempts."""
    notes: tuple[str, ...] = ()
    run = runs[0]
    if planned > 1:
        verdicts = [judge(one, config) for one in runs]
        for number, (one, verdict) in enumerate(zip(runs, verdicts, strict=True), 1):
            beside = replace(artefacts, out=artefacts.out / f"run-{number}")
            prepare(beside.out)
            beside.write_run(one)
            write_reports(verdict, one, beside)
        run = runs[repeats.worst(verdicts)]
        notes = repeats.sentences(verdicts, planned)
    clear = redacted(run, artefacts.secrets)
    earlier = attempts.before(artefacts.out, clear.target.name, clear.provenance.commit)
    return replace(run, notes=(*([earlier] if earlier else []), *notes, *run.notes))


def _report(request: RunRequest, run: Run, config: Config, artefacts: Artefacts) -> Assessment:
    """Judge the run and write its files."""
    verdict = settle(judge(run, config), allow_conditional=request.allow_conditional)
    problem = artefacts.write_run(run)
    if problem and verdict.exit_code in (ExitCode.READY, ExitCode.CONDITIONAL):
        verdict = replace(verdict, exit_code=ExitCode.REPORT_FAILED, notes=(*verdict.notes, problem))
    verdict, problems = write_reports(verdict, run, artefacts)
    return Assessment(verdict, ((problem,) if problem else ()) + problems, artefacts.secrets, artefacts.out)


def _config(request: RunRequest, environ: Mapping[str, str], starter: Config | None) -> Config:
    own = starter or read_config(request.thresholds, request.target, environ, trust_of(request.allow_env))
    config = override(
        for_demo(own, demo_profile(request.target)),
        users=request.users,
        rate=request.rate,
        duration=request.duration,
        ramp_up=request.ramp_up,
        warm_up=request.warm_up,
        processes=request.processes,
    )
    if request.deep:
        config = replace(config, database=replace(config.database, deep=True))
    if request.ceilings is not None:
        ceilings.check(config, ceilings.read(request.ceilings), request.ceilings)
    return config


def _repeat(text: str | None) -> int:
    return read_flag("--repeat", lambda: scalars.whole(text.strip(), least=1, most=MAX_REPEATS)) if text else 1


def _plan(
    request: RunRequest,
    run_id: str,
    config: Config,
    url: str,
    scenarios: tuple[ScenarioFile, ...],
    database_url: str | None,
    files: Files,
    secrets: Sequence[str],
    cache_url: str | None,
    workers: Workers | None,
) -> Plan:
    """The plan, after the guards; what they refuse is left in the files as the reason."""
    unreachable, writer = None, ""
    try:
        try:
            target = targets.resolve(request.target, url, request.allow_hosts or (), config.allowed_hosts)
        except NotMeasured as error:
            target, unreachable = Target(request.target, url, ()), str(error)
        check_target(workers, target)
        if database_url is not None:
            with suppress(NotMeasured):  # unreachable: every measurement of the database will say so
                writer = database.check_role(database_url, config.database, writer_allowed=request.allow_db_writer)
    except Refused as refused:
        files.replace_yesterday(redact(f"Refused before any load: {refused}", secrets))
        raise
    extra = targets.addresses_of([host for host in request.allow_hosts or () if host in config.allowed_hosts], url)
    made = make_plan(
        run_id,
        config,
        target,
        scenarios,
        allowed_addresses=extra,
        database_url=database_url,
        writer=writer if request.allow_db_writer else None,
        unreachable=unreachable,
        cache_url=cache_url,
    )
    return replace(made, workers=workers)
