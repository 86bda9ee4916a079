"""A database that stops answering (SIGSTOP), before the run, in a drill or after it: the run ends, the undo ran."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from readiness.demo.postgres import start_postgres
from tests.database.stopping import go_on, processes
from tests.drills.ledger import serve_ledger
from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.harness import Result, marked
from tests.e2e.invariants import assert_invariants
from tests.e2e.postgres import Postgres
from tests.e2e.test_command_drills import script
from tests.faultd.client import until

MORE = """drills:
  stops: { command: [./stop.sh], undo: [./go_on.sh], for: 3s, before: 2s, after: 3s, rate: 10 /s }
  stays: { command: [./stop.sh], undo: [./forget.sh], for: 2s, before: 2s, after: 2s, rate: 10 /s }
database:
  writes: { table: scans, key: idempotency_key, run: run_id }
"""


@pytest.fixture
def stopping(cli: Cli) -> Iterator[tuple[Callable[[], str], str]]:
    """A server with the programs that stop it: the service's address of the database, and the reader's."""
    server = start_postgres()
    try:
        postgres = Postgres(server)
        postgres.execute("postgres", "create role reader login password 'pg-r3ader-5ecret' nosuperuser nocreatedb")
        reader = postgres.database("create table scans (id bigserial primary key, idempotency_key text, run_id text)")
        first = processes(server)[0]
        children = f"$(cat /proc/{first}/task/{first}/children)"
        # The postmaster first: it starts nothing new then. A session may end between the list and its signal.
        script(cli.folder, "stop.sh", f"kill -STOP {first}", f"kill -STOP {children} || true")
        script(cli.folder, "go_on.sh", f"kill -CONT {first}", f"kill -CONT {children} || true", "touch undone")
        script(cli.folder, "forget.sh", "touch forgotten")
        script(cli.folder, "begin.sh", "touch begun")
        yield lambda: postgres.owner_url(reader.rpartition("/")[2].partition("?")[0]), reader
    finally:
        go_on(server)
        server.stop()


def run_with_drills(cli: Cli, url: str, **words: Any) -> Result:
    """A run that writes, and whose drills may run commands; keywords as for `Cli.run`."""
    return cli.run(url, "--drills", "--allow-commands", scenario="writes.py", load="  timeout: 1s\n", **words)


def test_a_database_that_stops_in_a_drill_and_for_good_after_it_does_not_keep_the_run(
    cli: Cli, stopping: tuple[Callable[[], str], str]
) -> None:
    owner, reader = stopping
    checks = f"""{LOOSE}
  drill.longest_answer@stops: {{ pass: "< 900 ms" }}
  drill.writes_lost@stops: {{ pass: "== 0", on_fail: block }}
  drill.writes_lost@stays: {{ pass: "== 0", on_fail: block }}
"""
    with serve_ledger(owner()) as url:
        result = run_with_drills(
            cli, url, checks=checks, more=MORE, env={"READINESS_DATABASE_URL": reader}, secrets=(reader,)
        )
    assert result.check("drill.longest_answer@stops")["outcome"] == "fail", str(result)
    for name in ("stops", "stays"):  # nobody can count the rows of a server that does not answer
        assert result.check(f"drill.writes_lost@{name}")["outcome"] == "error", str(result)
    assert result.exit_code == 3, str(result)
    assert (cli.folder / "undone").exists()
    assert (cli.folder / "forgotten").exists()
    assert until(lambda: not marked(result.mark)), marked(result.mark)
    assert_invariants(result, planned_s=60)


STOPPED = """drills:
  late: { command: [./begin.sh], undo: [./forget.sh], for: 1s, before: 2s, after: 2s, rate: 10 /s }
restore: { command: [./begin.sh], deadline: 5s }
database:
  statement_timeout: 1s
  counts: { scans: { table: scans } }
  writes: { table: scans, key: idempotency_key, run: run_id }
"""


def test_a_database_that_is_stopped_before_the_run_and_before_a_drill_does_not_keep_the_run(
    cli: Cli, stopping: tuple[Callable[[], str], str]
) -> None:
    owner, reader = stopping
    checks = f"""{LOOSE}
  data.scans: {{ pass: ">= 0" }}
  drill.recovery@late: {{ pass: "< 900 ms" }}
  drill.writes_lost@late: {{ pass: "== 0", on_fail: block }}
  restore.rows_missing: {{ pass: "== 0", on_fail: block }}
"""
    scratch = owner().replace(reader.rpartition("/")[2].partition("?")[0], "scratch")
    with serve_ledger(owner()) as url:
        subprocess.run(["sh", str(cli.folder / "stop.sh")], check=True)
        result = run_with_drills(
            cli,
            url,
            checks=checks,
            more=STOPPED,
            duration="1s",
            env={"READINESS_DATABASE_URL": reader, "READINESS_RESTORE_URL": scratch},
            secrets=(reader, owner()),
        )
    assert result.exit_code == 1, str(result)  # a service without its database answers nothing
    for key in ("data.scans", "drill.recovery@late", "drill.writes_lost@late", "restore.rows_missing"):
        assert result.check(key)["outcome"] == "error", str(result)
    assert "not well before the fault" in result.check("drill.recovery@late")["message"]
    assert (cli.folder / "begun").exists() is (cli.folder / "forgotten").exists()
    assert until(lambda: not marked(result.mark)), marked(result.mark)
    assert_invariants(result, planned_s=120)
