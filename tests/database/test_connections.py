"""Ways to the database: a service file, a pooler, a standby, names that need quotes."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from readiness import database
from readiness.config.model import Count, Database, Query, Relation
from readiness.database.activity import watch
from readiness.database.under_load import measurements as under_load
from readiness.demo.identity import popen_identity, server_identity
from readiness.demo.pg_binaries import find_binaries
from readiness.demo.postgres import SUPERUSER, Postgres
from readiness.measurements.run import Measurement
from readiness.probes.window import Window
from tests.database.conftest import READER_PASSWORD, READER_QUOTED, Place
from tests.database.test_activity import Between
from tests.faultd.client import free_port, until

SECTION = Database({"bags": Count("bags")})
MOTHER = {"mother": Relation("bags", ("parent_id",), "public.bags", ("id",), 1)}


def measured(url: str, section: Database = SECTION, wanted: frozenset[str] = frozenset()) -> dict[str, Measurement]:
    return {one.metric: one for one in database.measure(url, section, wanted)}


def notes(one: Measurement) -> str:
    return " ".join(f"{detail.subject} {detail.observed} {detail.note}" for detail in one.details)


def test_a_service_file_is_as_good_as_a_url_and_its_password_is_hidden(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "services"
    file.write_text(
        f"[bags]\nhost=127.0.0.1\nport={place.server.port}\ndbname={place.name}\nuser=reader\n"
        f"password={READER_PASSWORD}\nsslmode=disable\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    monkeypatch.setenv("PGSERVICE", "bags")
    url = database.from_environment(os.environ)
    assert url is not None
    assert measured(url)["data.bags"].value == 10
    assert READER_PASSWORD in database.secrets(url)
    assert (
        database.from_environment({"READINESS_DATABASE_URL": "postgresql://x", "PGSERVICE": "bags"}) == "postgresql://x"
    )
    assert database.from_environment({}) is None
    monkeypatch.setenv("PGSERVICE", "nobody")
    missing = database.from_environment(os.environ)
    assert missing is not None
    assert "nobody" in str(measured(missing)["data.bags"].reason)


def test_a_database_whose_name_needs_quotes(place: Place) -> None:
    name = f"Köffer \"und\" 'Täschen' %2F {place.name}"
    with psycopg.connect(place.admin_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(place.name))
        )
    from urllib.parse import quote

    found = measured(place.server.url("reader", READER_QUOTED, quote(name, safe="")))
    assert found["data.bags"].value == 10, found


def test_a_role_that_can_write_is_only_allowed_by_name(place: Place) -> None:
    place.execute("grant insert on bags to writer", "grant select on bags to writer")
    before = place.digest()
    assert "can write the table public.bags" in database.check_role(place.writer_url, SECTION, writer_allowed=True)
    allowed = {one.metric: one for one in database.measure(place.writer_url, SECTION, set(), writer_allowed=True)}
    assert allowed["data.bags"].value == 10
    assert measured(place.writer_url)["data.bags"].value is None
    assert place.digest() == before


def open_way(folder: Path) -> None:
    """Let the account that servers run as, when this is root, come down to `folder`."""
    for above in (folder, *folder.parents):
        if above == Path(tempfile.gettempdir()):
            return
        above.chmod(0o755)


@contextmanager
def pgbouncer(place: Place, folder: Path, mode: str) -> Iterator[str]:
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    port = free_port()
    (folder / "users").write_text(f'"reader" "{READER_PASSWORD}"\n')
    (folder / "bouncer.ini").write_text(
        f"[databases]\n{place.name} = host=127.0.0.1 port={place.server.port} dbname={place.name}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = scram-sha-256\n"
        f"auth_file = {folder / 'users'}\npool_mode = {mode}\ndefault_pool_size = 4\n"
    )
    identity = server_identity()
    if identity is not None:
        for path in (folder, *folder.iterdir()):
            identity.give(path)
        open_way(folder)
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [program, str(folder / "bouncer.ini")], stdout=log, stderr=log, cwd="/", **popen_identity(identity)
        )
    url = f"postgresql://reader:{READER_QUOTED}@127.0.0.1:{port}/{place.name}?sslmode=disable"
    try:
        for _ in range(600):
            try:
                psycopg.connect(url, connect_timeout=2).close()
                break
            except psycopg.OperationalError:
                if server.poll() is not None:
                    raise AssertionError((folder / "log").read_text()) from None
                time.sleep(0.05)
        yield url
    finally:
        server.terminate()
        server.wait()


@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_through_pgbouncer_everything_is_measured_and_the_pooler_is_named(
    place: Place, tmp_path: Path, mode: str
) -> None:
    place.execute("grant pg_monitor to reader")
    before = place.digest()
    with pgbouncer(place, tmp_path, mode) as url:
        for _ in range(2):  # the second time on connections that the first one has used
            found = measured(url, replace(SECTION, relations=MOTHER), frozenset({"database.orphans"}))
            assert found["data.bags"].value == 10, found["data.bags"].reason
            assert found["database.orphans"].value == 0
            assert f"through a pooler, {mode} pooling" in notes(found["data.bags"])
        with psycopg.connect(url, prepare_threshold=None, autocommit=True) as other:  # takes turns on the connections
            steps = [lambda: other.execute("select 1")] * 20
            sampled = watch(url, Between(*steps), wait_for_counters=False, stop=lambda: False)
        assert sampled.reason is None
        assert len(sampled.sessions) > 20
        assert sampled.counters is not None
        lock = tmp_path / "schema.lock"
        lock.write_text(database.schema_lock(url, SECTION))
        asking = replace(SECTION, queries={"q": Query("select count(*) from bags")}, schema_lock=str(lock))
        found = measured(url, asking)
        assert (found["data.q"].value, found["database.schema.drift"].value) == (10, 0)
        assert database.check_role(url, SECTION) == ""
    assert "through a pooler" not in notes(measured(place.reader_url)["data.bags"])
    assert place.digest() == before


def test_statement_pooling_cannot_hold_a_snapshot_and_says_so(place: Place, tmp_path: Path) -> None:
    place.execute("grant pg_monitor to reader")
    with pgbouncer(place, tmp_path, "statement") as url:
        found = measured(url)["data.bags"]
        sampled = watch(url, opened(), wait_for_counters=False, stop=lambda: False)
    assert found.value is None
    assert "transaction" in str(found.reason).lower()
    assert "transaction" in str(sampled.reason).lower()


def opened() -> Window:
    """A window that is open, and closes at the second reading."""

    class Short(Window):
        looks = 0

        def wait_end(self, timeout_s: float | None = None) -> bool:
            self.looks += 1
            return self.looks > 2

    window = Short()
    window.begin()
    return window


@contextmanager
def standby(server: Postgres, folder: Path) -> Iterator[int]:
    """A streaming standby of the server; its port."""
    identity = server_identity()
    scratch = folder / "programs"
    binaries = find_binaries(scratch, identity)
    data, port = folder / "standby", free_port()
    open_way(folder)
    data.mkdir(mode=0o700)
    if identity is not None:
        identity.give(data)
    source = f"host=127.0.0.1 port={server.port} user={SUPERUSER} password={server.admin_password} sslmode=disable"
    run = {"cwd": "/", "check": True, "capture_output": True, **popen_identity(identity)}
    base = [
        str(binaries.folder / "pg_basebackup"),
        "-D",
        str(data),
        "-d",
        source,
        "-X",
        "stream",
        "-R",
        "-c",
        "fast",
        "-N",
    ]
    subprocess.run(base, **run)  # type: ignore[call-overload]
    with (folder / "standby.log").open("wb") as log:
        running = subprocess.Popen(
            [str(binaries.folder / "postgres"), "-D", str(data), "-c", f"port={port}", "-c", "fsync=off",
             "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
            stdout=log, stderr=log, cwd="/", **popen_identity(identity),
        )  # fmt: skip
    try:
        for _ in range(600):
            try:
                psycopg.connect(f"{source.replace(f'port={server.port}', f'port={port}')} dbname=postgres").close()
                break
            except psycopg.OperationalError:
                assert running.poll() is None, (folder / "standby.log").read_text()
                time.sleep(0.1)
        yield port
    finally:
        running.terminate()
        running.wait()


def test_a_standby_is_counted_on_with_its_lag_and_is_no_witness_of_the_pool(place: Place, tmp_path: Path) -> None:
    place.execute("grant pg_monitor to reader")
    with standby(place.server, tmp_path) as port:
        url = f"postgresql://reader:{READER_QUOTED}@127.0.0.1:{port}/{place.name}?sslmode=disable"
        found = measured(url, SECTION, frozenset({"database.replication_lag"}))
        sampled = watch(url, opened(), wait_for_counters=False, stop=lambda: False)
        close_by = replace(SECTION, max_lag_s=3600)
        assert measured(url, close_by, frozenset())["data.bags"].value == 10
        place.execute("insert into bags values (999, 'parent')")  # before it, nobody can know the lag
        with psycopg.connect(place.admin_url, port=port, autocommit=True) as admin:

            def is_there(query: str) -> bool:
                return admin.execute(query.encode()).fetchone() == (True,)

            assert until(lambda: is_there("select count(*) = 1 from bags where id = 999"))
            admin.execute("select pg_wal_replay_pause()")
            place.execute("insert into bags values (1000, 'parent')")
            assert until(lambda: is_there("select pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()"))
            late = "select clock_timestamp() - pg_last_xact_replay_timestamp() > interval '0.2 s'"
            assert until(lambda: is_there(late))
        behind = measured(url, replace(SECTION, max_lag_s=0.1), frozenset({"database.replication_lag"}))
        assert behind["data.bags"].value is None
        assert "behind its primary; database.max_lag allows 0.1 s" in str(behind["data.bags"].reason)
        assert (behind["database.replication_lag"].value or 0) > 100
    assert found["data.bags"].value == 10, found["data.bags"].reason
    assert "a standby" in notes(found["data.bags"])
    assert found["database.replication_lag"].value is not None
    assert "standby" in str({one.metric: one for one in under_load(sampled, {"pool.headroom"})}["pool.headroom"].reason)
    on_primary = measured(place.reader_url, replace(SECTION, max_lag_s=0.001), frozenset({"database.replication_lag"}))
    assert on_primary["database.replication_lag"].value == 0
    assert "a standby" not in notes(on_primary["data.bags"])
