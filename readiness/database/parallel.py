"""Several statements of one snapshot at once: the snapshot is exported, and other connections join it.

Only where that pays: below a size of tables, opening a connection costs more than it saves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

from readiness.database.connect import Session
from readiness.errors import NotMeasured

T = TypeVar("T")
_HELPERS = 1
"""Connections beside the first. Each of the two may hold one more for a query; the role that we print has four."""
WORTH_BYTES = 256 << 20


def run(session: Session, tasks: Sequence[Callable[[Session], T]], bytes_to_read: int) -> list[T]:
    """The results of all tasks, in their order. A task raises nothing."""
    results: dict[int, T] = {}
    waiting: SimpleQueue[tuple[int, Callable[[Session], T]]] = SimpleQueue()
    for item in enumerate(tasks):
        waiting.put(item)

    def work(on: Session) -> None:
        with suppress(Empty):
            while True:
                number, task = waiting.get_nowait()
                results[number] = task(on)

    def help_out() -> None:
        with suppress(NotMeasured), session.beside() as other:  # no connection is left: the first session does it all
            work(other)

    helpers: list[threading.Thread] = []
    if bytes_to_read >= WORTH_BYTES:
        helpers = [threading.Thread(target=help_out, daemon=True) for _ in range(min(_HELPERS, len(tasks) - 1))]
    for helper in helpers:
        helper.start()
    work(session)
    for helper in helpers:
        helper.join()
    return [results[number] for number in range(len(tasks))]
