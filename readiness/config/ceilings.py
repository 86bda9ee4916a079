"""The file of `--ceilings`: what thresholds.yaml must not exceed, written by those who own the machine and the target.

It is trusted, as every flag is; thresholds.yaml may come with a stranger's pull request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from readiness.config import durations
from readiness.config.database import size_form
from readiness.config.drill_notes import peak_per_s
from readiness.config.drills import drills_s
from readiness.config.form import Problem, Wrong, described, items, section_of
from readiness.config.model import Config, Database, LoadSection
from readiness.config.scalars import duration_form, flag_form, rate_form, text_form, whole_form
from readiness.config.sections import DAY_S, MAX_PROCESSES, MAX_RATE_PER_S, MAX_USERS
from readiness.config.tree import MAX_BYTES, Unreadable, compose
from readiness.config.trust import Trust
from readiness.config.variables import Variables
from readiness.errors import ConfigError
from readiness.text import clean, foreign_files

_LOAD, _DATABASE = LoadSection(), Database()
_TIME = described(duration_form(least_s=0.001, most_s=7 * DAY_S), "Of the whole load.")
_TIMEOUT = duration_form(least_s=0.001, most_s=3600)
_LOOKUPS = described(whole_form(least=1, most=20_000), "Paths and numbers of probes; counts and relations.")
_DISTURB = described(flag_form(), "Whether probes may write or provoke failures, and whether there may be drills.")


@dataclass(frozen=True, slots=True)
class Ceilings:
    """The most that is allowed. What the file of ceilings leaves out stays at the default of thresholds.yaml."""

    users: Annotated[int, whole_form(least=1, most=MAX_USERS)] = _LOAD.users or 0
    rate_per_s: Annotated[float, ("rate", rate_form(most=MAX_RATE_PER_S))] = 0.0
    """Without it no open load is allowed, as none is the default."""
    time_s: Annotated[float, ("time", _TIME)] = _LOAD.duration_s
    """Of the whole load: every step with its ramp, its warm-up and its hold, and calibration beyond the customary."""
    processes: Annotated[int, whole_form(least=1, most=MAX_PROCESSES)] = _LOAD.processes
    request_timeout_s: Annotated[float, ("request_timeout", _TIMEOUT)] = _LOAD.timeout_s
    statement_timeout_s: Annotated[float, ("statement_timeout", _TIMEOUT)] = _DATABASE.statement_timeout_s
    max_scan_bytes: Annotated[int, ("max_scan", size_form())] = _DATABASE.max_scan_bytes
    lookups: Annotated[int, _LOOKUPS] = 50
    """Of each: places that probes ask for by the file's own words, and what is counted or checked in the database."""
    deep: Annotated[bool, described(flag_form(), "Whether database.deep may stand there.")] = False
    """Whether every index may be verified (`database.deep`, `--deep`)."""
    sql: Annotated[bool, described(flag_form(), "Whether database.queries may stand there.")] = False
    """Whether the file may bring SQL of its own (`database.queries`)."""
    disturb: Annotated[bool, _DISTURB] = False
    """Whether it may have probes that write or provoke failures, and drills."""
    commands: Annotated[bool, described(flag_form(), "Whether drills may run programs.")] = False
    """Whether drills may run programs, where `--allow-commands` is given too."""
    allowed_hosts: Annotated[tuple[str, ...], items(text_form(most=253))] = ()


def read(path: Path) -> Ceilings:
    """The ceilings in the file at `path`. Raises ConfigError with every mistake, each with its line."""
    try:
        root = compose(foreign_files.read_bytes(path, MAX_BYTES))
        if root is None:
            raise ConfigError(
                f"{path}: is empty; write the ceilings, such as users: 50 (see docs/reference/thresholds.md)"
            )
        walk = Variables({}, Trust())
        ready = walk.node(root, "")
        if walk.problems:
            raise Wrong(*walk.problems)
        return section_of(Ceilings).read(ready, "")
    except foreign_files.NotReadable as error:
        raise ConfigError(f"--ceilings: {path}: {error}") from None
    except Unreadable as error:
        raise ConfigError(f"{path}:{error.line}: {error}") from None
    except Wrong as wrong:
        raise ConfigError(*(_line(path, problem) for problem in wrong.problems)) from None


def check(config: Config, ceilings: Ceilings, path: Path) -> None:
    """Raises ConfigError with everything in `config` that is above the ceilings of the file at `path`."""
    problems = [
        f"{config.file}: {key}: {clean(given)} is more than {path} allows ({most})"
        for key, given, most in _above(config, ceilings)
    ]
    if problems:
        raise ConfigError(*problems)


