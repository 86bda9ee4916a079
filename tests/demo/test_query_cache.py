"""The decorator `@cached`, and that a missing answer is computed once."""

from __future__ import annotations

import asyncio

import pytest

from readiness.demo.service.cache import Cache
from readiness.demo.service.query_cache import cached


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_decorated_query_is_asked_once_for_each_of_its_arguments_until_it_expires() -> None:
    asked: list[str] = []

    @cached(lambda place, *, unit="kg": f"weight:{place}:{unit}", ttl_s=60)
    async def weigh(place: str, *, unit: str = "kg") -> bytes:
        """What lies there."""
        asked.append(place)
        return f"{len(asked)} {unit}".encode()

    async def story() -> None:
        clock = Clock()
        cache = Cache(None, clock=clock)
        assert await weigh(cache, "a") == (b"1 kg", False)
        assert await weigh(cache, "a") == (b"1 kg", True)
        assert await weigh(cache, "a", unit="lb") == (b"2 lb", False)
        assert await weigh(cache, "b") == (b"3 kg", False)
        clock.now_s = 60.0
        assert await weigh(cache, "a") == (b"4 kg", False)
        await cache.invalidate("weight:a:*")
        assert await weigh(cache, "a") == (b"5 kg", False)
        assert await weigh(cache, "b") == (b"6 kg", False)
        assert (cache.hits["weight"], cache.misses["weight"]) == (1, 6)

    asyncio.run(story())
    assert weigh.__name__ == "weigh"
    assert weigh.__doc__ == "What lies there."


def test_a_crowd_that_misses_asks_once_and_an_error_is_everybodys_and_not_kept() -> None:
    asked = 0

    @cached(lambda: "dashboard", ttl_s=30)
    async def count() -> bytes:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.02)
        if asked == 1:
            raise ConnectionError("no database")
        return b"numbers"

    async def story() -> None:
        cache = Cache(None)
        lost = await asyncio.gather(*(count(cache) for _ in range(50)), return_exceptions=True)
        assert {type(error) for error in lost} == {ConnectionError}
        assert asked == 1
        found = await asyncio.gather(*(count(cache) for _ in range(50)))
        assert asked == 2
        assert {answer.value for answer in found} == {b"numbers"}
        assert cache.coalesced == 98
        assert (await count(cache)).hit

    asyncio.run(story())


def test_whoever_asked_first_may_leave_without_taking_the_answer_along() -> None:
    async def story() -> None:
        cache = Cache(None)
        ready = asyncio.Event()

        async def compute() -> bytes:
            await ready.wait()
            return b"an answer"

        first = asyncio.create_task(cache.get("bag:1", 60, compute))
        await asyncio.sleep(0)
        second = asyncio.create_task(cache.get("bag:1", 60, compute))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        ready.set()
        assert (await second).value == b"an answer"

    asyncio.run(story())
