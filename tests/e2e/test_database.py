"""Rows D, against a real PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.database.stopping import go_on, stop
from tests.e2e.conftest import Cli
from tests.e2e.harness import command, marked
from tests.e2e.invariants import assert_invariants, decided
from tests.e2e.postgres import READER_PASSWORD, Postgres, start_postgres
from tests.faultd.client import free_port, until
from tests.faultd.fixture import StartFaultd

COUNTS = "database:\n  counts:\n    bags: { table: bags }\n"


def checks(limit: str) -> str:
    return f"""
  http.success_rate: {{ pass: "> 50 %", on_fail: block }}
  data.bags: {{ pass: "{limit}", on_fail: block }}
"""


def run(cli: Cli, target: str, url: str, limit: str = ">= 10", secrets: tuple[str, ...] = (READER_PASSWORD,)):  # type: ignore[no-untyped-def]
    return cli.run(
        target,
        checks=checks(limit),
        more=COUNTS,
        duration="1s",
        env={"READINESS_DATABASE_URL": url},
        secrets=(READER_PASSWORD, *secrets),
    )


def test_d1_a_database_that_is_down_is_inconclusive(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result = run(cli, server.url, f"postgresql://reader:{READER_PASSWORD}@127.0.0.1:{free_port()}/bags")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=1)
    assert result.check("data.bags")["outcome"] == "error"
    assert "refused" in result.check("data.bags")["message"].lower()


def test_d2_a_bad_password_is_inconclusive_and_not_shown(cli: Cli, faultd: StartFaultd, postgres: Postgres) -> None:
    server, wrong = faultd(), "wr0ng-p%40ssw0rd-42"
    result = run(cli, server.url, postgres.url("postgres", password=wrong), secrets=(wrong, "wr0ng-p@ssw0rd-42"))
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=1)
    assert "authentication" in result.check("data.bags")["message"].lower()


def test_d2_the_password_is_on_no_command_line(cli: Cli, faultd: StartFaultd, bags: Callable[[int], str]) -> None:
    server = faultd()
    running = cli.start(
        server.url, checks=checks(">= 10"), more=COUNTS, duration="300s", env={"READINESS_DATABASE_URL": bags(10)}
    )
    server.wait(20, "/api/*")
    lines = marked(running.mark)
    running.signal(signal.SIGTERM)
    running.finish()
    assert len(lines) >= 2, "the engine is a process of its own"
    assert all(READER_PASSWORD not in line for line in lines.values())


@pytest.mark.parametrize(
    "url", ["postgresql:/u:pg-r3ader-5ecret@host/db", "not a url pg-r3ader-5ecret", "http://u:pg-r3ader-5ecret@h/"]
)
def test_d3_a_malformed_url_is_a_usage_error_that_does_not_repeat_it(cli: Cli, faultd: StartFaultd, url: str) -> None:
    server = faultd()
    result = run(cli, server.url, url)
    assert result.exit_code == 2, str(result)
    assert "READINESS_DATABASE_URL" in result.stderr
    assert READER_PASSWORD not in result.everything()
    assert server.counts()["connections"] == 0


@pytest.mark.parametrize(
    ("rows", "limit", "exit_code"),
    [(9, "== 10", 1), (10, "== 10", 0), (11, "== 10", 1), (9, ">= 10", 1), (11, ">= 10", 0)],
)
def test_d4_counts_are_judged_exactly(
    cli: Cli, faultd: StartFaultd, bags: Callable[[int], str], rows: int, limit: str, exit_code: int
) -> None:
    server = faultd()
    result = run(cli, server.url, bags(rows), limit)
    decided(result.report, exit_code)
    assert_invariants(result, server, planned_s=1)
    assert result.check("data.bags")["value"] == rows


@pytest.mark.parametrize(
    "statement",
    ["drop table bags", "create schema s; alter table bags set schema s"],
)
def test_d6_a_missing_table_is_an_error_and_not_zero(
    cli: Cli, faultd: StartFaultd, postgres: Postgres, bags: Callable[[int], str], statement: str
) -> None:
    server, url = faultd(), bags(10)
    postgres.execute(url.rpartition("/")[2].partition("?")[0], *statement.split("; "))
    result = run(cli, server.url, url, ">= 0")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=1)
    assert result.check("data.bags")["outcome"] == "error"
    assert "bags" in result.check("data.bags")["message"]


def test_a_role_that_can_write_is_refused(
    cli: Cli, faultd: StartFaultd, postgres: Postgres, bags: Callable[[int], str]
) -> None:
    server, database = faultd(), bags(10).rpartition("/")[2].partition("?")[0]
    result = run(cli, server.url, postgres.owner_url(database))
    assert result.exit_code == 5, str(result)
    assert server.seen("/api/*") == 0
    assert postgres.server.admin_password not in result.everything()


def test_d12_a_role_that_can_write_is_allowed_by_name_and_the_report_says_so(
    cli: Cli, faultd: StartFaultd, postgres: Postgres, bags: Callable[[int], str]
) -> None:
    server, database = faultd(), bags(10).rpartition("/")[2].partition("?")[0]
    result = cli.run(
        server.url,
        "--allow-db-writer",
        checks=checks("== 10"),
        more=COUNTS,
        duration="1s",
        env={"READINESS_DATABASE_URL": postgres.owner_url(database)},
        secrets=(postgres.server.admin_password,),
    )
    decided(result.report, 0)
    assert_invariants(result, server, planned_s=1)
    for name in ("report.md", "report.html", "run.json"):
        assert "--allow-db-writer" in result.text(name), name
        assert "is a superuser" in result.text(name), name


def test_d10_a_database_that_goes_away_during_the_load_is_inconclusive(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    with start_postgres() as own:
        url = own.database("create table bags (id int primary key)", "insert into bags select generate_series(1, 10)")
        own.execute("postgres", "grant pg_monitor to reader")
        running = cli.start(
            server.url,
            checks=checks(">= 10") + '  data.bags.change: { pass: "== 0", on_fail: block }\n'
            '  database.deadlocks: { pass: "== 0" }\n  pool.headroom: { pass: "> 1 %" }\n',
            more=COUNTS,
            duration="6s",
            env={"READINESS_DATABASE_URL": url},
        )
        server.wait(50, "/api/*")
    result = running.finish()  # the database was stopped meanwhile
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=6)
    assert result.check("http.success_rate")["outcome"] == "pass"
    for name in ("data.bags", "data.bags.change", "database.deadlocks", "pool.headroom"):
        assert result.check(name)["outcome"] == "error", result.check(name)
        assert READER_PASSWORD not in result.check(name)["message"]


@pytest.fixture
def own() -> Iterator[tuple[Postgres, str]]:
    """A server of the row's own, which it may stop, and the URL of its reader."""
    with start_postgres() as server:
        url = server.database(
            "create table bags (id int primary key)", "insert into bags select generate_series(1, 10)"
        )
        server.execute("postgres", "grant pg_monitor to reader")
        with ExitStack() as after:
            after.callback(go_on, server.server)
            yield server, url


