"""`--drills`: the guards before anything is broken, and the proxies that run as long as the run does."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from readiness import database
from readiness.cli.preparation import demo_profile
from readiness.cli.reading import without_secrets
from readiness.cli.run_request import RunRequest
from readiness.config.drills import Drill
from readiness.config.model import Config
from readiness.config.proxies import HostPort, Proxy
from readiness.config.restore import RESTORE
from readiness.demo import backup as demo_backup
from readiness.demo import part as demo_part
from readiness.demo.ports import free_port
from readiness.drills.commands import shown
from readiness.drills.proxies import Proxies, start
from readiness.errors import ConfigError, NotMeasured, ReadinessError
from readiness.run import target as targets
from readiness.run.plan import Plan

if TYPE_CHECKING:
    from readiness.demo.stack import Stack

_SCRATCH = "postgresql://restore:password@127.0.0.1:5432/scratch"
_DEMO = "demo"
"""The first word of a command that breaks a part of the built-in demo."""
_PARTS = ("service", "database", "cache")
_NOWHERE = 9
"""The port of the service `discard`: where a proxy leads that stands before a part which this demo does not have."""


@dataclass(slots=True)
class DrillProxies:
    """The proxies of one run, once they run; None without `--drills`."""

    config: Config
    open_things: ExitStack
    asked: bool
    running: Proxies | None = None

    def between(self, ports: Mapping[str, int]) -> Mapping[str, int]:
        """Ports of the demo's servers -> those by which its service shall reach them. Raises ConfigError."""
        if not self.asked:
            return ports
        running = self.start({name: _found(name, proxy, ports) for name, proxy in self.config.proxies.items()})
        between = {name: at.port for name, at in running.ports.items() if self.config.proxies[name].is_demos}
        return {name: between.get(name, port) for name, port in ports.items()}

    def start(self, proxies: Mapping[str, Proxy]) -> Proxies:
        """Open the ports, until everything is closed. Raises ConfigError."""
        self.running = self.open_things.enter_context(start(proxies, self.config.file))
        return self.running


def _found(name: str, proxy: Proxy, ports: Mapping[str, int]) -> Proxy:
    if not proxy.is_demos:
        return proxy
    to = ports.get(name, _NOWHERE)
    # Its port must have a number before it is bound: the kernel takes one that it chose itself back at every `refuse`.
    return replace(proxy, listen=HostPort("127.0.0.1", free_port()), to=HostPort("127.0.0.1", to))


def drilled(
    flags: RunRequest, config: Config, environ: Mapping[str, str], secrets: Sequence[str], open_things: ExitStack
) -> DrillProxies:
    """The proxies of the file, none without `--drills`; they run already, but for those that wait for the demo's ports.

    Raises ConfigError, and Refused where one leads to another machine.
    """
    proxies = DrillProxies(config, open_things, flags.drills)
    if not flags.drills:
        return proxies
    try:
        _check(config, flags, environ)
        if not demo_profile(flags.target):
            proxies.start(config.proxies)
    except ReadinessError as error:
        raise without_secrets(error, secrets) from None
    return proxies


def for_demo(config: Config, profile: str | None) -> Config:
    """The drills at rates that this demo carries. Other targets keep theirs."""
    from readiness.demo.profiles import PROFILES

    gentle = PROFILES[profile].drills if profile else None
    if gentle is None:
        return config
    return replace(
        config,
        drills={
            name: replace(one, rate_per_s=gentle.rate_per_s, after_s=gentle.after_s)
            for name, one in config.drills.items()
        },
    )


def of_running_demo(config: Config, running: Stack) -> Config:
    """The commands `[demo, …]` as programs of the package, which break or restore the parts of this demo alone."""
    drills = {name: _of_demo(one, running.parts) for name, one in config.drills.items()}
    restore = config.restore
    if restore is not None and _restores_demo(config):
        name = urlsplit(running.admin_database_url).path.lstrip("/")
        restore = replace(restore, command=(*_python(demo_backup), str(running.programs), name))
    return replace(config, drills=drills, restore=restore)


def environment_of_demo(environ: Mapping[str, str], config: Config, running: Stack) -> dict[str, str]:
    """The environment of a run against this demo."""
    # A password is some other service's: the demo has accounts of its own.
    kept = {name: value for name, value in environ.items() if name != "READINESS_PASSWORD"}
    return kept | ({database.RESTORE_VARIABLE: running.scratch_url} if _restores_demo(config) else {})


def _restores_demo(config: Config) -> bool:
    """Whether what is restored is a backup of the demo, into a scratch database of the demo."""
    return config.restore is not None and _is_demos(config.restore.command)


def _python(file: ModuleType) -> tuple[str, ...]:
    return sys.executable, "-I", "-S", str(file.__file__)


