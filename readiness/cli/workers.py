"""Flags of the command line -> which processes share the load, and the token that they know each other by."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from readiness.config import durations, scalars
from readiness.config.sections import DAY_S
from readiness.errors import ConfigError
from readiness.load.workers.seal import key_of
from readiness.load.workers.settings import LOOPBACK, Workers

TOKEN_VARIABLE = "READINESS_WORKER_TOKEN"
MAX_REMOTE = 256
REMOTE_WAIT_S = 120.0
"""Somebody starts the workers on other machines, perhaps by hand."""


def workers_of(
    processes: int, remote: str | None, listen: str | None, wait: str | None, environ: Mapping[str, str]
) -> Workers | None:
    """The workers of this run; None where one engine drives it all. Raises ConfigError."""
    if remote is None:
        for flag, given in (("--listen", listen), ("--worker-wait", wait)):
            if given is not None:
                raise ConfigError(f"{flag}: is about workers on other machines; give --remote-workers too")
        return None if processes == 1 else Workers(processes, secrets.token_urlsafe(32))
    try:
        count = scalars.whole(remote.strip(), least=1, most=MAX_REMOTE)
    except ValueError as error:
        raise ConfigError(f"--remote-workers: {error}") from error
    try:
        wait_s = durations.parse(wait, most_s=DAY_S) if wait else REMOTE_WAIT_S
    except ValueError as error:
        raise ConfigError(f"--worker-wait: {error}") from error
    host, port = address("--listen", listen) if listen else (LOOPBACK, 0)
    local = processes if processes > 1 else 0
    return Workers(local, token_of(None, environ), count, host, port, wait_s=wait_s)


def token_of(given: str | None, environ: Mapping[str, str]) -> str:
    """The token from the flag or the environment; raises ConfigError when there is none or it is too short."""
    token = given or environ.get(TOKEN_VARIABLE, "")
    if not token:
        raise ConfigError(
            f"{TOKEN_VARIABLE}: is not set; master and workers need the same secret of 16 or more characters"
        )
    try:
        key_of(token)
    except ValueError as error:
        raise ConfigError(f"{'--token' if given else TOKEN_VARIABLE}: {error}") from error
    return token


def address(flag: str, text: str) -> tuple[str, int]:
    """`HOST:PORT` or `[v6]:PORT`; raises ConfigError."""
    host, colon, port = text.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise ConfigError(f"{flag}: must be HOST:PORT, such as 10.0.0.5:5557, not {text!r}")
    return host, int(port)
