"""The engine's side of the acknowledged writes: gives keys, and tells once a second which were acknowledged."""

from __future__ import annotations

from collections import defaultdict

from readiness.measurements.writes import Marks, WriteKeys


class WriteLog:
    """What came since the last `take`; totals since the start."""

    def __init__(self, run_id: str) -> None:
        self.keys = WriteKeys(run_id)
        self.sent = 0
        self.acknowledged = 0
        self._last: dict[int, int] = {}
        """User to the number of its last write."""
        self._wrote: set[int] = set()
        self._news: defaultdict[int, list[int]] = defaultdict(list)

    def next_key(self, user: int, *, as_uuid: bool = False) -> str:
        """The key of the user's next write."""
        number = self._last[user] = self._last.get(user, 0) + 1
        self._wrote.add(user)
        self.sent += 1
        return self.keys.uuid(user, number) if as_uuid else self.keys.text(user, number)

    def acknowledge(self, key: str) -> None:
        """The service said that it has the write. Raises ValueError for a key that is not from `next_key`."""
        write = self.keys.write_of(key)
        if write is None or not 1 <= write[1] <= self._last.get(write[0], 0):
            raise ValueError(f"acknowledged({key!r}): not a key of this run; take keys from self.write_key()")
        user, number = write
        self._news[user].append(number)
        self.acknowledged += 1

    def take(self) -> tuple[Marks, ...]:
        """The news by user, numbers as ranges: one user's writes are mostly acknowledged in order."""
        users = sorted(self._wrote | self._news.keys())
        news = tuple((user, self._last[user], *_ranges(self._news.get(user, []))) for user in users)
        self._wrote = set()
        self._news.clear()
        return news


def _ranges(numbers: list[int]) -> list[int]:
    """First and last of each run of successive numbers, all in one list."""
    found: list[int] = []
    for number in sorted(numbers):
        if found and number <= found[-1] + 1:
            found[-1] = number
        else:
            found += [number, number]
    return found
