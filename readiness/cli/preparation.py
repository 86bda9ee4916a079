"""What every load needs, from flags and environment: limits, the demo's profile, scenarios, secrets, a run id."""

from __future__ import annotations

import os
import platform
import secrets as random_secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from readiness import __version__, database
from readiness.cli import packaged
from readiness.config.load import load as load_config
from readiness.config.model import Config
from readiness.config.trust import Trust
from readiness.load.engine_plan import ScenarioFile
from readiness.measurements.provenance import Provenance
from readiness.probes import monitoring, redis_info
from readiness.run.scenario_files import find, none_found, usual_place
from readiness.text.redaction import secrets_in

Scenarios = tuple[ScenarioFile, ...]
DEFAULT_THRESHOLDS = "thresholds.yaml"


def demo_profile(target: str) -> str | None:
    """`optimised` for `demo`, `legacy` for `demo:legacy`, None for everything else."""
    if target == "demo":
        return "optimised"
    if not target.startswith("demo:"):
        return None
    from readiness.demo.profiles import check_profile

    profile = target.removeprefix("demo:")
    check_profile(profile)
    return profile


def read_config(given: Path | None, target: str, environ: Mapping[str, str], trust: Trust) -> Config:
    """The file of --thresholds, else thresholds.yaml here; the demo brings its own. Raises ConfigError."""
    path = given
    if path is None:
        path = packaged.path("thresholds.yaml") if demo_profile(target) else Path(DEFAULT_THRESHOLDS)
    config = load_config(path, environ, trust=trust)
    return config if given is not None else replace(config, file=DEFAULT_THRESHOLDS)


def unused_thresholds(given: Path | None, target: str) -> str | None:
    """Says that the demo is judged by its own file where another one lies here; None where nothing is left unused."""
    here = Path(DEFAULT_THRESHOLDS)
    if given is not None or not demo_profile(target) or not here.is_file():
        return None
    if here.resolve() == packaged.path(DEFAULT_THRESHOLDS).resolve():
        return None
    return f"{here} here is not used: demo has its own (give --thresholds {here} to use this one)"


def find_scenarios(given: Path | None, config: Config, target: str, say: Callable[[str], None]) -> Scenarios:
    """The files of --scenarios, else those that lie here, which is told; the demo brings its own. Raises ConfigError.

    The demo's scenarios log in with its accounts: they are never sent to any other target.
    """
    if given is None and demo_profile(target):
        return find(packaged.path("scenarios"), config.load.scenarios, config.file, whole=False)
    place = given or usual_place(Path(config.file))
    if place is None or (given is None and place.resolve() == packaged.path("scenarios").resolve()):
        raise none_found("a run against a URL")
    if given is None:
        say(f"scenarios: {place} (give --scenarios to use others)")
    return find(place, config.load.scenarios, config.file)


def secrets_of(
    environ: Mapping[str, str],
    config: Config,
    database_url: str | None = None,
    cache_url: str | None = None,
    *more: str | None,
) -> tuple[str, ...]:
    """Everything that must not be shown: of the environment, of the file, of addresses, and `more`."""
    found = [*secrets_in(environ), *config.secrets, *(one for one in more if one)]
    found += database.secrets(database_url) if database_url else ()
    found += database.secrets(scratch) if (scratch := environ.get(database.RESTORE_VARIABLE)) else ()
    found += redis_info.secrets(cache_url) if cache_url else ()
    found += monitoring.secrets(environ)
    return tuple(dict.fromkeys(found))


def new_run_id() -> str:
    """Time to a quarter of a millisecond and chance: sorted by when, never the same twice."""
    now = datetime.now(UTC)
    part = now.microsecond * 4096 // 1_000_000
    return f"{now:%Y%m%dT%H%M%SZ}-{part:03x}{random_secrets.randbits(20):05x}"


def local_provenance() -> Provenance:
    """This machine and this version, before anything was sent."""
    return Provenance(
        __version__, platform.python_version(), f"{platform.system()} {platform.machine()}", os.cpu_count() or 1
    )