STOPPED = (
    checks(">= 10")
    + """  data.slow: { pass: "== 10", on_fail: block }
  data.bags.change: { pass: "== 0", on_fail: block }
  database.deadlocks: { pass: "== 0" }
  pool.headroom: { pass: "> 1 %" }
"""
)
SLOW = "select count(*) from bags, (select pg_sleep(2)) s"


@pytest.mark.parametrize("stage", ["before the run", "the first snapshot", "the load", "the last snapshot"])
def test_a_database_that_is_stopped_at_any_stage_leaves_the_load_and_reasons(
    cli: Cli, faultd: StartFaultd, own: tuple[Postgres, str], stage: str
) -> None:
    server, (postgres, url) = faultd(), own
    name = url.rpartition("/")[2].partition("?")[0]
    more = f"{COUNTS}  queries:\n    slow: {{ sql: '{SLOW}' }}\n  statement_timeout: 4s\n"
    change = '  data.slow.change: { pass: "== 0" }\n' if stage == "the first snapshot" else ""

    def sleeping() -> bool:
        return postgres.answers(name, "select exists (select from pg_stat_activity where wait_event = 'PgSleep')")

    if stage == "before the run":
        stop(postgres.server)
    running = cli.start(
        server.url, checks=STOPPED + change, more=more, duration="3s", env={"READINESS_DATABASE_URL": url}
    )
    if stage in ("the first snapshot", "the last snapshot"):
        assert until(sleeping)
        stop(postgres.server)
    elif stage == "the load":
        server.wait(20, "/api/*")
        stop(postgres.server)
    result = running.finish()
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=3)
    assert result.check("http.success_rate")["outcome"] == "pass"
    counted = ("data.bags", "data.bags.change")
    assert stage != "the last snapshot" or all(result.check(name)["value"] in (0, 10) for name in counted)
    for check in ("data.slow", *(counted if stage != "the last snapshot" else ())):
        one = result.check(check)
        assert one["outcome"] == "error", one
        assert "answer" in one["message"], one
    assert READER_PASSWORD not in result.everything()


@pytest.mark.parametrize("line", [("database", "role"), ("schema", "lock", "--out", "-")])
def test_commands_that_ask_a_stopped_database_end_with_2(own: tuple[Postgres, str], line: tuple[str, ...]) -> None:
    postgres, url = own
    stop(postgres.server)
    ended = subprocess.run(
        [command(), *line],
        env={**os.environ, "READINESS_DATABASE_URL": url},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 2, ended
    assert "no answer in time" in ended.stderr


def test_a_blocking_check_without_a_database_is_refused_before_the_load(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result = cli.run(server.url, checks=checks(">= 10"), more=COUNTS, duration="1s", env={})
    assert result.exit_code == 2, str(result)
    assert "checks.data.bags: blocks and needs the database, but READINESS_DATABASE_URL is not set" in result.stderr
    assert server.counts()["connections"] == 0


def test_another_check_without_a_database_is_told_before_the_load(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    optional = checks(">= 10").replace('>= 10", on_fail: block', '>= 10"')
    result = cli.run(server.url, checks=optional, more=COUNTS, duration="1s", env={})
    assert result.exit_code == 3, str(result)
    assert "is not set, so these checks will not be measured: data.bags" in result.stderr
    assert "counting in the database" not in result.stderr
    assert result.check("http.success_rate")["outcome"] == "pass"


@pytest.mark.parametrize("url", ["mysql://u:pg-r3ader-5ecret@h/db", "sqlite:///shop.db", "mysql+pymysql://u@h/db"])
def test_a_database_of_another_kind_is_refused_by_name(cli: Cli, faultd: StartFaultd, url: str) -> None:
    result = run(cli, faultd().url, url)
    assert result.exit_code == 2, str(result)
    assert "only PostgreSQL is supported" in result.stderr
