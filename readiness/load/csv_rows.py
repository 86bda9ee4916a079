"""`rows("users.csv")` of scenario files: one row at a time, and no row twice where each user needs its own.

Each engine of a run takes its own residue class of the rows, as it does with accounts (context.py), so that no two
processes or machines hand out the same one. Every `rows()` of one file shares one count.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Literal, get_args

from greenlet import getcurrent
from locust.runners import WorkerRunner

from readiness.text.foreign_files import NotReadable, read_text

_MOST_BYTES = 32 << 20
_Order = Literal["unique", "random", "in order"]


class RowsError(ValueError):
    """The file is not usable, or all of its rows are taken; the text names the file and says what to do."""


@dataclass(slots=True)
class _Engine:
    """Which part of all rows this process hands out."""

    shard: int = 0
    shards: int = 1
    known: bool = False
    """Whether a run of readiness said so; under plain `locust -f` nobody does."""
    endless: bool = False
    """In the calibration rows may come again: nobody sees them."""
    turns: dict[str, Iterator[int]] = field(default_factory=dict)
    """By order and file."""
    told: Callable[[str, Mapping[str, str]], object] | None = None
    """Hears of every row that is taken (`readiness try`)."""


_ENGINE = _Engine()


def hand_out(shard: int, shards: int, *, endless: bool = False) -> None:
    """From now on this process hands out the rows `shard`, `shard + shards` … of each file, from the beginning."""
    _ENGINE.shard, _ENGINE.shards, _ENGINE.known, _ENGINE.endless = shard, shards, True, endless
    _ENGINE.turns = {}


def listen(told: Callable[[str, Mapping[str, str]], object]) -> None:
    """Have `told(file, row)` called for every row that is taken."""
    _ENGINE.told = told


class Rows:
    """The rows of one CSV file."""

    def __init__(self, path: Path, name: str, order: _Order) -> None:
        self._path = path
        self._name = name
        self._order = order
        self._columns, self._rows = _read(path, name)

    def __len__(self) -> int:
        return len(self._rows)

    def take(self) -> dict[str, str]:
        """The next row, column name to value. Raises RowsError when each row was handed out, with order="unique"."""
        row = dict(zip(self._columns, self._rows[self._next()], strict=True))
        if _ENGINE.told is not None:
            _ENGINE.told(self._name, row)
        return row

    def _next(self) -> int:
        if self._order == "random":
            return random.randrange(len(self._rows))
        turns = _ENGINE.turns.setdefault(f"{self._order} {self._path}", count(_ENGINE.shard, _ENGINE.shards))
        if self._order == "unique" and not _ENGINE.known:
            _refuse_workers(self._name)
        turn = next(turns)
        if turn < len(self._rows) or self._order == "in order" or _ENGINE.endless:
            return turn % len(self._rows)
        raise RowsError(
            f'{self._name}: all {len(self)} rows are taken, and order="unique" gives none twice{_part()}: add rows, '
            'take one for each user in on_start instead of one for each task, or say order="random" or '
            'order="in order", which give rows again'
        )


def rows(file: str, order: _Order = "unique") -> Rows:
    """The rows of a CSV file with a header line; `file` is searched for beside the file that calls this.

    `order` is "unique" (no row twice in the whole run, also among processes and machines), "random", or "in order",
    which begins again at the end. Raises RowsError when the file is not usable: missing, empty, no CSV.
    """
    if order not in get_args(_Order):
        raise RowsError(f'{file}: order={order!r}: say "unique", "random" or "in order"')
    path = Path(sys._getframe(1).f_code.co_filename).parent / file
    return Rows(path.resolve(), file, order)


@lru_cache(maxsize=64)
def _read(path: Path, name: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Header and rows; lines without anything are left out."""
    try:
        text = read_text(path, _MOST_BYTES).removeprefix("\ufeff")
    except NotReadable as error:
        raise RowsError(f"{name}: {error} ({path})") from None
    lines = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        numbered = [(lines.line_num, tuple(line)) for line in lines if line]
    except csv.Error as error:
        raise RowsError(f"{name}:{lines.line_num}: is not CSV: {error}") from None
    if len(numbered) < 2:
        what = "has a header line and no rows" if numbered else "is empty"
        raise RowsError(f"{name}: {what}: the first line names the columns, each further line is a row")
    columns = tuple(column.strip() for column in numbered[0][1])
    _check_header(columns, name)
    for line, values in numbered[1:]:
        if len(values) != len(columns):
            raise RowsError(f"{name}:{line}: {len(values)} values, and the header line names {len(columns)} columns")
    return columns, tuple(values for _, values in numbered[1:])


def _check_header(columns: tuple[str, ...], name: str) -> None:
    if len(columns) == 1 and (other := next((mark for mark in ";\t|" if mark in columns[0]), None)):
        raise RowsError(f"{name}:1: the columns are separated by {other!r}: use commas")
    twice = next((column for column in columns if columns.count(column) > 1), None)
    if twice is not None or "" in columns:
        raise RowsError(f"{name}:1: {'a column has no name' if not twice else f'two columns are called {twice!r}'}")


def _part() -> str:
    if _ENGINE.shards == 1:
        return ""
    return (
        f" (process {_ENGINE.shard + 1} of {_ENGINE.shards} takes every {_ENGINE.shards}th row, so the file needs "
        f"{_ENGINE.shards} rows more than users)"
    )


def _refuse_workers(name: str) -> None:
    """Locust's own workers do not know how many they are."""
    users = [one for one in getattr(getcurrent(), "args", ()) if hasattr(one, "environment")]
    if any(isinstance(user.environment.runner, WorkerRunner) for user in users):
        raise RowsError(
            f'{name}: order="unique" cannot be shared out among Locust\'s own workers: use `readiness run '
            '--processes N` or `readiness worker`, or say order="random"'
        )
