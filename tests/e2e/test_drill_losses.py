"""What a drill finds: overload that stays, requests and sessions lost in a restart, writes lost in a crash."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from readiness.demo.postgres import start_postgres
from tests.drills.ledger import serve_ledger
from tests.drills.serving import ROOT, Served, serve
from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.harness import MARK
from tests.e2e.invariants import assert_invariants
from tests.e2e.postgres import Postgres
from tests.e2e.test_command_drills import QUICK, script


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    yield from serve(tmp_path)


RUSH = f"drills:\n  rush: {{ load: {{ times: 4 }}, for: 4s, {QUICK} }}\n"


def test_overload_that_ends_with_its_cause_passes(cli: Cli, shop: Callable[..., Served]) -> None:
    checks = f"""{LOOSE}
  drill.goodput@rush: {{ pass: "> 30 /s", on_fail: block }}
  drill.retry_after@rush: {{ pass: "> 80 %", on_fail: block }}
  drill.recovery@rush: {{ pass: "< 3.5 s", on_fail: block }}
"""
    result = cli.run(shop("sheds").url, "--drills", scenario="stock.py", checks=checks, more=RUSH)
    assert_invariants(result, planned_s=20)
    for key in ("goodput", "retry_after", "recovery"):
        assert result.check(f"drill.{key}@rush")["outcome"] == "pass", str(result)


def test_overload_that_outlives_its_cause_is_named(cli: Cli, shop: Callable[..., Served]) -> None:
    checks = f'{LOOSE}  drill.recovery@rush: {{ pass: "< 3.5 s", on_fail: block }}\n'
    result = cli.run(shop("collapses").url, "--drills", scenario="stock.py", checks=checks, more=RUSH)
    assert result.exit_code == 1, str(result)
    assert (
        "metastable: the load is back to 25 /s, and the service is not"
        in result.check("drill.recovery@rush")["message"]
    )


def deploying(cli: Cli, served: Served, *how: str, careful: bool) -> str:
    """A drill that replaces the process: the new one first, or the old one away first."""
    words = " ".join(how)
    program = f"env -u {MARK} {sys.executable} -m tests.drills.serving {served.port} {served.pidfile} {words}"
    start = f"cd {ROOT}; {program} >/dev/null 2>&1 &"
    old, wait = f"old=$(cat {served.pidfile})", f'while [ "$(cat {served.pidfile})" = $old ]; do sleep 0.1; done'
    order = (
        (old, f"({start})", wait, "sleep 0.2", "kill -TERM $old")
        if careful
        else (old, "kill -TERM $old", "sleep 0.5", f"({start})", wait)
    )
    script(cli.folder, "deploy.sh", *order)
    return f"drills:\n  deploy: {{ command: [./deploy.sh], during: load, for: 8s, {QUICK} }}\n"


LOST = f"""{LOOSE}
  drill.requests_lost@deploy: {{ pass: "<= 1" }}
  drill.drain@deploy: {{ pass: "<= 1" }}
  drill.sessions_kept@deploy: {{ pass: ">= 99 %" }}
"""


def test_a_deployment_that_drains_loses_nothing(cli: Cli, shop: Callable[..., Served]) -> None:
    served = shop("careful", "slow")
    first = served.pid
    more = deploying(cli, served, "careful", "slow", careful=True)
    result = cli.run(served.url, "--drills", "--allow-commands", scenario="stock.py", checks=LOST, more=more)
    assert_invariants(result, planned_s=25)
    assert result.check("drill.requests_lost@deploy")["outcome"] == "pass", str(result)
    assert result.check("drill.drain@deploy")["outcome"] == "pass", str(result)
    assert "no scenario begins a session" in result.check("drill.sessions_kept@deploy")["message"]
    assert served.pid != first
    assert served.requests() > 0  # what the command started serves on


def test_a_service_that_drops_requests_at_sigterm_and_forgets_sessions_is_found(
    cli: Cli, shop: Callable[..., Served]
) -> None:
    served = shop("slow", "sessions")
    more = deploying(cli, served, "slow", "sessions", careful=False)
    # What the fault met under way is due before it, and fails after it: the service was well all the same.
    checks = LOST.replace("> 50 %", "> 98 %")
    result = cli.run(served.url, "--drills", "--allow-commands", scenario="member.py", checks=checks, more=more)
    for key in ("requests_lost", "drain", "sessions_kept"):
        assert result.check(f"drill.{key}@deploy")["outcome"] == "fail", str(result)
    assert result.check("drill.requests_lost@deploy")["value"] > result.check("drill.drain@deploy")["value"] >= 2


@pytest.mark.parametrize("durable", [True, False])
def test_acknowledged_writes_that_a_crash_takes_back_are_counted(cli: Cli, durable: bool) -> None:
    commit = "on" if durable else "off"
    server = start_postgres(
        {
            "synchronous_commit": commit,
            "wal_writer_delay": "10s",
            "wal_writer_flush_after": "100MB",
            "wal_buffers": "16MB",
        }
    )
    try:
        postgres = Postgres(server)
        postgres.execute("postgres", "create role reader login password 'pg-r3ader-5ecret' nosuperuser nocreatedb")
        reader = postgres.database("create table scans (id bigserial primary key, idempotency_key text, run_id text)")
        owner = postgres.owner_url(reader.rpartition("/")[2].partition("?")[0])
        with psycopg.connect(owner) as connection:
            found = "select pid from pg_stat_activity where backend_type = 'background writer'"
            [(pid,)] = connection.execute(found).fetchall()
        # A process of the server that dies so makes the server end all the others, and recover from its log.
        script(cli.folder, "crash.sh", f"kill -9 {pid}")
        checks = (
            LOOSE
            + """
  drill.writes_lost@crash: { pass: "== 0", on_fail: block }
  drill.writes_duplicated@crash: { pass: "== 0", on_fail: block }
"""
        )
        more = """drills:
  crash: { command: [./crash.sh], for: 4s, before: 4s, after: 6s, rate: 25 /s }
database:
  writes: { table: scans, key: idempotency_key, run: run_id }
"""
        with serve_ledger(owner) as url:
            result = cli.run(
                url,
                "--drills",
                "--allow-commands",
                scenario="writes.py",
                checks=checks,
                more=more,
                env={"READINESS_DATABASE_URL": reader},
                secrets=(reader,),
            )
        lost = result.check("drill.writes_lost@crash")
        assert lost["outcome"] == ("pass" if durable else "fail"), str(result)
        assert durable or lost["value"] >= 10
        assert result.check("drill.writes_duplicated@crash")["outcome"] == "pass"
        assert_invariants(result, planned_s=25)
    finally:
        server.stop()
