"""What the database's measurements cost beside the best SQL that a person would write for the same numbers.

`python -m benchmarks.database --rows 10000000` fills the embedded PostgreSQL (a minute for ten million rows). Every
pair runs under the same settings: one core, no parallel scan, the cache as warm for the one as for the other.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from readiness import database
from readiness.config.model import Count, Database, Invariant, Query, Relation
from readiness.database import activity
from readiness.demo.postgres import Postgres, start_postgres
from readiness.measurements.run import Measurement
from readiness.probes.window import Window

ROWS = 10_000_000
PARENT_EVERY = 30
TABLES = 1_000
REPEATS = 5
MAX_GROUP, MAX_ORPHANS, MAX_CATALOGUE_MS, MAX_SAMPLING = 1.2, 1.1, 50.0, 0.005
COUNTS = {
    "bags": Count("bags"),
    "parents": Count("bags", {"kind": "parent"}),
    "children": Count("bags", {"kind": "child"}),
    "scanned": Count("bags", {"scanned": True}),
}
GROUP = Database(
    counts=COUNTS,
    queries={"heaviest": Query("select max(id) from bags")},
    invariants={"balanced": Invariant("…", ((1, "parents"), (1, "children"), (-1, "bags")))},
    statement_timeout_s=600,
    max_scan_bytes=1 << 40,
)
BEST = """select count(*), count(*) filter (where kind = 'parent'), count(*) filter (where kind = 'child'),
    count(*) filter (where scanned), (select max(id) from bags) from bags"""
ORPHANS = Database(
    relations={"mother": Relation("links", ("parent",), "bags", ("id",))},
    statement_timeout_s=600,
    max_scan_bytes=1 << 40,
)
ANTI_JOIN = """select count(*) from links c where c.parent is not null
    and not exists (select from bags p where p.id = c.parent)"""


@dataclass(frozen=True, slots=True)
class Place:
    """The filled database and its least role."""

    server: Postgres
    url: str


def fill(server: Postgres, rows: int) -> Place:
    """Bags, of which every thirtieth is a parent, and a link for each child."""
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        connection.execute("create role reader login password 'reader'")
        connection.execute("grant pg_monitor to reader")
        for name in ("large", "wide"):
            connection.execute(f"create database {name}".encode())
    with psycopg.connect(server.admin_url("large"), autocommit=True) as connection:
        connection.execute("create table bags (id bigint, kind text not null, scanned bool not null, note text)")
        bags = sql.SQL(
            "select n, case when n % {} = 0 then 'parent' else 'child' end, n % 7 = 0, 'bag ' || n"
            " from generate_series(1, {}) n"
        )
        connection.execute(sql.SQL("insert into bags {}").format(bags.format(PARENT_EVERY, rows)))
        connection.execute("alter table bags add primary key (id)")
        connection.execute("create table links (child bigint, parent bigint)")
        links = sql.SQL("select n, (n / {0} + 1) * {0} from generate_series(1, {1}) n where n % {0} <> 0")
        connection.execute(sql.SQL("insert into links {}").format(links.format(PARENT_EVERY, rows - 40)))
        connection.execute("vacuum (analyze)")
        connection.execute("grant select on all tables in schema public to reader")
    with psycopg.connect(server.admin_url("wide"), autocommit=True) as connection:
        connection.execute(
            f"do $$ begin for n in 1..{TABLES} loop".encode()
            + b" execute format('create table t%s (id serial primary key, other int references t%s, note text)',"
            b" n, greatest(n - 1, 1)); execute format('create index on t%s (other)', n);"
            b" if n % 50 = 0 then commit; end if; end loop; end $$"
        )
        connection.execute("vacuum (analyze)")
        connection.execute("grant select on all tables in schema public to reader")
        connection.execute("grant select on all sequences in schema public to reader")
    return Place(server, server.url("reader", "reader", "{}"))


def by_hand(place: Place, query: str) -> tuple[object, ...]:
    """The answer to one statement under the settings that readiness uses."""
    with psycopg.connect(place.url.format("large"), autocommit=True) as connection:
        connection.execute("set max_parallel_workers_per_gather = 0")
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row


def measured(place: Place, section: Database, wanted: set[str], name: str = "large") -> dict[str, Measurement]:
    return {one.metric: one for one in database.measure(place.url.format(name), section, wanted)}


def timed(work: Callable[[], object]) -> float:
    begun_s = time.perf_counter()
    work()
    return time.perf_counter() - begun_s


def side_by_side(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """The best of REPEATS of each, turn and turn about, after one of each to warm the cache."""
    ours(), theirs()
    pairs = [(timed(ours), timed(theirs)) for _ in range(REPEATS)]
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


def groups(place: Place) -> float:
    """Counts, a query and an invariant against the one statement that yields the same numbers."""
    found = measured(place, GROUP, set())
    best = by_hand(place, BEST)
    assert [found[f"data.{name}"].value for name in (*COUNTS, "heaviest")] == list(best)
    assert found["data.balanced"].value == 0
    ours_s, best_s = side_by_side(lambda: measured(place, GROUP, set()), lambda: by_hand(place, BEST))
    print(f"counts and invariants   {ours_s:7.2f} s beside {best_s:7.2f} s by hand   {ours_s / best_s:.3f}x")
    return ours_s / best_s


def orphans(place: Place) -> float:
    """Orphans against the plain anti-join."""
    wanted = {"database.orphans"}
    assert measured(place, ORPHANS, wanted)["database.orphans"].value == by_hand(place, ANTI_JOIN)[0]
    ours_s, best_s = side_by_side(lambda: measured(place, ORPHANS, wanted), lambda: by_hand(place, ANTI_JOIN))
    print(f"orphans                 {ours_s:7.2f} s beside {best_s:7.2f} s by hand   {ours_s / best_s:.3f}x")
    return ours_s / best_s


def catalogue(place: Place) -> float:
    """The slowest catalogue check on TABLES tables, in ms, and the sum of all for information."""
    from readiness.database.connect import open_read_only
    from readiness.database.schema import lines
    from readiness.database.snapshot import CATALOGUE_FACTS

    slowest_ms, total_ms = 0.0, 0.0
    with open_read_only(place.url.format("wide"), timeout_s=60) as session:
        checks: dict[str, Callable[[], object]] = {
            metric: lambda find=find: _quietly(lambda: find(session, ("public",)))  # type: ignore[misc]
            for metric, find in CATALOGUE_FACTS.items()
        }
        checks["schema lock"] = lambda: lines.read(session, ("public",))
        for metric, check in checks.items():
            check()
            took_ms = 1000 * min(timed(check) for _ in range(REPEATS))
            print(f"  {metric:40} {took_ms:6.1f} ms")
            total_ms += took_ms
            if metric != "schema lock":
                slowest_ms = max(slowest_ms, took_ms)
    print(f"catalogue, {TABLES:,} tables   slowest {slowest_ms:.1f} ms, all {total_ms:.1f} ms")
    return slowest_ms


def _quietly(check: Callable[[], object]) -> None:
    from contextlib import suppress

    from readiness.errors import NotMeasured

    with suppress(NotMeasured):  # statistics that are too young still took their query
        check()


def sampling(place: Place, seconds: float = 10.0, sessions: int = 50) -> tuple[float, float]:
    """Share of a core for the sampler: (in this process, in its server session) beside `sessions` open ones."""
    held = [psycopg.connect(place.url.format("large"), autocommit=True) for _ in range(sessions)]
    window = Window()
    window.begin()
    server_s: list[float] = []

    def look_at_server() -> None:
        time.sleep(seconds - 0.5)
        with psycopg.connect(place.server.admin_url("large"), autocommit=True) as connection:
            row = connection.execute(
                "select pid from pg_stat_activity where application_name = 'readiness' and datname = 'large'"
            ).fetchone()
        assert row is not None
        with open(f"/proc/{row[0]}/stat") as stat:  # noqa: PTH123
            fields = stat.read().rpartition(")")[2].split()
        server_s.append((int(fields[11]) + int(fields[12])) / 100)
        time.sleep(0.5)
        window.end()

    looking = threading.Thread(target=look_at_server)
    before = resource.getrusage(resource.RUSAGE_SELF)
    looking.start()
    seen = activity.watch(place.url.format("large"), window, wait_for_counters=False, stop=lambda: False)
    after = resource.getrusage(resource.RUSAGE_SELF)
    looking.join()
    for connection in held:
        connection.close()
    assert seen.reason is None, seen.reason
    own = (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) / seconds
    there = server_s[0] / seconds
    print(f"sampling, {len(seen.sessions)} samples    {100 * own:.2f} % of a core here, {100 * there:.2f} % there")
    return own, there


def slope(server: Postgres, rows: int) -> None:
    """How the cost of a count grows, for docs/reference/database.md."""
    with psycopg.connect(server.admin_url("large"), autocommit=True) as connection:
        connection.execute("set max_parallel_workers_per_gather = 0")
        for part in (rows // 100, rows // 10, rows):
            query = f"select count(*) filter (where kind = 'parent') from (select kind from bags limit {part}) q"  # noqa: S608
            took_s = statistics.median(timed(lambda: connection.execute(query.encode()).fetchall()) for _ in range(3))  # noqa: B023
            print(f"  {part:>12,} rows   {took_s:8.3f} s   {1e6 * took_s / part:.3f} us/row")


def main(rows: int | None = None) -> bool:
    """Every part; whether each kept its promise."""
    if rows is None:
        parser = argparse.ArgumentParser()
        parser.add_argument("--rows", type=int, default=ROWS)
        rows = parser.parse_args().rows
    server = start_postgres({"max_connections": "120"})
    try:
        took_s = time.perf_counter()
        place = fill(server, rows)
        print(f"{rows:,} rows in {time.perf_counter() - took_s:.0f} s")
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        kept = [groups(place) <= MAX_GROUP, orphans(place) <= MAX_ORPHANS, catalogue(place) < MAX_CATALOGUE_MS]
        kept.append(max(sampling(place)) < MAX_SAMPLING)
        slope(server, rows)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
        print(f"memory of this process grew by {grown:.0f} MB at its peak")
        return all(kept)
    finally:
        server.stop()


if __name__ == "__main__":
    raise SystemExit(not main())
