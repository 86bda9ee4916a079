"""One scan for all counts of a table, estimates, budgets, places of SQL errors, and one moment for all numbers."""

from __future__ import annotations

import resource
import threading
import time
from pathlib import Path

import psycopg
import pytest

from readiness import database
from readiness.config.load import load
from readiness.config.model import Count, Database, Invariant, Query
from readiness.database import parallel
from readiness.errors import ConfigError
from readiness.measurements.run import Measurement
from tests.database.conftest import Place

COUNTS = {
    "bags": Count("bags"),
    "parents": Count("bags", {"kind": "parent"}),
    "children": Count("bags", {"kind": "child"}),
    "orphans": Count("bags", {"kind": "child", "parent_id": None}),
}


def measure(place: Place, section: Database) -> dict[str, Measurement]:
    return {one.metric: one for one in database.measure(place.reader_url, section, set())}


def scans(place: Place, table: str) -> int:
    with psycopg.connect(place.admin_url, autocommit=True) as connection:
        connection.execute("select pg_stat_force_next_flush()") if place.version >= 150000 else time.sleep(1)
        row = connection.execute("select seq_scan from pg_stat_user_tables where relname = %s", (table,)).fetchone()
    assert row is not None
    return int(row[0])


def test_all_counts_of_a_table_are_one_scan_and_right(place: Place) -> None:
    before = scans(place, "bags")
    found = measure(place, Database(COUNTS))
    assert {name: found[f"data.{name}"].value for name in COUNTS} == {
        "bags": 10, "parents": 4, "children": 6, "orphans": 0,
    }  # fmt: skip
    assert scans(place, "bags") - before == 1
    some = {name: count for name, count in COUNTS.items() if name != "bags"}
    assert {name: one.value for name, one in measure(place, Database(some)).items() if name.startswith("data.")} == {
        "data.parents": 4, "data.children": 6, "data.orphans": 0,
    }  # fmt: skip


def test_one_wrong_column_among_the_counts_of_a_table_spares_the_others(place: Place) -> None:
    found = measure(place, Database({**COUNTS, "odd": Count("bags", {"knd": "x"}, 12)}))
    assert found["data.bags"].value == 10
    assert found["data.odd"].value is None
    assert "count odd (line 12)" in str(found["data.odd"].reason)
    assert "knd" in str(found["data.odd"].reason)


def test_an_estimate_is_the_planners_number_and_says_so(place: Place) -> None:
    place.execute("create table fresh with (autovacuum_enabled = false) as select n from generate_series(1, 1000) n")
    section = Database({"fresh": Count("fresh", estimate=True), "bags": Count("bags")})
    assert "ANALYZE" in str(measure(place, section)["data.fresh"].reason), "a negative or empty estimate is none"
    place.execute("analyze fresh")
    found = measure(place, section)
    assert found["data.fresh"].value == 1000
    assert found["data.fresh"].estimated
    assert not found["data.bags"].estimated
    balanced = {"balanced": Invariant("…", ((1, "fresh"), (-100, "bags")))}
    assert measure(place, Database(section.counts, {}, balanced))["data.balanced"].estimated


def test_a_scan_beyond_the_budget_is_not_made_and_spares_the_others(place: Place) -> None:
    place.execute("create table large as select n, repeat('x', 1000) from generate_series(1, 3000) n", "analyze large")
    before = scans(place, "large")
    section = Database(
        {"bags": Count("bags"), "large": Count("large", line=4)},
        {"sum": Query("select sum(n) from large", 5)},
        max_scan_bytes=1 << 20,
    )
    found = measure(place, section)
    assert found["data.bags"].value == 10
    for name in ("large", "sum"):
        assert "3." in str(found[f"data.{name}"].reason)
        assert "database.max_scan" in str(found[f"data.{name}"].reason)
    assert scans(place, "large") == before


