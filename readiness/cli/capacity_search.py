"""One `readiness capacity` from its flags to its files."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from readiness.cli.artefacts import Artefacts
from readiness.cli.capacity_request import CapacityRequest
from readiness.cli.output import read_flag, say
from readiness.cli.preparation import (
    demo_profile,
    find_scenarios,
    local_provenance,
    new_run_id,
    read_config,
    secrets_of,
    unused_thresholds,
)
from readiness.cli.signals import watched
from readiness.cli.workers import workers_of
from readiness.config import ceilings, durations
from readiness.config.model import Config
from readiness.config.override import override
from readiness.config.trust import trust_of
from readiness.errors import ConfigError, ExitCode, NotMeasured
from readiness.judge.capacity.attempt import lowest_users
from readiness.judge.capacity.capacity import Capacity, CapacityBound, CapacityKind, conclude, scalability_of
from readiness.judge.capacity.search import START_SHARE, Range
from readiness.judge.capacity.sizing import Wanted, size, wanted
from readiness.judge.load_steps import checks_of_a_height
from readiness.load.engine_plan import ScenarioFile
from readiness.measurements.provenance import Target
from readiness.report.capacity import CAPACITY_FORMATS
from readiness.report.locking import sole_writer
from readiness.report.redacted import redacted
from readiness.report.writing import prepare
from readiness.run import target as targets
from readiness.run.capacity_trials import Ascent, SearchOrder, ascend
from readiness.run.progress_choice import choose, give_back
from readiness.run.scenario_files import refuse_foreign

_UNFINISHED = "The search did not come to its end."
LAW_CONFIDENCE = 0.95
"""Two-sided, of the fitted law's intervals, where the file compares bare values."""


@dataclass(frozen=True, slots=True)
class SearchFound:
    """What came of it."""

    capacity: Capacity
    exit_code: ExitCode
    problems: tuple[str, ...]
    """Files that could not be written, as sentences."""


def search(request: CapacityRequest) -> SearchFound:
    """Do the whole search. Raises ConfigError or Refused, before any load."""
    environ = dict(os.environ)
    refuse_foreign(request.scenarios)
    config = _config(request, environ)
    unit = "users" if request.max_users is not None else "/s"
    asked = None if request.wanted is None else wanted(request.wanted, request.at_cpu, unit)
    profile = demo_profile(request.target)
    url = None if profile else targets.parse(request.target)
    scenarios = find_scenarios(request.scenarios, config, request.target, _tell(request))
    if unused := unused_thresholds(request.thresholds, request.target):
        _tell(request)(unused)
    trial_s = read_flag("--hold", lambda: durations.parse(request.hold.strip(), least_s=1.0, most_s=600.0))
    workers = workers_of(config.load.processes, environ)
    started_at = _now()
    prepare(request.out)
    with ExitStack() as open_things:
        open_things.enter_context(sole_writer(request.out))
        interrupted = open_things.enter_context(watched())
        secrets = secrets_of(environ, config)
        artefacts = Artefacts(request.out, tuple(CAPACITY_FORMATS.values()), secrets)
        progress = choose(quiet=request.quiet, secrets=secrets)
        open_things.callback(progress.close)
        interrupted.before_exit = give_back
        order = SearchOrder(
            run_id=new_run_id(),
            config=config,
            target=Target(request.target, url or ""),
            scenarios=scenarios,
            allowed_addresses=targets.addresses_of(
                [one for one in request.allow_hosts or () if one in config.allowed_hosts], url or ""
            ),
            workers=workers,
            heights=_heights(config, scenarios),
            open=config.load.rate_per_s is not None,
            trial_s=trial_s,
            allow_env=frozenset(request.allow_env or ()),
        )
        _replace_yesterday(
            _concluded(order, Ascent((), local_provenance(), _UNFINISHED), started_at, None, asked), artefacts
        )
        if profile:
            from readiness.demo import stack

            progress.step("starting the demo service with its database and cache")
            url = open_things.enter_context(stack.start(profile)).url
            environ.pop("READINESS_PASSWORD", None)  # it is some other service's; the demo has its own accounts
        try:
            target = targets.resolve(request.target, url or "", request.allow_hosts or (), config.allowed_hosts)
            order = replace(order, target=target)
            ascent = ascend(order, progress=progress, interrupted=interrupted, environment=environ, secrets=secrets)
        except NotMeasured as error:
            ascent = Ascent((), local_provenance(), str(error))
        capacity = redacted(_concluded(order, ascent, started_at, interrupted(), asked), secrets)
        problems = artefacts.write(capacity)
    code = capacity.exit_code
    return SearchFound(capacity, ExitCode.REPORT_FAILED if problems and code is ExitCode.READY else code, problems)


