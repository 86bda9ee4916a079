"""Whoever a probe asks may stop answering at any time, as a process that got SIGSTOP does: no probe waits for ever."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from threading import Thread

import pytest

from readiness.config.probes import (
    CacheSettings,
    CircuitBreakerSettings,
    Consistency,
    Custom,
    Health,
    Instance,
    PoolSettings,
    Probes,
    Provocation,
    RateLimit,
    RequestSettings,
)
from readiness.demo.valkey import Valkey, start_valkey
from readiness.probes import PROBES, PROVOKED, as_browser, conclude, observe, provoke
from readiness.probes.window import Window
from tests.faultd.client import Faultd, layer
from tests.faultd.fixture import StartFaultd
from tests.probes.conftest import paid, target

LONGEST_S = 60.0
"""After the load has stopped: far more than any deadline, far less than for ever."""
STATS = '{"cache": {"hits": 9, "misses": 1}, "pool": {"requests": 9, "errors": 0}, "state": "closed", "n": 1}'
SETTINGS = Probes(
    health=Health("/health", "/ready", every_ms=50),
    cache=CacheSettings(
        statistics="/stats",
        metrics="/metrics",
        consistency=Consistency(
            RequestSettings("/write", "POST"), RequestSettings("/stats", pointer="/n"), within_s=1.0
        ),
    ),
    pool=PoolSettings(statistics="/pool"),
    circuit_breaker=CircuitBreakerSettings(
        statistics="/stats", states=("/state",), provoke=Provocation("/fails", "/works")
    ),
    instance=Instance(header="X-Instance", path="/who"),
    rate_limit=RateLimit(provoke=True),
    custom={"keys": Custom(info="keyspace_hits")},
)
WANTED = {*(one.metric for one in PROBES), *PROVOKED}


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    server = start_valkey(password="c4nary-cache-p4ss")
    if server is None:
        pytest.skip("no Valkey on this machine")
    yield server
    server.stop()


def service(faultd: StartFaultd) -> Faultd:
    return faultd(
        layer("body", text=STATS, only="/stats"),
        layer("body", text=STATS, only="/pool"),
        layer("body", text="cache_hits_total 9\ncache_misses_total 1\n", only="/metrics"),
    )


def stop(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)


@pytest.mark.parametrize("stage", ["before the load", "in the window", "at its end"])
@pytest.mark.parametrize("peer", ["the service", "the cache server"])
def test_a_peer_that_is_stopped_holds_no_probe(faultd: StartFaultd, valkey: Valkey, peer: str, stage: str) -> None:
    server = service(faultd)
    pid = (
        server.process.pid
        if peer == "the service"
        else int((valkey.server.folder.path / "server.pid").read_text().partition(" ")[0])
    )
    window = Window()
    try:
        if stage == "before the load":
            stop(pid)

        def play() -> None:
            time.sleep(0.3)
            window.begin()
            if stage != "before the load":
                server.wait(3 if stage == "at its end" else 1, "/stats")
                stop(pid)
            time.sleep(0.0 if stage == "at its end" else 1.5)
            window.end()

        playing = Thread(target=play)
        playing.start()
        seen = observe(target(server.url), SETTINGS, WANTED, window, paid(window), cache_url=valkey.url)
        ended_s = time.monotonic()
        playing.join()
        found = conclude(seen, {}, SETTINGS, WANTED, https=False, load=None, database=None)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert window.end_s is not None
    assert ended_s - window.end_s < LONGEST_S
    by_metric = {one.metric: one for one in found}
    unknown = ("cache.hit_rate", "pool.error_rate") if peer == "the service" else ("custom.keys",)
    for metric in unknown:
        assert by_metric[metric].value is None, metric
        assert by_metric[metric].reason, metric


def test_a_service_that_is_stopped_after_the_load_holds_nothing_that_is_asked_or_provoked_then(
    faultd: StartFaultd,
) -> None:
    server = service(faultd)
    stop(server.process.pid)
    try:
        started_s = time.monotonic()
        agents = as_browser(target(server.url), SETTINGS, lambda: False)
        found = provoke(target(server.url), SETTINGS, WANTED, lambda: False)
        took_s = time.monotonic() - started_s
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    assert took_s < LONGEST_S
    assert "timed out" in str(agents["/"])
    assert {one.metric for one in found} == set(PROVOKED)
    assert all(one.value is None and one.reason for one in found)
