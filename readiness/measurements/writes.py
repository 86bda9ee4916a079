"""Keys of the run's own writes, and the book of which were acknowledged.

A write is (user, number): the number counts the user's writes from 1. Its key carries both and the run, so that nobody
has to keep a million keys: the book has one byte for each write, and a row's key tells which write it is.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from readiness.measurements.run import Detail

MAX_USER = 2**22 - 1
MAX_NUMBER = 2**40 - 1
MAX_WRITES = 100_000_000
"""Bytes that the book may take; a load beyond is not reconciled."""
_TAIL = re.compile(r"([0-9]{1,7})\.([0-9]{1,13})", re.ASCII)
Write = tuple[int, int]
"""User and number."""
WritePart = Mapping[int, tuple[int, int]]
"""A part of a book: by user, the first and the last number."""


@dataclass(frozen=True, slots=True)
class WriteCount:
    """How many writes met one fate."""

    count: int
    details: tuple[Detail, ...] = ()
    reason: str | None = None
    """Why the count proves nothing."""


@dataclass(frozen=True, slots=True)
class WritesFound:
    """The rows against one part of a book."""

    acknowledged: int
    lost: WriteCount
    duplicated: WriteCount


Marks = tuple[int, ...]
"""One user's news: user, writes sent so far, then first and last number of each acknowledged range."""


class WriteKeys:
    """Keys of one run, to text and back."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        digest = hashlib.sha256(run_id.encode()).digest()
        self._digest = int.from_bytes(digest[:8]) >> 4  # 60 bits: 48 before the version of a UUID, 12 after it

    def text(self, user: int, number: int) -> str:
        """Such as `20261124T151805Z-1f2e3d4c.12.345`."""
        return f"{self.run_id}.{user}.{number}"

    def uuid(self, user: int, number: int) -> str:
        """The same as a UUID of version 8, for services that take nothing else."""
        low = (user & MAX_USER) << 40 | (number & MAX_NUMBER)
        value = (self._digest >> 12) << 80 | 0x8 << 76 | (self._digest & 0xFFF) << 64 | 0b10 << 62 | low
        return str(uuid.UUID(int=value))

    def write_of(self, key: str) -> Write | None:
        """The write that has this key; None when it is no key of the run."""
        if key.startswith(self.run_id) and key[len(self.run_id) :][:1] == ".":
            match = _TAIL.fullmatch(key, len(self.run_id) + 1)
            return (int(match[1]), int(match[2])) if match else None
        try:
            value = uuid.UUID(key).int
        except ValueError:
            return None
        low = value & (1 << 62) - 1
        user, number = low >> 40, low & MAX_NUMBER
        return (user, number) if self.uuid(user, number) == str(uuid.UUID(int=value)) else None


@dataclass(slots=True)
class WriteBook:
    """Which writes were sent, and which of them the service acknowledged."""

    run_id: str
    complete: bool = False
    """Whether the load's end marker came and its totals agree."""
    acknowledged: int = 0
    sent: int = 0
    unanswered: int = 0
    """Requests of the load that failed or were running at its end: so many writes may have no acknowledgement."""
    _users: dict[int, bytearray] = field(default_factory=dict)
    """User to one byte for each write: 1 when acknowledged."""

    def add(self, news: Iterable[Marks]) -> None:
        """Take in what a batch says; a write that is acknowledged twice counts once."""
        for user, sent, *ranges in news:
            book = self._users.setdefault(user, bytearray())
            if sent > len(book) and self.sent + sent - len(book) <= MAX_WRITES:
                self.sent += sent - len(book)
                book.extend(bytes(sent - len(book)))
            for first, last in zip(ranges[::2], ranges[1::2], strict=True):
                self.acknowledged += book[first - 1 : last].count(0)
                book[first - 1 : last] = b"\1" * len(book[first - 1 : last])

    @property
    def mostly_unconfirmed(self) -> bool:
        """Whether most writes have no acknowledgement, and no failed request is the reason."""
        return 2 * (self.sent - self.acknowledged - self.unanswered) > self.sent

    def knows(self, write: Write) -> bool:
        """Whether this run sent it."""
        user, number = write
        return 1 <= number <= len(self._users.get(user, b""))

    def is_acknowledged(self, write: Write) -> bool:
        """Whether the service said that it has it."""
        user, number = write
        return self.knows(write) and self._users[user][number - 1] == 1

    def users(self) -> Iterator[tuple[int, bytearray]]:
        """Every user that wrote, with one byte for each of its writes."""
        yield from self._users.items()
