"""What all probes together may send: one of an endpoint at a time, a twentieth of the load, and few before it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from readiness.config.probes import CircuitBreakerSettings, Health, PoolSettings, Probes, SecuritySettings
from readiness.probes import conclude, observe
from readiness.probes.allowance import FREE, Allowance
from readiness.probes.window import Window
from tests.probes.conftest import Site, document, paid, reply
from tests.probes.conftest import observe as everything

Judged = Callable[..., Window]


def begun() -> Window:
    """A window that began a while ago, so that nothing is too busy."""
    window = Window()
    window.begin()
    window.begin_s = time.monotonic() - 1000
    return window


def taken(allowance: Allowance, times: int, *, path: str = "/", took_ms: float = 1.0, extra: bool = False) -> int:
    """How many of so many requests may be sent, if each is told at once."""

    async def ask() -> int:
        granted = 0
        for _ in range(times):
            async with allowance.turn("test", path, lambda: True, extra=extra) as sent:
                if sent is not None:
                    granted, sent.waited_ms = granted + 1, took_ms
        return granted

    return asyncio.run(ask())


def test_without_a_load_each_endpoint_gets_only_the_few_that_say_anything_at_all() -> None:
    allowance = Allowance(begun())
    assert taken(allowance, 50) == FREE
    assert taken(allowance, 50, path="/other") == FREE
    assert taken(allowance, 50, path="/third", extra=True) == 0


def test_all_probes_together_send_a_twentieth_of_the_loads_requests_as_it_goes() -> None:
    allowance = Allowance(begun())
    allowance.load_did(200, 1e9)
    assert taken(allowance, 50, path="/a") == 10
    assert taken(allowance, 50, path="/b") == FREE, "the free ones only: /a has taken all that was paid for"
    allowance.load_did(400, 1e9)
    assert taken(allowance, 50, path="/b") == 20 - 10 - FREE


def test_slow_answers_count_by_their_time() -> None:
    allowance = Allowance(begun())
    allowance.load_did(10_000, 10_000.0)
    assert taken(allowance, 50, took_ms=100.0) == 5, "500 ms beside 10 s"
    assert taken(Allowance(begun()), 50, took_ms=1e6) < FREE, "and an endpoint that is busy all the time waits"


def test_one_request_of_an_endpoint_is_in_flight_whoever_asks() -> None:
    allowance = paid(begun())

    async def ask() -> list[bool]:
        async with (
            allowance.turn("one", "/", lambda: True) as first,
            allowance.turn("another", "/", lambda: True) as second,
            allowance.turn("another", "/b", lambda: True) as elsewhere,
        ):
            return [sent is not None for sent in (first, second, elsewhere)]

    assert asyncio.run(ask()) == [True, False, True]


def test_before_the_window_a_few_are_sent_and_then_none() -> None:
    allowance = paid(Window())
    assert taken(allowance, 50) == FREE


SETTINGS = Probes(
    health=Health("/", "/ready", every_ms=20),
    pool=PoolSettings(statistics="/stats", size="/size", available="/available", max="/max"),
    circuit_breaker=CircuitBreakerSettings(statistics="/stats", states=("/state",)),
    security=SecuritySettings(paths=("/", "/ready", "/stats")),
)
STATS = {"size": 3, "available": 2, "max": 9, "state": "closed", "pool": {"requests": 1, "errors": 0}}
WANTED = {"pool.saturation", "circuit_breaker.closed", "rate_limit.active"}


@pytest.fixture
def served(site: Site) -> Site:
    site.paths |= {"/": reply(), "/ready": reply(), "/stats": document(STATS)}
    return site


@pytest.mark.parametrize("requests", [0, 400])
def test_probes_of_all_kinds_keep_to_one_allowance(served: Site, judged: Judged, requests: int) -> None:
    window = judged(length_s=4.0)
    seen = observe(served.target, SETTINGS, WANTED, window, paid(window, requests))
    keys = ("health /", "health /ready", "readings /stats", "pages /", "pages /ready", "pages /stats")
    assert seen.cost.requests <= max(FREE * len(keys), 0.05 * requests)
    assert len(served.seen) <= 2 * FREE * len(keys) + 0.05 * requests


def test_states_that_were_read_too_seldom_are_not_measured_and_say_what_would_pay(served: Site, judged: Judged) -> None:
    window = judged(length_s=6.0)
    seen = observe(served.target, SETTINGS, WANTED, window, paid(window, 0))
    found = {one.metric: one for one in conclude(seen, {}, SETTINGS, WANTED, https=False, load=None, database=None)}
    for metric in ("pool.saturation", "circuit_breaker.closed"):
        reason = str(found[metric].reason)
        assert found[metric].value is None
        assert reason.startswith("/stats: read 2 times, and "), reason
        assert "5 % of the load's requests" in reason


def test_states_that_the_load_pays_for_are_measured(served: Site, judged: Judged) -> None:
    found = everything(served.target, SETTINGS, WANTED, judged(length_s=4.0))
    assert found["circuit_breaker.closed"].value == 100
    assert (found["circuit_breaker.closed"].samples or 0) >= 3