def _config(request: CapacityRequest, environ: Mapping[str, str]) -> Config:
    """The file with the height's limit as its load. Raises ConfigError."""
    if request.max_users is None and request.max_rate is None:
        raise ConfigError("capacity: needs --max-users N or --max-rate R: no search goes on without end")
    if request.max_users is not None and request.max_rate is not None:
        raise ConfigError("capacity: --max-users stands beside --max-rate; give only one of the two")
    config = read_config(request.thresholds, request.target, environ, trust_of(request.allow_env))
    try:
        config = override(config, users=request.max_users, rate=request.max_rate, processes=request.processes)
    except ConfigError as error:
        renamed = (one.replace("--users", "--max-users").replace("--rate", "--max-rate") for one in error.problems)
        raise ConfigError(*renamed) from None
    if request.ceilings is not None:
        ceilings.check(config, ceilings.read(request.ceilings), request.ceilings)
    if not checks_of_a_height(config):
        raise ConfigError(
            f"{config.file}: checks: none of them limits the load's latency or errors, so every load would be inside; "
            'add one, such as latency.p95: { pass: "< 250 ms" }'
        )
    own = request.thresholds is None and demo_profile(request.target)
    return replace(config, file=f"the demo's own {config.file}") if own else config


def _tell(request: CapacityRequest) -> Callable[[str], None]:
    return lambda text: None if request.quiet else say(f"readiness: {text}", to_stderr=True)


def _heights(config: Config, scenarios: tuple[ScenarioFile, ...]) -> Range:
    rate_per_s = config.load.rate_per_s
    if rate_per_s is not None:
        return Range(min(1.0, rate_per_s * START_SHARE), rate_per_s, whole=False)
    most = float(config.load.users or 1)
    return Range(lowest_users((file.weight for file in scenarios), most), most, whole=True)


def _concluded(
    order: SearchOrder, ascent: Ascent, started_at: str, interrupted: str | None, asked: Wanted | None
) -> Capacity:
    config = order.config
    kind, answer = conclude(ascent.attempts, order.heights)
    law_confidence = LAW_CONFIDENCE if config.confidence is None else config.confidence
    scalability, note = scalability_of(ascent.attempts, order.unit, law_confidence)
    return Capacity(
        run_id=order.run_id,
        service=config.service,
        target=order.target,
        started_at=started_at,
        ended_at=_now(),
        provenance=ascent.provenance,
        unit=order.unit,
        heights=order.heights,
        bounds=tuple(
            CapacityBound(check.key, check.title, check.pass_limit.text) for check in checks_of_a_height(config)
        ),
        thresholds_file=config.file,
        thresholds_sha256=config.sha256,
        confidence=config.confidence,
        kind=kind,
        answer=answer,
        attempts=ascent.attempts,
        scalability=scalability,
        scalability_note=note,
        interrupted=interrupted,
        problem=ascent.problem,
        sizing=size(ascent.attempts, asked, more_may_hold=kind is CapacityKind.AT_LEAST),
    )


def _replace_yesterday(capacity: Capacity, artefacts: Artefacts) -> None:
    """Yesterday's answer must not outlive this start. Raises ConfigError when it cannot be replaced."""
    problems = artefacts.write(redacted(capacity, artefacts.secrets))
    if problems:
        raise ConfigError(*(f"--out {artefacts.out}: {problem}" for problem in problems))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
