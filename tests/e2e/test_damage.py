"""Damage by damage: a database that is not what it was is not ready, and a service that loses writes is caught."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg
import pytest

from readiness.demo.accounts import PASSWORD
from tests.e2e.conftest import Cli
from tests.e2e.damage import DAMAGES, ROOT, damaged_demo
from tests.e2e.invariants import assert_invariants, decided
from tests.e2e.postgres import Postgres

DATABASE = (ROOT / "thresholds.yaml").read_text("utf-8").partition("\ndatabase:")[2].partition("\nprobes:")[0]
CHECKS = "".join(f'\n  {damage.check}: {{ pass: "== 0", on_fail: block }}' for damage in DAMAGES)
SOUND = """
  http.success_rate: { pass: "> 90 %", on_fail: block }
  data.parents_and_children: { pass: "== 0", on_fail: block }
  data.bags.change: { pass: "== 0", on_fail: block }
  database.writes.duplicated: { pass: "== 0", on_fail: block }
  database.primary_keys.missing: { pass: "== 0" }
"""


def test_d5_a_damaged_demo_is_reported_damage_by_damage(cli: Cli) -> None:
    (cli.folder / "schema.lock").write_text((ROOT / "schema.lock").read_text("utf-8"), encoding="utf-8")
    with damaged_demo([damage.name for damage in DAMAGES]) as places:
        result = cli.run(
            places["url"],
            scenario="scans.py",
            checks=CHECKS + SOUND,
            more=f"database:{DATABASE}\n",
            env={"READINESS_DATABASE_URL": places["database_url"], "READINESS_PASSWORD": PASSWORD},
            secrets=(places["database_url"],),
        )
    assert result.exit_code == 1, str(result)
    assert_invariants(result, planned_s=3)
    for damage in DAMAGES:
        found = result.check(damage.check)
        assert found["outcome"] == "fail", found
        assert found["value"] == damage.value or (damage.value is None and found["value"] > 0), found
    for line in SOUND.strip().splitlines():
        found = result.check(line.split(":")[0].strip())
        assert found["outcome"] == "pass", found
    report = result.text("report.md") + result.text("report.html")
    for words in ("links_parent_fkey", "NOT VALID", "twice", "display_name", "lost"):
        assert words in report, words


class ScanService(ThreadingHTTPServer):
    """Stores scans, honestly or not: `early` answers before it commits and loses some, `retry` repeats without key."""

    daemon_threads = True

    def __init__(self, url: str, manner: str) -> None:
        super().__init__(("127.0.0.1", 0), _Scan)
        self.connection = psycopg.connect(url, autocommit=True)
        self.manner = manner
        self.number = 0
        self.lock = threading.Lock()

    def store(self, key: str, run: str) -> None:
        insert = "insert into scans (idempotency_key, run_id) values (%s, %s)"
        with self.lock:
            self.number += 1
            if self.manner == "early" and self.number % 4 == 0:
                return  # the process that had it in memory was restarted
            self.connection.execute(insert, (key, run))
            if self.manner == "retry" and self.number % 4 == 0:
                self.connection.execute(insert, (key if self.number % 8 == 0 else None, run))


class _Scan(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScanService

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.store(self.headers["Idempotency-Key"], self.headers["X-Run-Id"])
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet."""


@contextmanager
def scan_service(postgres: Postgres, manner: str) -> Iterator[tuple[str, str]]:
    """The service's URL, and the database's for a role that can only read."""
    url = postgres.database("create table scans (id bigserial primary key, idempotency_key text, run_id text)")
    server = ScanService(postgres.owner_url(url.rpartition("/")[2].partition("?")[0]), manner)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", url
    finally:
        server.shutdown()
        server.server_close()
        server.connection.close()


@pytest.mark.parametrize(
    ("manner", "exit_code", "outcomes"),
    [
        ("honest", 0, ("pass", "pass", "pass", "pass")),
        ("early", 1, ("fail", "pass", "pass", "fail")),
        ("retry", 1, ("pass", "fail", "fail", "fail")),
    ],
)
def test_a_service_that_loses_or_doubles_writes_is_caught_and_an_honest_one_is_not(
    cli: Cli, postgres: Postgres, manner: str, exit_code: int, outcomes: tuple[str, ...]
) -> None:
    metrics = ("database.writes.lost", "database.writes.duplicated", "database.writes.phantom", "data.recorded")
    with scan_service(postgres, manner) as (target, url):
        result = cli.run(
            target,
            scenario="writes.py",
            checks="".join(f'\n  {metric}: {{ pass: "== 0", on_fail: block }}' for metric in metrics) + "\n",
            more="database:\n  counts: { scans: { table: scans } }\n"
            '  invariants: { recorded: "scans.change == writes.acknowledged" }\n'
            "  writes: { table: scans, key: idempotency_key, run: run_id }\n",
            duration="1s",
            env={"READINESS_DATABASE_URL": url},
        )
    decided(result.report, exit_code)
    assert tuple(result.check(metric)["outcome"] for metric in metrics) == outcomes
    assert result.check("database.writes.lost")["samples"] >= 8