@pytest.mark.parametrize(
    "made",
    [
        "create view v as select * from large",
        "create view w as select * from large; create view v as select n from w where n > 0",
        "create view v as select l.n from large l join large m using (n)",
        "create index on large (n); vacuum analyze large; create view v as select n from large where n > -1",
    ],
)
def test_a_view_costs_what_it_reads(place: Place, made: str) -> None:
    place.execute(
        "create table large as select n, repeat('x', 1000) c from generate_series(1, 30000) n", "analyze large"
    )
    place.execute(*made.split("; "))
    before = scans(place, "large")
    section = Database(
        {"v": Count("v"), "where": Count("v", {"n": 5})},
        {"sum": Query("select sum(n) from v"), "all": Query("select count(*) from large")},
        max_scan_bytes=1 << 19,
    )
    found = measure(place, section)
    for name in ("v", "sum", "all"):
        assert "database.max_scan" in str(found[f"data.{name}"].reason), found
    assert scans(place, "large") == before
    assert measure(place, Database(section.counts))["data.v"].value == 30000


def test_an_error_in_a_file_of_sql_names_check_file_line_and_column(place: Place, tmp_path: Path) -> None:
    (tmp_path / "links.sql").write_text("-- links\nselect count(*)\nfrom bags where knd = 'child'\n")
    file = tmp_path / "thresholds.yaml"
    text = (
        "version: 1\nservice: s\nchecks: {{ data.links: {{ pass: '== 6' }} }}\n"
        "database:\n  queries:\n    links: {{ file: {name} }}\n"
    )
    file.write_text(text.format(name="links.sql"))
    found = measure(place, load(file, {}).database)["data.links"]
    assert "links.sql:3:17" in str(found.reason)
    assert "query links (line 6)" in str(found.reason)
    (tmp_path / "links.sql").write_text("-- links\nselect count(*)\nfrom bags where kind = 'child'; -- all\n")
    assert measure(place, load(file, {}).database)["data.links"].value is None, "a comment after the semicolon"
    (tmp_path / "links.sql").write_text("-- links\nselect count(*)\nfrom bags where kind = 'child' -- all\n")
    assert measure(place, load(file, {}).database)["data.links"].value == 6
    file.write_text(text.format(name="nothing.sql"))
    with pytest.raises(ConfigError, match=r"thresholds.yaml:6: database.queries.links.file: nothing.sql: there is no"):
        load(file, {})


def test_an_error_in_a_line_of_sql_names_its_position(place: Place) -> None:
    found = measure(place, Database(queries={"q": Query("select count(*) frm bags", 31)}))["data.q"]
    assert "query q (line 31)" in str(found.reason)
    assert "position" in str(found.reason)


def test_endless_rows_end_at_the_second(place: Place) -> None:
    begun_s = time.monotonic()
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = measure(place, Database(queries={"q": Query("select generate_series(1, 3000000000)")}))["data.q"]
    assert "one row, not several" in str(found.reason)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 20_000
    assert time.monotonic() - begun_s < 10


@pytest.mark.parametrize("connections", ["one", "several"])
def test_equations_hold_while_rows_are_written(place: Place, connections: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parents and bags grow together all the time; numbers of two moments would differ."""
    if connections == "several":
        monkeypatch.setattr(parallel, "WORTH_BYTES", 0)
    place.execute("create table parents (id int)", "insert into parents select id from bags where kind = 'parent'")
    section = Database(
        {"bags": Count("bags"), "parents": Count("parents")},
        {"others": Query("select count(*) from bags, (select pg_sleep(0.1)) s where kind = 'child'")},
        {"balanced": Invariant("…", ((1, "parents"), (1, "others"), (-1, "bags")))},
    )  # fmt: skip
    done = threading.Event()

    def write() -> None:
        with psycopg.connect(place.admin_url) as connection:
            number = 100
            while not done.is_set():
                number += 1
                connection.execute("insert into bags values (%s, 'parent')", (number,))
                connection.execute("insert into parents values (%s)", (number,))
                connection.commit()

    writing = threading.Thread(target=write)
    writing.start()
    try:
        found = [measure(place, section) for _ in range(3)]
        while found[0]["data.bags"].value == found[-1]["data.bags"].value:  # nothing was written yet
            found.append(measure(place, section))
    finally:
        done.set()
        writing.join()
    assert {one["data.balanced"].value for one in found} == {0}
