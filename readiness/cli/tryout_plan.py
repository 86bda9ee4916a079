"""What `readiness try` runs: limits where there are any, the target, the scenarios, as a plan of one user."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from readiness.cli.preparation import (
    DEFAULT_THRESHOLDS,
    demo_profile,
    find_scenarios,
    new_run_id,
    read_config,
    secrets_of,
)
from readiness.config import starter
from readiness.config.model import Config
from readiness.config.trust import Trust
from readiness.errors import ConfigError, NotMeasured
from readiness.load.engine_plan import ScenarioFile
from readiness.measurements.provenance import Target
from readiness.run import target as targets
from readiness.run.plan import Plan, plan
from readiness.text.spelling import nearest


def config_of(given: Path | None, environ: Mapping[str, str], trust: Trust) -> Config:
    """The thresholds file where there is one; a tryout needs no limits."""
    if given is None and not os.path.lexists(DEFAULT_THRESHOLDS):
        return replace(starter.config("tryout", ["/"], None), file=DEFAULT_THRESHOLDS)
    return read_config(given, "", environ, trust)


def plan_of(
    target: str | None,
    config: Config,
    scenarios: Path | None,
    allow_hosts: Sequence[str],
    open_things: ExitStack,
    say: Callable[[str], None],
) -> Plan:
    """The plan of one user. Raises ConfigError and Refused; a demo that is asked for is started in `open_things`."""
    profile = demo_profile(target) if target else None
    files = find_scenarios(scenarios, config, target or "", say)
    name = target or _host_of(files)
    if profile:
        from readiness.demo import stack

        say("starting the demo service with its database and cache")
        url = open_things.enter_context(stack.start(profile)).url
    else:
        url = targets.parse(name)
    try:
        found = targets.resolve(name, url, allow_hosts, config.allowed_hosts)
    except NotMeasured:
        found = Target(name, url, ())
    extra = targets.addresses_of([host for host in allow_hosts if host in config.allowed_hosts], url)
    config = replace(config, load=replace(config.load, users=1, rate_per_s=None, steps=(), decide_at=None))
    made = plan(new_run_id(), config, found, files, allowed_addresses=extra, database_url=None)
    return replace(made, engine=replace(made.engine, calibration_s=0.0))


def secrets(environ: Mapping[str, str], config: Config) -> tuple[str, ...]:
    """What must not be shown."""
    return secrets_of(environ, config, None, None)


def no_such_task(wanted: str, names: Sequence[str]) -> str:
    """What to say of a task that no scenario has."""
    short = [name.rpartition(".")[2] for name in names]
    return f"--task: no task is called {wanted!r}{nearest(wanted, short)}; there are {', '.join(names) or 'none'}"


def _host_of(files: Sequence[ScenarioFile]) -> str:
    """The one `host = "http://…"` of the scenarios' classes, read as text."""
    found: set[str] = set()
    for file in files:
        try:
            tree = ast.parse(Path(file.path).read_bytes())
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            match node:
                case ast.Assign(targets=[ast.Name(id="host")], value=ast.Constant(value=str(host))):
                    found.add(host)
                case _:
                    pass
    if len(found) != 1:
        raise ConfigError(
            "TARGET: give a URL such as http://127.0.0.1:8000"
            + (f"; the scenarios name {len(found)} hosts" if found else "; the scenarios name no `host`")
        )
    return found.pop()
