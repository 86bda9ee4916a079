"""The circuit breaker by itself, with a clock that the test turns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from readiness.demo.service.circuit_breaker import MAX_FAILURES, RECOVERY_S, CircuitBreaker, CircuitOpen, State


class Broken(Exception):
    """The server failed."""


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


async def works() -> str:
    return "an answer"


async def fails() -> str:
    raise Broken


async def objects() -> str:
    raise ValueError


async def attempt(breaker: CircuitBreaker, operation: Callable[[], Awaitable[str]]) -> str:
    """`answer`, or the name of the exception."""
    try:
        await breaker.call(operation)
    except (Broken, CircuitOpen, ValueError) as error:
        return type(error).__name__
    return "answer"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker("the server", (Broken,), clock=clock)


def opened(breaker: CircuitBreaker) -> CircuitBreaker:
    async def open_it() -> None:
        for _ in range(MAX_FAILURES):
            assert await attempt(breaker, fails) == "Broken"

    asyncio.run(open_it())
    assert breaker.state is State.OPEN
    return breaker


def test_five_failures_in_a_row_open_it_and_the_server_is_not_asked(breaker: CircuitBreaker, clock: Clock) -> None:
    async def story() -> None:
        for _ in range(MAX_FAILURES - 1):
            await attempt(breaker, fails)
        assert await attempt(breaker, works) == "answer"  # a success in between: the row begins anew
        for _ in range(MAX_FAILURES - 1):
            await attempt(breaker, fails)
        assert breaker.state is State.CLOSED
        assert breaker.retry_after_s == 0
        assert await attempt(breaker, objects) == "ValueError"  # an answer that says no is an answer
        assert breaker.failures == 0

    asyncio.run(story())
    opened(breaker)
    asked: list[int] = []

    async def ask() -> str:
        asked.append(1)
        return "never"

    clock.now_s += RECOVERY_S - 0.5
    with pytest.raises(CircuitOpen) as refused:
        asyncio.run(breaker.call(ask))
    assert not asked
    assert refused.value.retry_after_s == 1
    assert breaker.statistics() == {
        "state": "open",
        "failures": 5,
        "max_failures": 5,
        "recovery_s": 60.0,
        "retry_after_s": 1,
        "opened": 1,
        "refused": 1,
    }


@pytest.mark.parametrize(
    ("trial", "said", "after"), [(works, "answer", State.CLOSED), (objects, "ValueError", State.CLOSED),
                                 (fails, "Broken", State.OPEN)]
)  # fmt: skip
def test_after_a_minute_one_call_alone_decides(
    breaker: CircuitBreaker, clock: Clock, trial: Callable[[], Awaitable[str]], said: str, after: State
) -> None:
    opened(breaker)
    clock.now_s += RECOVERY_S

    async def story() -> None:
        going = asyncio.Event()

        async def slow() -> str:
            await going.wait()
            return await trial()

        first = asyncio.create_task(attempt(breaker, slow))
        await asyncio.sleep(0)
        assert breaker.state is State.HALF_OPEN
        assert [await attempt(breaker, works) for _ in range(3)] == ["CircuitOpen"] * 3
        going.set()
        assert await first == said

    asyncio.run(story())
    assert breaker.state is after
    if after is State.OPEN:  # and for another whole minute
        assert breaker.retry_after_s == RECOVERY_S
        assert breaker.opened == 2
        clock.now_s += RECOVERY_S - 0.1
        assert asyncio.run(attempt(breaker, works)) == "CircuitOpen"
    else:
        assert breaker.failures == 0
        assert asyncio.run(attempt(breaker, works)) == "answer"


def test_a_trial_that_is_cancelled_closes_nothing_and_locks_nobody_out(breaker: CircuitBreaker, clock: Clock) -> None:
    opened(breaker)
    clock.now_s += RECOVERY_S

    async def story() -> None:
        trial = asyncio.create_task(breaker.call(lambda: asyncio.sleep(60)))
        await asyncio.sleep(0)
        assert breaker.state is State.HALF_OPEN
        trial.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trial

    asyncio.run(story())
    assert breaker.state is State.OPEN
    assert asyncio.run(attempt(breaker, works)) == "CircuitOpen"
    clock.now_s += RECOVERY_S
    assert asyncio.run(attempt(breaker, works)) == "answer"
    assert breaker.statistics()["state"] == "closed"


def test_a_late_answer_from_before_it_opened_does_not_close_it(breaker: CircuitBreaker) -> None:
    async def story() -> None:
        going = asyncio.Event()

        async def slow() -> str:
            await going.wait()
            return "late"

        early = asyncio.create_task(attempt(breaker, slow))
        await asyncio.sleep(0)
        for _ in range(MAX_FAILURES):
            await attempt(breaker, fails)
        going.set()
        assert await early == "answer"

    asyncio.run(story())
    assert breaker.state is State.OPEN
