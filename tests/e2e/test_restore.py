"""`restore:`: a backup is restored into a scratch database, and compared with the service's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from readiness.demo.pg_binaries import find_binaries
from tests.drills.serving import Served, serve
from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.harness import Result
from tests.e2e.invariants import assert_invariants
from tests.e2e.postgres import READER_PASSWORD, Postgres
from tests.e2e.test_command_drills import script

NUMBER = count(1)
CHECKS = f"""{LOOSE}
  data.bags: {{ pass: ">= 100", on_fail: block }}
  data.balanced: {{ pass: "== 0", on_fail: block }}
  database.orphans: {{ pass: "== 0", on_fail: block }}
  restore.duration: {{ pass: "< 60 s", on_fail: block }}
  restore.rows_missing: {{ pass: "== 0", on_fail: block }}
  restore.rows_surplus: {{ pass: "== 0", on_fail: block }}
  restore.rows_changed: {{ pass: "== 0", on_fail: block }}
  restore.checks_failed: {{ pass: "== 0", on_fail: block }}
  restore.schema_changes: {{ pass: "== 0", on_fail: block }}
"""
MORE = """
database:
  counts: { bags: { table: bags }, scans: { table: scans } }
  invariants: { balanced: "bags == scans" }
restore: { command: [./restore.sh], undo: [./drop.sh], deadline: 60s }
"""
FRESH = 'dropdb --if-exists --maintenance-db="$ADMIN_URL" $SCRATCH; createdb --maintenance-db="$ADMIN_URL" $SCRATCH'
DUMP = 'pg_dump -Fc -d "$OWNER_URL" >dump'
RESTORE = 'pg_restore --exit-on-error -d "$READINESS_RESTORE_URL" dump'


@dataclass
class Backup:
    """A service's database and the way to a scratch database of its server."""

    cli: Cli
    postgres: Postgres
    service: Served
    reader: str
    scratch: str
    programs: Path

    def run(self, *lines: str, flags: tuple[str, ...] = ("--drills", "--allow-commands"), scratch: str = "") -> Result:
        """One run whose restore is these lines of a shell."""
        script(self.cli.folder, "restore.sh", "set -e", *lines)
        script(
            self.cli.folder,
            "drop.sh",
            'echo dropped >>undone; dropdb --if-exists --maintenance-db="$ADMIN_URL" $SCRATCH',
        )
        owner = self.postgres.owner_url(self.reader.rpartition("/")[2].partition("?")[0])
        env = {
            "READINESS_DATABASE_URL": self.reader,
            "READINESS_RESTORE_URL": scratch or self.postgres.owner_url(self.scratch),
            "OWNER_URL": owner,
            "ADMIN_URL": self.postgres.owner_url("postgres"),
            "SCRATCH": self.scratch,
            "PATH": f"{self.programs}:/usr/bin:/bin",
            "LD_LIBRARY_PATH": str(self.programs.parent / "lib"),
        }
        seen = [word for name in ("OWNER_URL", "ADMIN_URL", "SCRATCH") for word in ("--allow-env", name)]
        return self.cli.run(
            self.service.url,
            *flags,
            *seen,
            scenario="stock.py",
            checks=CHECKS,
            duration="1s",
            more=MORE,
            env=env,
            secrets=(READER_PASSWORD, self.postgres.server.admin_password),
        )

    @property
    def undone(self) -> bool:
        """Whether the undo has run."""
        return (self.cli.folder / "undone").exists()


@pytest.fixture
def backup(cli: Cli, tmp_path: Path, postgres: Postgres) -> Iterator[Backup]:
    reader = postgres.database(
        "create table bags (id int primary key, colour text default 'red', at timestamptz default now(), weight real)",
        "create table scans (id serial primary key, bag int references bags)",
        "insert into bags select generate_series(1, 100)",
        "update bags set weight = id / 7.0",
        "insert into scans (bag) select id from bags",
    )
    for start in serve(tmp_path):
        yield Backup(cli, postgres, start(), reader, f"scratch_{next(NUMBER)}", find_binaries(tmp_path, None).folder)


