"""What the flags, the environment and the files say of one `readiness run`, read before anything starts or is sent."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from readiness import database
from readiness.cli import starter as starters
from readiness.cli.destinations import check_samples, keep_of
from readiness.cli.drills import DrillProxies, environment_of_demo, for_demo, of_running_demo
from readiness.cli.formats import parse as parse_formats
from readiness.cli.output import read_flag
from readiness.cli.preparation import demo_profile, find_scenarios, read_config, secrets_of, unused_thresholds
from readiness.cli.run_request import RunRequest, locust_options
from readiness.cli.signals import Interruption
from readiness.cli.workers import workers_of
from readiness.config import ceilings, scalars
from readiness.config.model import Config
from readiness.config.override import override
from readiness.config.scenario_notes import left_out, trusting
from readiness.config.trust import trust_of
from readiness.database.needed import without_database
from readiness.load.engine_plan import ScenarioFile
from readiness.load.workers.settings import Workers
from readiness.probes import monitoring, redis_info
from readiness.report import Format
from readiness.run import target as targets
from readiness.run.progress import Progress
from readiness.run.scenario_files import refuse_foreign

_MAX_REPEATS = 20
_CACHE_VARIABLE = "READINESS_CACHE_URL"


@dataclass(frozen=True, slots=True)
class RunInputs:
    """Everything a plan is made from."""

    request: RunRequest
    environ: Mapping[str, str]
    options: tuple[str, ...]
    """Words for Locust's own parser."""
    formats: tuple[Format, ...]
    config: Config
    scenarios: tuple[ScenarioFile, ...]
    profile: str | None
    """Of the built-in demo; None for any other target."""
    starter: starters.Starter | None
    """What is loaded where there are neither limits nor scenarios."""
    url: str | None
    """None: the demo has not started."""
    database_url: str | None
    cache_url: str | None
    workers: Workers | None
    repeat: int
    keep: int | None
    secrets: tuple[str, ...]
    notes: tuple[str, ...]
    """About the scenario files that were chosen."""
    warnings: tuple[str, ...]
    """What will not be measured, and why."""
    remarks: tuple[str, ...]
    """What stands in the report too."""
    first: starters.FirstAnswers
    """Of the service behind a bare URL."""


def read_inputs(request: RunRequest) -> RunInputs:
    """Raises ConfigError for what the user wrote."""
    environ = dict(os.environ)
    options = locust_options(request.own, request.tags, request.exclude_tags)
    formats = parse_formats(request.formats)
    refuse_foreign(request.scenarios)
    asked = (request.target, request.thresholds, request.scenarios, request.paths or ())
    starter = starters.wanted(*asked, allow_conditional=request.allow_conditional)
    profile = demo_profile(request.target)
    config = _config(request, environ, starters.config(starter, starters.FirstAnswers()) if starter else None)
    url = starter.url if starter else None if profile else targets.parse(request.target)
    notes = [note for note in (unused_thresholds(request.thresholds, request.target),) if note]
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
    database_url, cache_url = database.from_environment(environ), environ.get(_CACHE_VARIABLE) or None
    if database_url and not profile:
        database.parse(database_url)
    if cache_url and not profile:
        redis_info.parse(cache_url)
    unmeasured = None if database_url or profile else without_database(config)
    # The built-in scenarios are known; that others check no answer stands in the report too.
    own = [] if starter or profile else [file.path for file in scenarios]
    return RunInputs(
        request=request,
        environ=environ,
        options=options,
        formats=formats,
        config=config,
        scenarios=scenarios,
        profile=profile,
        starter=starter,
        url=url,
        database_url=database_url,
        cache_url=cache_url,
        workers=workers,
        repeat=repeat,
        keep=keep,
        secrets=secrets_of(environ, config, database_url, cache_url, workers.token if workers else None),
        notes=tuple(notes),
        warnings=tuple(filter(None, (unmeasured, monitoring.unmonitored(config, environ)))),
        remarks=(*left_out(own), *trusting(own)),
        first=starters.FirstAnswers(),
    )


def with_demo(inputs: RunInputs, proxies: DrillProxies, progress: Progress, open_things: ExitStack) -> RunInputs:
    """With the addresses of the demo, which runs from here on; unchanged for any other target."""
    if inputs.profile is None:
        return inputs
    from readiness.demo import stack

    progress.step("starting the demo service with its database and cache")
    running = open_things.enter_context(stack.start(inputs.profile, between=proxies.between))
    environ = environment_of_demo(inputs.environ, inputs.config, running)
    return replace(
        inputs,
        url=running.url,
        database_url=running.database_url,
        cache_url=running.cache_url,
        environ=environ,
        config=of_running_demo(inputs.config, running),
        secrets=(*inputs.secrets, *secrets_of(environ, inputs.config, running.database_url, running.cache_url)),
    )


def with_first_answers(
    inputs: RunInputs, progress: Progress, interrupted: Interruption, open_things: ExitStack
) -> RunInputs:
    """With the scenario and the limits for what a bare URL answers; unchanged where there are limits or scenarios."""
    if inputs.starter is None:
        return inputs
    request, starter = inputs.request, inputs.starter
    scenarios = starters.scenario(starter, Path(open_things.enter_context(TemporaryDirectory())))
    progress.step("asking the service where its pages and its health check are")
    first = starters.first(
        starter,
        request.target,
        request.allow_hosts or (),
        inputs.config.allowed_hosts,
        lambda: interrupted() is not None,
    )
    return replace(
        inputs,
        scenarios=scenarios,
        first=first,
        config=_config(request, inputs.environ, starters.config(starter, first)),
        remarks=(starter.sentence(first.unloadable),),
    )


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
    return read_flag("--repeat", lambda: scalars.whole(text.strip(), least=1, most=_MAX_REPEATS)) if text else 1
