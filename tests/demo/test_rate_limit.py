"""The rate limiter by itself, with a clock that the test turns, and over a real Valkey."""

from __future__ import annotations

import asyncio
import time

import uvloop

from readiness.demo import valkey
from readiness.demo.service.rate_limit import API, AUTH, DEFAULT, LIMITS, RateLimiter, RequestLimit
from readiness.demo.service.valkey_client import ValkeyClient

NOON_S = 43_200.0
FEW = {**LIMITS, AUTH: RequestLimit(3, 3600)}


class Clock:
    def __init__(self) -> None:
        self.now_s = NOON_S

    def __call__(self) -> float:
        return self.now_s


def test_the_limits_are_those_that_the_service_promises() -> None:
    assert {
        DEFAULT: RequestLimit(2_000_000, 86_400),
        API: RequestLimit(50_000, 3600),
        AUTH: RequestLimit(1000, 3600),
    } == LIMITS


def test_what_is_over_the_limit_is_refused_until_the_window_ends() -> None:
    clock = Clock()
    limiter = RateLimiter(FEW, None, clock)
    clock.now_s = NOON_S + 600
    assert [limiter.count(AUTH, "10.0.0.1").remaining for _ in range(3)] == [2, 1, 0]
    refused = limiter.count(AUTH, "10.0.0.1")
    assert not refused.allowed
    assert dict(refused.headers()) == {
        b"ratelimit-policy": b'"auth";q=3;w=3600',
        b"ratelimit": b'"auth";r=0;t=3000',
        b"ratelimit-limit": b"3",
        b"ratelimit-remaining": b"0",
        b"ratelimit-reset": b"3000",
        b"retry-after": b"3000",
    }
    assert limiter.count(AUTH, "10.0.0.2").allowed, "another client has a limit of its own"
    assert limiter.count(API, "10.0.0.1").allowed, "so has another policy"
    clock.now_s = NOON_S + 3600
    again = limiter.count(AUTH, "10.0.0.1")
    assert again.allowed
    assert b"retry-after" not in dict(again.headers())
    assert limiter.refused == 1
    assert limiter.statistics()["refused"] == 1


def test_a_raised_limit_says_that_it_is_raised() -> None:
    policies = RateLimiter({**LIMITS, AUTH: RequestLimit(1001, 3600)}, None).statistics()["policies"]
    assert isinstance(policies, dict)
    assert policies[AUTH] == {"limit": 1001, "window_s": 3600, "raised": True}
    assert policies[API]["raised"] is False


def test_two_processes_share_a_limit_and_memory_counts_while_valkey_is_away() -> None:
    async def story(server: valkey.Valkey, clients: list[ValkeyClient]) -> None:
        clock = Clock()
        clock.now_s = time.time() + 3600  # it stands still: no hour begins meanwhile, and Valkey keeps its counts
        one, two = (RateLimiter(FEW, client, clock) for client in clients)
        assert one.count(AUTH, "10.0.0.1").remaining == 2
        assert two.count(AUTH, "10.0.0.1").remaining == 2
        await one.settle()
        await two.settle()  # it learns of one's request
        assert two.count(AUTH, "10.0.0.1").remaining == 0
        assert not two.count(AUTH, "10.0.0.1").allowed
        assert one.backend == two.backend == "valkey"

        server.stop()
        await two.settle()
        assert two.backend == "memory"
        assert not two.count(AUTH, "10.0.0.1").allowed, "nobody gets in because the shared count is gone"
        assert [two.count(AUTH, "10.0.0.2").allowed for _ in range(4)] == [True, True, True, False]

        again = valkey.start_valkey(server.port, server.password)
        assert again is not None
        try:
            await two.settle()
            assert two.backend == "valkey"
            assert one.count(AUTH, "10.0.0.2").remaining == 2
            await one.settle()  # it learns what memory alone had counted
            assert not one.count(AUTH, "10.0.0.2").allowed
        finally:
            again.stop()

    async def with_valkey() -> None:
        server = valkey.start_valkey()
        assert server is not None
        clients = [ValkeyClient(server.url), ValkeyClient(server.url)]
        try:
            await story(server, clients)
        finally:
            for client in clients:
                client.close()
            server.stop()

    uvloop.run(with_valkey())


def test_settling_goes_on_by_itself_and_forgets_windows_that_ended() -> None:
    async def story() -> None:
        clock = Clock()
        limiter = RateLimiter(FEW, None, clock)
        limiter.count(AUTH, "10.0.0.1")
        clock.now_s += 3600
        await limiter.settle()
        assert not limiter._windows
        settling = asyncio.create_task(limiter.settle_forever())
        await asyncio.sleep(0)
        settling.cancel()
        assert limiter.backend == "memory"

    asyncio.run(story())