def test_a_backup_that_brings_everything_back_passes_and_its_scratch_database_is_dropped(backup: Backup) -> None:
    result = backup.run(FRESH, DUMP, RESTORE)
    assert result.exit_code == 0, str(result)
    assert_invariants(result, planned_s=10)
    assert result.check("restore.rows_missing")["value"] == 0
    assert 0 < result.check("restore.duration")["value"] < 60_000
    sentence = (
        r"\*\*restore\*\*: `\./restore\.sh` was run: it took [0-9.,]+ m?s, no counted row missing, each as it was\."
    )
    assert re.search(sentence, result.text("report.md"))
    assert backup.undone
    gone = "select not exists (select from pg_database where datname like 'scratch%')"
    assert backup.postgres.answers("postgres", gone)


def test_rows_values_keys_and_sums_that_a_restore_loses_are_found(backup: Backup) -> None:
    lossy = (
        'psql -q -d "$READINESS_RESTORE_URL" -c "alter table scans drop constraint scans_bag_fkey"',
        'psql -q -d "$READINESS_RESTORE_URL" -c "select setval(\'scans_id_seq\', 50)"',
        'psql -q -d "$READINESS_RESTORE_URL" -c "delete from scans where id > 93"',
        'psql -q -d "$READINESS_RESTORE_URL" -c "update bags set colour = \'blue\' where id <= 3"',
    )
    result = backup.run(FRESH, DUMP, RESTORE, *lossy)
    assert result.exit_code == 1, str(result)
    asked = ("rows_missing", "rows_changed", "checks_failed", "schema_changes")
    found = {key: result.check(f"restore.{key}") for key in asked}
    assert {key: one["value"] for key, one in found.items()} == {
        "rows_missing": 7,
        "rows_changed": 3,
        "checks_failed": 2,
        "schema_changes": 1,
    }
    assert {one["outcome"] for one in found.values()} == {"fail"}
    assert result.check("data.balanced")["outcome"] == "pass"  # the service's own rows are as they were
    assert backup.undone


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (("true",), "cannot connect"),
        ((FRESH,), "no table in the schemas public of the scratch database holds a row after it"),
    ],
)
def test_a_restore_that_did_nothing_or_failed_proves_nothing(backup: Backup, lines: tuple[str, ...], why: str) -> None:
    result = backup.run(*lines)
    assert result.exit_code == 3, str(result)
    for key in ("duration", "rows_missing", "rows_surplus", "rows_changed", "checks_failed", "schema_changes"):
        assert result.check(f"restore.{key}")["outcome"] == "error", str(result)
    assert why in result.check("restore.duration")["message"]
    assert backup.undone


def test_yesterdays_scratch_database_proves_nothing_of_today_nor_does_a_run_without_the_flag(backup: Backup) -> None:
    backup.postgres.execute(
        "postgres", f"create database {backup.scratch} template {backup.reader.rpartition('/')[2].partition('?')[0]}"
    )
    undrilled = backup.run("exit 1", flags=())
    assert undrilled.exit_code == 3, str(undrilled)
    assert "give `readiness run` --drills" in undrilled.check("restore.rows_missing")["message"]
    assert not backup.undone
    result = backup.run("echo restored")
    assert result.exit_code == 3, str(result)
    assert "held 2 of its tables before the restore already" in result.check("restore.rows_missing")["message"]


def test_what_is_missing_or_dangerous_is_refused_before_anything_is_sent(backup: Backup) -> None:
    own = backup.postgres.owner_url(backup.reader.rpartition("/")[2].partition("?")[0])
    for flags, scratch, why in (
        (("--drills",), "", "restore.command: runs a program of yours"),
        (
            ("--drills", "--allow-commands"),
            own,
            "READINESS_RESTORE_URL leads to the database of READINESS_DATABASE_URL",
        ),
        (("--drills", "--allow-commands"), own.replace("127.0.0.1", "localhost"), "it must be another one"),
        (("--drills", "--allow-commands"), "nonsense", "READINESS_RESTORE_URL: must be the URL"),
    ):
        result = backup.run("exit 1", flags=flags, scratch=scratch)
        assert result.exit_code == 2, str(result)
        assert why in result.said
    assert backup.service.requests() == 0
    assert not backup.undone