def _above(config: Config, most: Ceilings) -> Iterator[tuple[str, str, str]]:
    """(key, what stands there, the ceiling) of each that is too high."""
    load, database, probes = config.load, config.database, config.probes
    height = max(load.steps, default=load.users if load.rate_per_s is None else load.rate_per_s) or 0
    key = "load.steps" if load.steps else "load.users" if load.rate_per_s is None else "load.rate"
    if load.rate_per_s is None and height > most.users:
        yield key, f"{height:,.0f} users", f"{most.users:,} users"
    if load.rate_per_s is not None and height > most.rate_per_s:
        yield key, f"{height:,g} /s", f"{most.rate_per_s:,g} /s" if most.rate_per_s else "no rate: a closed load only"
    if load.timeout_s > most.request_timeout_s:
        yield "load.timeout", durations.show(load.timeout_s), durations.show(most.request_timeout_s)
    if (whole_s := time_s(load)) > most.time_s:
        yield "load", f"{durations.show(whole_s)} with ramps, warm-ups and steps", durations.show(most.time_s)
    if load.processes > most.processes:
        yield "load.processes", f"{load.processes:,}", f"{most.processes:,}"
    if database.statement_timeout_s > most.statement_timeout_s:
        given = durations.show(database.statement_timeout_s)
        yield "database.statement_timeout", given, durations.show(most.statement_timeout_s)
    if database.max_scan_bytes > most.max_scan_bytes:
        yield "database.max_scan", _gigabytes(database.max_scan_bytes), _gigabytes(most.max_scan_bytes)
    for key, number in _lookups(config).items():
        if number > most.lookups:
            yield key, f"{number:,} entries", f"lookups: {most.lookups:,}"
    if database.deep and not most.deep:
        yield "database.deep", "the verification of every index", "deep: false"
    if database.queries and not most.sql:
        yield "database.queries", f"SQL of its own ({', '.join(database.queries)})", "sql: false"
    disturbing = {
        "probes.cache.consistency": probes.cache.consistency is not None,
        "probes.circuit_breaker.provoke": probes.circuit_breaker.provoke is not None,
        "probes.rate_limit.provoke": probes.rate_limit.provoke,
    }
    for name in (name for name, there in disturbing.items() if there and not most.disturb):
        yield name, "a probe that writes or provokes", "disturb: false"
    yield from _drills_above(config, most)
    for host in config.allowed_hosts:
        if host not in most.allowed_hosts:
            shown = "a host from a variable" if host in config.secrets else host
            yield "target.allowed_hosts", shown, ", ".join(most.allowed_hosts) or "none but this machine"


def _drills_above(config: Config, most: Ceilings) -> Iterator[tuple[str, str, str]]:
    if config.restore is not None and not (most.disturb and most.commands):
        yield "restore", "a program that is run", f"{'disturb' if not most.disturb else 'commands'}: false"
    if config.restore is not None and config.restore.deadline_s > most.time_s:
        yield "restore.deadline", durations.show(config.restore.deadline_s), durations.show(most.time_s)
    if not config.drills:
        return
    if not most.disturb:
        yield "drills", f"faults on purpose ({', '.join(config.drills)})", "disturb: false"
    for name, drill in config.drills.items():
        if drill.programs and not most.commands:
            yield f"drills.{name}", "a program that is run", "commands: false"
    if (whole_s := drills_s(config.drills)) > most.time_s:
        yield "drills", f"{durations.show(whole_s)} with the windows before and after", durations.show(most.time_s)
    for name, drill in config.drills.items():
        peak = peak_per_s(drill, config.load)
        if (drill.rate_per_s is not None or drill.times > 1) and peak > most.rate_per_s:
            key = "rate" if drill.times == 1 else "load"
            yield f"drills.{name}.{key}", f"{peak:,g} /s", f"{most.rate_per_s:,g} /s"


def time_s(load: LoadSection) -> float:
    """How long the whole load lasts as planned."""
    held = [load.duration_s]
    if load.steps:
        others_s = load.duration_s if load.step_duration_s is None else load.step_duration_s
        held += [others_s] * (len(load.steps) - 1)
    return sum(held) + len(held) * (load.ramp_up_s + load.warm_up_s) + max(load.calibration_s - _LOAD.calibration_s, 0)


def _lookups(config: Config) -> Mapping[str, int]:
    """How many entries stand under each key whose every entry is a request or a statement."""
    probes, database = config.probes, config.database
    return {
        "probes.custom": len(probes.custom),
        "probes.prometheus.queries": len(probes.prometheus.queries),
        "probes.security.paths": len(probes.security.paths),
        "probes.user_agent.paths": len(probes.user_agent.paths),
        "probes.circuit_breaker.states": len(probes.circuit_breaker.states),
        "database.counts": len(database.counts),
        "database.queries": len(database.queries),
        "database.relations": len(database.relations),
        "database.schemas": len(database.schemas),
    }


def _gigabytes(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 30):g} GB"


def _line(path: Path, problem: Problem) -> str:
    return f"{path}:{problem.line}: {problem.path + ': ' if problem.path else ''}{clean(problem.text)}"
