"""`--drills`: the guards before anything is broken, and the proxies that run as long as the run does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from readiness.cli.reading import without_secrets
from readiness.config.model import Config
from readiness.drills.commands import shown
from readiness.drills.proxies import Proxies, start
from readiness.errors import ConfigError, NotMeasured, ReadinessError
from readiness.run import target as targets
from readiness.run.plan import Plan


class DrillFlags(Protocol):
    """Those of the command line that drills obey."""

    @property
    def drills(self) -> bool:
        """Whether there are to be any."""
        ...

    @property
    def allow_commands(self) -> bool:
        """Whether they may run programs."""
        ...

    @property
    def allow_hosts(self) -> Sequence[str]:
        """Where a proxy may lead to."""
        ...


def drilled(
    flags: DrillFlags, config: Config, environ: Mapping[str, str], secrets: Sequence[str]
) -> AbstractContextManager[Proxies | None]:
    """The proxies of the file, to be started; nothing without `--drills`.

    Raises ConfigError, and Refused where one leads to another machine.
    """
    if not flags.drills:
        return nullcontext()
    try:
        return _checked(config, flags, environ)
    except ReadinessError as error:
        raise without_secrets(error, secrets) from None


def _checked(config: Config, flags: DrillFlags, environ: Mapping[str, str]) -> AbstractContextManager[Proxies]:
    if not config.drills:
        raise ConfigError(
            f"--drills: {config.file} has no drills; write what to break, such as "
            "drills: { database_hangs: { proxy: database, fault: hang, for: 10s } }"
        )
    if problems := list(_commands(config, environ, allowed=flags.allow_commands)):
        raise ConfigError(*problems)
    for name, proxy in config.proxies.items():
        where = f"proxies.{name}.to"
        url = f"tcp://{proxy.to}"
        try:
            targets.resolve(where, url, flags.allow_hosts, config.allowed_hosts)
        except NotMeasured as error:
            raise ConfigError(f"{config.file}:{proxy.line}: {where}: {urlsplit(url).hostname}: {error}") from None
    return start(config.proxies, config.file)


def command_lines(plan: Plan) -> Iterator[str]:
    """What the drills are going to run, for whoever reads along."""
    for name, drill in plan.config.drills.items() if plan.proxies else ():
        for key, line in drill.programs.items():
            yield f"drills.{name}.{key} is going to run: {shown(line)}"


def _commands(config: Config, environ: Mapping[str, str], *, allowed: bool) -> Iterator[str]:
    folder = Path(config.file).resolve().parent
    for name, drill in config.drills.items():
        for key, (program, *_) in drill.programs.items():
            where = f"{config.file}:{drill.line}: drills.{name}.{key}"
            if not allowed:
                yield f"{where}: runs a program of yours; read it, then allow it with --allow-commands"
            elif shutil.which(folder / program if "/" in program else program, path=environ.get("PATH")) is None:
                yield f"{where}: there is no program {program} that can be run"
