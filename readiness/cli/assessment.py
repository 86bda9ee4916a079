"""One `readiness run` from its flags to its files. Each step is a function of another module; this is their order."""

from __future__ import annotations

import os
import select
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from readiness import database
from readiness.cli import attempts
from readiness.cli.artefacts import Artefacts, settle, step_summary, write_reports, write_summary
from readiness.cli.destinations import folder_of, samples_of
from readiness.cli.drills import DrillProxies, command_lines, drilled, with_drills
from readiness.cli.files import Files
from readiness.cli.preparation import new_run_id
from readiness.cli.reading import read_files, withheld_variables, without_secrets
from readiness.cli.run_inputs import RunInputs, read_inputs, with_demo, with_first_answers
from readiness.cli.run_request import RunRequest
from readiness.cli.shapes import with_load_of
from readiness.cli.signals import Interruption, watched
from readiness.cli.workers import check_target
from readiness.config.model import Config
from readiness.errors import ConfigError, ExitCode, NotMeasured, ReadinessError, Refused
from readiness.judge import repeats
from readiness.judge.judge import judge
from readiness.judge.verdict import Verdict
from readiness.measurements.provenance import Target
from readiness.measurements.run import Run
from readiness.report import run_folders
from readiness.report.locking import sole_writer
from readiness.report.redacted import redacted
from readiness.report.retention import remove_oldest
from readiness.report.run_folders import RUNS_FOLDER
from readiness.report.writing import prepare
from readiness.run import target as targets
from readiness.run.execute import execute
from readiness.run.plan import COMMIT_VARIABLES, Plan, told, unsure, warnings
from readiness.run.plan import plan as make_plan
from readiness.run.progress import Progress
from readiness.run.progress_choice import choose, give_back
from readiness.text.redaction import redact


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
    inputs, run_id = read_inputs(request), new_run_id()
    out = folder_of(request.out, run_id, inputs.environ)
    with ExitStack() as open_things:
        open_things.enter_context(sole_writer(out))
        interrupted = open_things.enter_context(watched())
        proxies = drilled(request, inputs.config, inputs.environ, inputs.secrets, open_things)
        progress = choose(quiet=request.quiet, secrets=inputs.secrets, live=request.live)
        open_things.callback(progress.close)
        interrupted.before_exit = partial(_ended_at_once, out, inputs, run_id)
        for warning in inputs.warnings:
            progress.note(warning)
        files = Files(Artefacts(out, inputs.formats, inputs.secrets), run_id, inputs.config, request.target)
        files.replace_yesterday()
        if out != request.out:
            run_folders.point(out)
        inputs = with_demo(inputs, proxies, progress, open_things)
        inputs = with_first_answers(inputs, progress, interrupted, open_things)
        artefacts = Artefacts(out, inputs.formats, inputs.secrets)
        plan, config = _planned(inputs, run_id, proxies, files, progress, interrupted)
        runs = _runs(inputs, plan, files, progress, interrupted)
        progress.step("judging and writing the reports")
        run = _deciding(runs, config, inputs.repeat, artefacts)
        result = _report(request, run, config, artefacts)
        if interrupted() and run.interrupted is None:  # it came after the load: the answer is not this run's to give
            run = replace(run, interrupted=interrupted())
            result = _report(request, run, config, artefacts)
        interrupted.before_exit = give_back
        interrupted.settle(result.verdict.exit_code)
        if problem := attempts.append(out, redacted(run, inputs.secrets), result.verdict):
            progress.note(problem)
        summary = step_summary(os.environ, request.formats)
        verdict, problems = write_summary(result.verdict, run, artefacts, summary)
        interrupted.settle(verdict.exit_code)
        for sentence in remove_oldest(RUNS_FOLDER, inputs.keep, out) if inputs.keep else ():
            progress.note(sentence)
    return replace(result, verdict=verdict, problems=result.problems + problems)


