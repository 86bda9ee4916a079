"""Flags of the command line -> which processes share the load, and the token that they know each other by."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from readiness.cli.output import read_flag
from readiness.config import durations, scalars
from readiness.config.sections import DAY_S
from readiness.errors import ConfigError, Refused
from readiness.load.workers import token as tokens
from readiness.load.workers.hosts import is_loopback
from readiness.load.workers.settings import LOOPBACK, Workers
from readiness.measurements.provenance import Target
from readiness.run import target as targets
from readiness.text import clean
from readiness.text.foreign_files import NotReadable, read_bytes

TOKEN_VARIABLE = "READINESS_WORKER_TOKEN"
MAX_TOKEN_FILE_BYTES = 4096
MAX_REMOTE = 256
REMOTE_WAIT_S = 120.0
"""Somebody starts the workers on other machines, perhaps by hand."""


def workers_of(
    processes: int,
    environ: Mapping[str, str],
    *,
    remote: str | None = None,
    listen: str | None = None,
    wait: str | None = None,
    token_file: Path | None = None,
) -> Workers | None:
    """The workers of this run; None where one load generator drives it all. Raises ConfigError."""
    if remote is None:
        for flag, given in (("--listen", listen), ("--worker-wait", wait), ("--token-file", token_file)):
            if given is not None:
                raise ConfigError(f"{flag}: is about workers on other machines; give --remote-workers too")
        return None if processes == 1 else Workers(processes, secrets.token_hex(32))
    count = read_flag("--remote-workers", lambda: scalars.whole(remote.strip(), least=1, most=MAX_REMOTE))
    wait_s = read_flag("--worker-wait", lambda: durations.parse(wait, most_s=DAY_S)) if wait else REMOTE_WAIT_S
    host, port = address("--listen", listen) if listen else (LOOPBACK, 0)
    local = processes if processes > 1 else 0
    return Workers(local, token_of(token_file, environ), count, host, port, wait_s=wait_s)


def check_target(workers: Workers | None, target: Target) -> None:
    """Raise Refused when workers on other machines would load themselves instead of the target.

    A master that listens on loopback alone has its workers on its own machine, where the target's address is right.
    """
    if workers is None or not workers.remote or is_loopback(workers.host):
        return
    if loopback := [one for one in target.addresses if is_loopback(one)]:
        raise Refused(
            f"--remote-workers: the target's address {loopback[0]} is loopback, which on another machine means that "
            "machine; name the target by an address that the workers can reach"
        )


def hosts_of(names: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Each name of --allow-host with the addresses that it has here; raises ConfigError for one without any."""
    found = {}
    for name in names:
        host = name.strip().removeprefix("[").removesuffix("]")
        found[host] = targets.addresses_of([host])
        if not found[host]:
            raise ConfigError(f"--allow-host {clean(name, 100)}: has no address; give a host name or an IP address")
    return found


def token_of(file: Path | None, environ: Mapping[str, str]) -> str:
    """The token of the file, or else of the environment; raises ConfigError when there is none or it can be guessed."""
    token = environ.get(TOKEN_VARIABLE, "") if file is None else _content(file)
    source = TOKEN_VARIABLE if file is None else f"--token-file {clean(file, 200)}"
    if not token:
        state = "is not set" if file is None else "is empty"
        raise ConfigError(f"{source}: {state}; master and workers need the same token, made by {tokens.HOW}")
    if problem := tokens.problem(token):
        raise ConfigError(f"{source}: the token {problem}")
    return token


def _content(file: Path) -> str:
    """A short text file without its last line feed."""
    flag = f"--token-file {clean(file, 200)}"
    try:
        return read_bytes(file, MAX_TOKEN_FILE_BYTES).decode("ascii").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ConfigError(f"{flag}: holds no token; make one with {tokens.HOW}") from None
    except NotReadable as error:
        raise ConfigError(f"{flag}: {error}") from None


def address(flag: str, text: str) -> tuple[str, int]:
    """`HOST:PORT` or `[v6]:PORT`; raises ConfigError."""
    host, colon, port = text.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    good_host = re.fullmatch(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9._-]{1,20})?", host)
    if not colon or not good_host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65_535:
        raise ConfigError(f"{flag}: must be HOST:PORT, such as 10.0.0.5:5557, not {text!r}")
    return host, int(port)
