"""A private PostgreSQL 13 to 18 on a free loopback port, gone when this process is gone.

The data is worth nothing after the run, so durability is off; the server would be no use for data that matters.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from readiness.demo.errors import DemoError
from readiness.demo.folder import ServerFolder, create_folder
from readiness.demo.guarded import GuardedServer, ServerEnded, base_environment, start_guarded
from readiness.demo.identity import Identity, popen_identity, server_identity
from readiness.demo.pg_binaries import PgBinaries, find_binaries
from readiness.demo.ports import TRIES, free_port, port_was_lost
from readiness.text import clean

SUPERUSER = "readiness_admin"
_START_TIMEOUT_S = 30.0
INITDB_TIMEOUT_S = 120.0
READY_LINE = 8
"""postmaster.pid has its status on this line, counted from one (PostgreSQL's pidfile.h)."""
THROWAWAY = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server and its superuser."""

    server: GuardedServer
    port: int
    admin_password: str = field(repr=False)
    programs: Path
    """The folder of initdb, postgres and, where they came along, pg_dump and pg_restore."""

    def url(self, user: str, password: str, database: str) -> str:
        """A connection URL; generated passwords are URL-safe."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def admin_url(self, database: str = "postgres") -> str:
        """The superuser's connection URL."""
        return self.url(SUPERUSER, self.admin_password, database)

    def stop(self) -> None:
        """Stop the server and remove its data."""
        self.server.stop()


def start_postgres(settings: Mapping[str, str] | None = None) -> Postgres:
    """Create a cluster and start it, with `settings` of its own beside ours.

    Statements are counted (pg_stat_statements) where the programs bring that library along. Raises DemoError with the
    server's own words when it cannot start.
    """
    for attempt in range(1, TRIES + 1):
        try:
            return _start(settings or {})
        except ServerEnded as error:
            if attempt == TRIES or not port_was_lost(str(error)):
                raise
    raise AssertionError("unreachable")


def _start(settings: Mapping[str, str]) -> Postgres:
    identity = server_identity()
    folder = create_folder("postgres", identity)
    password = secrets.token_urlsafe(24)
    try:
        binaries = find_binaries(folder.path / "programs", identity)
        data = _initdb(binaries, folder, identity, password)
    except BaseException:
        os.close(folder.lock_fd)
        folder.remove()
        raise
    port = free_port()
    options = dict(THROWAWAY, port=str(port))
    if binaries.major >= 18:
        options["io_method"] = "sync"  # the default starts extra worker processes
    if any((binaries.folder.parent / "lib").glob("pg_stat_statements.*")):
        options["shared_preload_libraries"] = "pg_stat_statements"
    options |= settings
    command = [str(binaries.folder / "postgres"), "-D", str(data)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    server = start_guarded(
        "PostgreSQL", command, folder, identity=identity, stop_signal=signal.SIGINT, environment=base_environment()
    )
    server.wait_ready(lambda: _is_ready(data / "postmaster.pid"), _START_TIMEOUT_S)
    return Postgres(server, port, password, binaries.folder)


def _initdb(binaries: PgBinaries, folder: ServerFolder, identity: Identity | None, password: str) -> Path:
    data, password_file = folder.path / "data", folder.path / "password"
    data.mkdir(mode=0o700)
    password_file.touch(mode=0o600)
    password_file.write_text(password, encoding="utf-8")
    if identity is not None:
        identity.give(data)
        identity.give(password_file)
    command = [str(binaries.folder / "initdb"), "-D", str(data), "-U", SUPERUSER, f"--pwfile={password_file}"]
    try:
        subprocess.run(
            [*command, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"],
            capture_output=True,
            text=True,
            cwd="/",
            env=base_environment(),  # without PGDATA or PGOPTIONS that are meant for another server
            timeout=INITDB_TIMEOUT_S,
            check=True,
            start_new_session=True,
            **popen_identity(identity),
        )
    except subprocess.CalledProcessError as error:
        raise DemoError(f"demo: initdb failed: {clean(error.stderr, 1500)}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DemoError(f"demo: initdb failed: {clean(error)}") from error
    password_file.unlink()
    return data


def _is_ready(pid_file: Path) -> bool:
    try:
        lines = pid_file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return len(lines) >= READY_LINE and lines[READY_LINE - 1].strip() == "ready"