def _ended_at_once(out: Path, inputs: RunInputs, run_id: str) -> None:
    """What a run leaves that a second SIGINT ends: its line of the history and its last line; the report is the first.

    From a signal handler: nothing is written that would wait, and no stream of Python's is touched.
    """
    give_back()
    target = redact(inputs.request.target, inputs.secrets)
    commit = told(inputs.environ, COMMIT_VARIABLES)
    attempts.append_ended(out, run_id, target, redact(commit, inputs.secrets) if commit else None, inputs.config.sha256)
    line = f"readiness: decision=INCONCLUSIVE exit=130 run={run_id}\n"
    with suppress(OSError, ValueError):
        if select.select([], [1], [], 0)[1]:
            os.write(1, line.encode())


def _planned(
    inputs: RunInputs,
    run_id: str,
    proxies: DrillProxies,
    files: Files,
    progress: Progress,
    interrupted: Interruption,
) -> tuple[Plan, Config]:
    """The plan, and the configuration that judges it; what is worth a word is told. Raises ConfigError and Refused."""
    request, environ, secrets = inputs.request, inputs.environ, inputs.secrets
    try:
        plan = _guarded(inputs, run_id, files)
    except ReadinessError as error:
        raise without_secrets(error, secrets) from None
    plan = with_drills(plan, proxies, request, environ)
    shape = read_files(plan, interrupted, environ, files, secrets)
    own = None if inputs.profile or inputs.starter else Path(inputs.config.file)
    plan, told = with_load_of(plan, shape, own, request)
    for warning in (
        *command_lines(plan),
        *inputs.remarks,
        *inputs.notes,
        *told,
        *warnings(plan),
        *unsure(plan),
        *withheld_variables(plan, environ),
    ):
        progress.note(redact(warning, secrets))
    return plan, plan.config if told else inputs.config


def _runs(
    inputs: RunInputs, plan: Plan, files: Files, progress: Progress, interrupted: Interruption
) -> tuple[Run, ...]:
    """One run, or as many as `--repeat` asks for until a signal comes."""
    samples = samples_of(inputs.request.samples, inputs.secrets)
    runs: list[Run] = []
    while not runs or (len(runs) < inputs.repeat and not interrupted()):
        if inputs.repeat > 1:
            progress.step(f"run {len(runs) + 1} of {inputs.repeat}")
        try:
            runs.append(
                execute(
                    _again(plan, len(runs)),
                    progress=progress,
                    interrupted=interrupted,
                    environment=inputs.environ,
                    samples=samples,
                )
            )
        except ConfigError as error:
            files.replace_yesterday(redact(f"Nothing was sent: {error}", inputs.secrets))
            raise without_secrets(error, inputs.secrets) from None
    return tuple(runs)


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


def _guarded(inputs: RunInputs, run_id: str, files: Files) -> Plan:
    """The plan, after the guards; what they refuse is left in the files as the reason."""
    request, config, url = inputs.request, inputs.config, inputs.url or ""
    unreachable, writer = None, ""
    try:
        try:
            target = targets.resolve(request.target, url, request.allow_hosts or (), config.allowed_hosts)
        except NotMeasured as error:
            target, unreachable = Target(request.target, url, ()), str(error)
        check_target(inputs.workers, target)
        if inputs.database_url is not None:
            allowed = request.allow_db_writer
            with suppress(NotMeasured):  # unreachable: every measurement of the database will say so
                writer = database.check_role(inputs.database_url, config.database, writer_allowed=allowed)
    except Refused as refused:
        files.replace_yesterday(redact(f"Refused before any load: {refused}", inputs.secrets))
        raise
    extra = targets.addresses_of([host for host in request.allow_hosts or () if host in config.allowed_hosts], url)
    made = make_plan(
        run_id,
        config,
        target,
        inputs.scenarios,
        allowed_addresses=extra,
        database_url=inputs.database_url,
        writer=writer if request.allow_db_writer else None,
        unreachable=unreachable,
        cache_url=inputs.cache_url,
    )
    return replace(
        made,
        engine=replace(made.engine, samples=request.samples is not None, options=inputs.options),
        allow_env=frozenset(request.allow_env or ()),
        own_limits=inputs.starter is None,
        unloadable=inputs.first.unloadable,
        remarks=inputs.remarks,
        workers=inputs.workers,
    )
