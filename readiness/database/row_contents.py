"""What the rows of a table hold, as one number for each row: equal in two databases where the text of the row is."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from psycopg import sql

from readiness.database.connect import Session
from readiness.database.identifiers import identifier, table_bytes
from readiness.errors import NotMeasured

MOST_ROWS = 1_000_000
"""Of a table that is compared: eight bytes of each row come over, three times."""
_AS_TEXT = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
}
"""Both servers write a value in the same way, whatever their own settings are."""
# SHA-256 and no hash of the server's own: those differ between versions and processors. In no order: rows of a table
# have none, and a restored one stores them in another.
_HASHES = """select pg_catalog.count(*), pg_catalog.string_agg(one.hash, ''::pg_catalog.bytea) from (
    select pg_catalog.substr(pg_catalog.sha256(pg_catalog.convert_to((r.*)::pg_catalog.text, 'UTF8')), 1, 8) as hash
    from {table} r limit {most}) one"""


@dataclass(frozen=True, slots=True)
class RowContents:
    """A number for each row, in ascending order."""

    hashes: array[int]

    def beyond(self, *others: RowContents) -> int:
        """Rows that none of `others` holds as often as this one."""
        known, *more = others
        for one in more:  # each row as often as the one of them that has it most often
            known = RowContents(array("Q", sorted(known.hashes + _without(one.hashes, known.hashes))))
        return len(_without(self.hashes, known.hashes))


def row_contents(session: Session, table: str) -> RowContents:
    """Of all rows of `table`, as thresholds.yaml names it. Raises NotMeasured."""
    name = identifier(table)
    session.spend(table_bytes(session, name), f"the comparison of {table}")
    query = sql.SQL(_HASHES).format(table=name, most=sql.Literal(MOST_ROWS + 1))
    ((rows, joined),) = session.under(**_AS_TEXT).rows(query)
    if rows > MOST_ROWS:
        raise NotMeasured(f"{table} has more than {MOST_ROWS:,} rows, too many to compare what they hold")
    hashes = array("Q", bytes(joined or b""))
    if len(hashes) != rows:
        raise NotMeasured(f"{table}: the server did not say what each of its rows holds")
    return RowContents(array("Q", sorted(hashes)))


def _without(some: array[int], others: array[int]) -> array[int]:
    """What is in `some` more often than in `others`; both ascend."""
    left = array("Q")
    if some == others:
        return left
    at, end = 0, len(others)
    for one in some:
        while at < end and others[at] < one:
            at += 1
        if at < end and others[at] == one:
            at += 1
        else:
            left.append(one)
    return left