def _of_demo(drill: Drill, parts: Mapping[str, Path]) -> Drill:
    def real(line: tuple[str, ...]) -> tuple[str, ...]:
        if not _is_demos(line):
            return line
        _, word, part = line
        return (*_python(demo_part), str(parts.get(part, part)), word)

    return replace(drill, command=real(drill.command), undo=real(drill.undo))


def _is_demos(line: tuple[str, ...]) -> bool:
    return line[:1] == (_DEMO,)


def _wrong_part(name: str, key: str, line: tuple[str, ...], *, demo: bool) -> str | None:
    """What is wrong with a command for the demo. It needs no permission: it is ours, and breaks what we started."""
    if not demo:
        return f"{_DEMO} is a part of `readiness run demo`; for your own service write a program of yours"
    words, parts = (demo_part.WORDS, _PARTS) if name != RESTORE else ((RESTORE,), ("database",))
    if name == RESTORE and key != "command":
        return "the demo takes its scratch database away by itself; leave this out"
    if len(line) != 3 or line[1] not in words or line[2] not in parts:
        return f"must be [{_DEMO}, {' or '.join(words)}, {' or '.join(parts)}]"
    return None


def _check(config: Config, flags: RunRequest, environ: Mapping[str, str]) -> None:
    if not config.drills and config.restore is None:
        raise ConfigError(
            f"--drills: {config.file} has no drills; write what to break, such as "
            "drills: { database_hangs: { proxy: database, fault: hang, for: 10s } }"
        )
    if problems := [*_commands(config, environ, flags), *_restores(config, environ, flags)]:
        raise ConfigError(*problems)
    for name, proxy in config.proxies.items():
        where = f"{config.file}:{proxy.line}: proxies.{name}"
        if proxy.is_demos:
            if not demo_profile(flags.target):
                raise ConfigError(
                    f"{where}: demo stands for the ports of `readiness run demo`; for your own service write "
                    "{ listen: 127.0.0.1:6432, to: 127.0.0.1:5432 }"
                )
            continue
        try:
            targets.resolve(f"proxies.{name}.to", f"tcp://{proxy.to}", flags.allow_hosts or (), config.allowed_hosts)
        except NotMeasured as error:
            raise ConfigError(f"{where}.to: {urlsplit(f'tcp://{proxy.to}').hostname}: {error}") from None


def command_lines(plan: Plan) -> Iterator[str]:
    """What the drills are going to run, for whoever reads along."""
    for name, key, line, _ in _programs(plan.config) if plan.proxies else ():
        yield f"{name}.{key} is going to run: {shown(line)}"


def _programs(config: Config) -> Iterator[tuple[str, str, tuple[str, ...], int]]:
    """(section, key, program with its arguments, line) of each that the file names."""
    named = [(f"drills.{name}", drill) for name, drill in config.drills.items()]
    if config.restore is not None:
        named.append((RESTORE, config.restore.drill))
    return ((name, key, line, drill.line) for name, drill in named for key, line in drill.programs.items())


def with_drills(plan: Plan, proxies: DrillProxies, flags: RunRequest, environ: Mapping[str, str]) -> Plan:
    """The plan with its running proxies, and with the scratch database where a backup is to be restored.

    Raises ConfigError where that is the service's own.
    """
    plan = replace(plan, proxies=proxies.running)
    if plan.config.restore is None or not flags.drills:
        return plan
    scratch = environ[database.RESTORE_VARIABLE]
    if plan.database_url is not None:
        database.refuse_same(plan.database_url, scratch, plan.config.database)
    return replace(plan, restore_url=scratch)


def _restores(config: Config, environ: Mapping[str, str], flags: RunRequest) -> Iterator[str]:
    if config.restore is None:
        return
    where = f"{config.file}:{config.restore.line}: {RESTORE}"
    scratch = environ.get(database.RESTORE_VARIABLE)
    if _restores_demo(config):
        return  # into a database of the demo's own, whose address is known when it runs
    if not scratch:
        yield f"{where}: needs the scratch database in {database.RESTORE_VARIABLE}, such as {_SCRATCH}"
    else:
        database.parse(scratch, database.RESTORE_VARIABLE)
    if database.from_environment(environ) is None and demo_profile(flags.target) is None:
        yield f"{where}: is compared with the service's database; set {database.DATABASE_VARIABLE}"


def _commands(config: Config, environ: Mapping[str, str], flags: RunRequest) -> Iterator[str]:
    folder = Path(config.file).resolve().parent
    for name, key, line, at in _programs(config):
        where, program = f"{config.file}:{at}: {name}.{key}", line[0]
        if _is_demos(line):
            if wrong := _wrong_part(name, key, line, demo=demo_profile(flags.target) is not None):
                yield f"{where}: {wrong}"
        elif not flags.allow_commands:
            yield f"{where}: runs a program of yours; read it, then allow it with --allow-commands"
        elif shutil.which(folder / program if "/" in program else program, path=environ.get("PATH")) is None:
            yield f"{where}: there is no program {program} that can be run"
