"""Names -> addresses in bounded time.

The system's resolver waits as long as its own settings say, minutes where they say so, and cannot be ended. So it is
asked in a thread that nobody waits for longer than LIMIT_S, and that does not hold back the end of the process.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

LIMIT_S = 12.0
"""A resolver with the usual settings gives up after 10 s."""
T = TypeVar("T")
Found = list[Any]
"""As `socket.getaddrinfo` gives it."""


def look_up(host: str, port: int | None) -> Found:
    """The addresses for a stream. Raises OSError or UnicodeError with the reason, TimeoutError after LIMIT_S."""
    answers: SimpleQueue[Found | Exception] = SimpleQueue()
    _ask(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), answers.put)
    try:
        found = answers.get(timeout=LIMIT_S)
    except Empty:
        raise TimeoutError(f"the name service gave no answer within {LIMIT_S:g} s") from None
    if isinstance(found, Exception):
        raise found
    return found


def run(main: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, which would wait at its end for every look-up that it began."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)


class _Loop(asyncio.SelectorEventLoop):
    """Connections of asyncio and of httpx ask this for their addresses."""

    async def getaddrinfo(
        self,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002
        proto: int = 0,
        flags: int = 0,
    ) -> Found:
        """In the place of one that asks in a thread of the pool."""
        answer: asyncio.Future[Found | Exception] = self.create_future()

        def put(found: Found | Exception) -> None:
            if not answer.done():
                answer.set_result(found)

        def tell(found: Found | Exception) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self.call_soon_threadsafe(put, found)

        _ask(lambda: socket.getaddrinfo(host, port, family, type, proto, flags), tell)
        try:
            async with asyncio.timeout(LIMIT_S):
                found = await answer
        except TimeoutError:
            raise TimeoutError(f"the name service gave no answer within {LIMIT_S:g} s") from None
        if isinstance(found, Exception):
            raise found
        return found


def _ask(question: Callable[[], Found], tell: Callable[[Found | Exception], None]) -> None:
    def ask() -> None:
        try:
            found: Found | Exception = question()
        except (OSError, UnicodeError) as error:
            found = error
        tell(found)

    threading.Thread(target=ask, name="name service", daemon=True).start()
