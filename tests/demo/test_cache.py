from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import pytest
import uvloop

from readiness.demo import valkey
from readiness.demo.service import valkey_client
from readiness.demo.service.cache import Cache, Cached
from readiness.demo.service.stores import MemoryStore, ValkeyStore
from readiness.demo.service.valkey_client import ValkeyClient

RECOVERY_S = 0.3


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Valkey that a busy machine holds up for a moment is no Valkey that is away."""
    monkeypatch.setattr(valkey_client, "_TIMEOUT_S", 20.0)


def constant(value: bytes) -> Callable[[], Awaitable[bytes]]:
    async def compute() -> bytes:
        return value

    return compute


async def until_valkey_is_back(cache: Cache, value: bytes) -> Cached:
    """The answer with which Valkey took over again; it may take more than one try on a busy machine."""
    for _ in range(100):
        await asyncio.sleep(RECOVERY_S)
        answer = await cache.get("bag:1", 60, constant(value))
        if cache.backend == "valkey":
            return answer
    raise AssertionError("Valkey never took over again")


async def with_valkey(use: Callable[[Cache, valkey.Valkey], Awaitable[None]]) -> None:
    server = valkey.start_valkey()
    assert server is not None
    client = ValkeyClient(server.url)
    try:
        await use(Cache(ValkeyStore(client), recovery_s=RECOVERY_S), server)
    finally:
        client.close()
        server.stop()


@pytest.mark.usefixtures("patient")
def test_the_cache_falls_back_to_memory_when_valkey_dies_and_comes_back_with_it() -> None:
    async def story(cache: Cache, server: valkey.Valkey) -> None:
        await cache.get("bag:1", 60, constant(b"from valkey"))
        assert cache.backend == "valkey"
        server.stop()
        assert (await cache.get("bag:1", 60, constant(b"computed anew"))) == (b"computed anew", False)
        assert (await cache.get("bag:1", 60, constant(b"never"))) == (b"computed anew", True)
        assert (cache.backend, cache.fallbacks) == ("memory", 1)
        again = valkey.start_valkey(server.port, server.password)
        assert again is not None
        try:
            assert await until_valkey_is_back(cache, b"back") == (b"back", False)
            assert (await cache.get("bag:1", 60, constant(b"never"))) == (b"back", True)
        finally:
            again.stop()

    uvloop.run(with_valkey(story))


def test_what_valkey_missed_while_it_hung_is_not_served_when_it_is_back() -> None:
    async def story(cache: Cache, server: valkey.Valkey) -> None:
        pid = int((server.server.folder.path / "server.pid").read_text().split()[0])
        await cache.get("bag:1", 60, constant(b"old"))
        os.kill(pid, signal.SIGSTOP)
        try:
            await cache.invalidate("bag:1")
            assert cache.backend == "memory"
        finally:
            os.kill(pid, signal.SIGCONT)
        assert (await until_valkey_is_back(cache, b"new")).value == b"new"

    uvloop.run(with_valkey(story))


@pytest.mark.usefixtures("patient")
def test_invalidation_by_pattern_forgets_what_matches_and_nothing_else() -> None:
    async def story(cache: Cache, server: valkey.Valkey) -> None:
        for key in ("bag:1", "bag:2", "user:1"):
            await cache.get(key, 60, constant(b"x"))
        await cache.invalidate("bag:*")
        hits = [(await cache.get(key, 60, constant(b"y"))).hit for key in ("bag:1", "bag:2", "user:1")]
        assert hits == [False, False, True]

    uvloop.run(with_valkey(story))


@pytest.mark.usefixtures("patient")
def test_values_expire() -> None:
    async def story(cache: Cache, server: valkey.Valkey) -> None:
        await cache.get("bag:1", 0.05, constant(b"old"))
        await asyncio.sleep(0.1)
        assert (await cache.get("bag:1", 60, constant(b"new"))) == (b"new", False)

    uvloop.run(with_valkey(story))


def test_one_computes_and_the_others_wait_even_when_the_first_goes_away() -> None:
    async def story() -> None:
        cache, computed, release = Cache(None), 0, asyncio.Event()

        async def compute() -> bytes:
            nonlocal computed
            computed += 1
            await release.wait()
            return b"once"

        askers = [asyncio.create_task(cache.get("bag:1", 60, compute)) for _ in range(20)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        askers[0].cancel()
        release.set()
        answers = await asyncio.gather(*askers[1:])
        assert {answer.value for answer in answers} == {b"once"}
        assert computed == 1
        assert (cache.misses.total(), cache.hits.total(), cache.coalesced) == (20, 0, 19)

    asyncio.run(story())


def test_an_answer_computed_before_a_write_is_not_kept_after_it() -> None:
    async def story() -> None:
        cache, began, release = Cache(None), asyncio.Event(), asyncio.Event()

        async def compute_slowly() -> bytes:
            began.set()
            await release.wait()
            return b"before the write"

        early = asyncio.create_task(cache.get("bag:1", 60, compute_slowly))
        await began.wait()
        await cache.invalidate("bag:1")
        release.set()
        await early
        assert (await cache.get("bag:1", 60, constant(b"after the write"))) == (b"after the write", False)

    asyncio.run(story())


def test_an_error_reaches_the_asker_and_is_not_kept() -> None:
    async def story() -> None:
        cache = Cache(None)

        async def fail() -> bytes:
            raise LookupError("gone")

        with pytest.raises(LookupError, match="gone"):
            await cache.get("bag:1", 60, fail)
        assert (await cache.get("bag:1", 60, constant(b"here"))).value == b"here"

    asyncio.run(story())


def test_memory_is_bounded_and_drops_what_was_used_longest_ago() -> None:
    async def story() -> None:
        memory = MemoryStore(max_entries=2)
        await memory.put("a", b"1", 60)
        await memory.put("b", b"2", 60)
        await memory.get("a")
        await memory.put("c", b"3", 60)
        assert [await memory.get(key) for key in "abc"] == [b"1", None, b"3"]

    asyncio.run(story())
