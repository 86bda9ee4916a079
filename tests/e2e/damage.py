"""A damaged demo: `python -m tests.e2e.damage --out DIR [DAMAGE …]` assesses one, with all damages or the named ones.

The bag service runs as always; only its database is damaged beforehand, or loses writes by a trigger. What each damage
is found by stands beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from readiness.demo.accounts import PASSWORD

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is wrong with a database."""

    name: str
    check: str
    """The check that must fail for it."""
    value: float | None
    """What the check must measure; None where it depends on the load."""
    statements: tuple[str, ...]


DAMAGES = (
    Damage(
        "orphans",
        "database.orphans",
        3,
        (
            "alter table links drop constraint links_parent_fkey",
            "update links set parent_id = 900000 + child_id where child_id in (901, 902, 903)",
            "alter table links add constraint links_parent_fkey foreign key (parent_id) references bags (id) not valid",
        ),
    ),
    Damage("not_valid", "database.foreign_keys.unvalidated", 1, ()),
    Damage(
        "duplicate",
        "data.duplicate_codes",
        1,
        (
            "alter table bags drop constraint bags_qr_key",
            "create index bags_qr on bags (qr)",
            "insert into bags (id, qr, kind) select 100001, qr, kind from bags where id = 905",
            "insert into links select 100001, 1",
        ),
    ),
    Damage("missing_row", "data.children_without_parent", 1, ("delete from links where child_id = 904",)),
    Damage("invalid_index", "database.indexes.invalid", 1, ("create unique index concurrently twice on bags (qr)",)),
    Damage("dropped_column", "database.schema.destructive", None, ("alter table users drop column display_name",)),
    Damage(
        "lost_write",
        "database.writes.lost",
        None,
        (
            """create function lose() returns trigger language plpgsql security definer set search_path = public as
            'begin if new.id % 5 = 0 then delete from scans where id = new.id; end if; return null; end'""",
            """create constraint trigger lose after insert on scans deferrable initially deferred
            for each row execute function lose()""",
        ),
    ),
)
"""In this order: the duplicate makes the index invalid, and the orphans make the key NOT VALID."""


@contextmanager
def damaged_demo(names: Sequence[str]) -> Iterator[dict[str, str]]:
    """`readiness demo` with the named damages; what it printed of itself."""
    demo = subprocess.Popen(
        [sys.executable, "-m", "readiness", "demo"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )
    try:
        assert demo.stdout is not None
        places: dict[str, str] = json.loads(demo.stdout.readline())
        with psycopg.connect(places["admin_database_url"], autocommit=True) as connection:
            for damage in DAMAGES:
                for statement in damage.statements if damage.name in names else ():
                    try:
                        connection.execute(statement.encode())
                    except psycopg.errors.UniqueViolation:
                        assert damage.name == "invalid_index"  # which is how such an index comes to be
        yield places
    finally:
        demo.terminate()
        demo.wait(60)
        if demo.stdout is not None:
            demo.stdout.close()


def main() -> int:
    """Assess the damaged demo with the limits of the bag service; the exit code is readiness's own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("damages", nargs="*", choices=[[], *(damage.name for damage in DAMAGES)], default=[])
    parser.add_argument("--out", type=Path, default=Path("reports/damaged"))
    given, more = parser.parse_known_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for name in ("thresholds.yaml", "schema.lock"):
        shutil.copy(ROOT / name, given.out / name)
    with damaged_demo(given.damages or [damage.name for damage in DAMAGES]) as places:
        environment = {"READINESS_DATABASE_URL": places["database_url"], "READINESS_PASSWORD": PASSWORD}
        line = ["run", places["url"], "--thresholds", str(given.out / "thresholds.yaml"), "--out", str(given.out)]
        scenarios = ["--scenarios", str(ROOT / "scenarios"), *more]
        return subprocess.run(
            [sys.executable, "-m", "readiness", *line, *scenarios], env={**os.environ, **environment}, check=False
        ).returncode


if __name__ == "__main__":
    raise SystemExit(main())
