"""What the service does under load when a server that it needs is killed, and when it is back."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
import redis

from readiness.demo import part, valkey
from readiness.demo import stack as demo
from readiness.demo.seed import qr_code
from readiness.demo.service.settings import Tuning
from tests.database.stopping import halt, resume
from tests.demo.lookups import lookups, signed_in
from tests.faultd.client import until

RECOVERY_S = 0.5


@pytest.fixture(scope="module")
def breakable() -> Iterator[demo.Stack]:
    """One for all: each test leaves it able to serve."""
    with demo.start(tuning=Tuning(recovery_s=RECOVERY_S)) as running:
        yield running


@pytest.fixture(scope="module")
def handler(breakable: demo.Stack) -> Iterator[httpx.Client]:
    """Somebody who is logged in."""
    with closing(signed_in(breakable.url)) as client:
        yield client


def test_postgresql_hangs_under_load_nobody_waits_long_and_readiness_says_so(
    breakable: demo.Stack, handler: httpx.Client
) -> None:
    def breaker() -> object:
        return handler.get("/stats").json()["circuit_breakers"]["database"]["state"]

    with psycopg.connect(breakable.admin_database_url) as admin:
        row = admin.execute("select current_setting('data_directory')").fetchone()
    assert row is not None
    postmaster = int((Path(row[0]) / "postmaster.pid").read_text().split()[0])
    with lookups(breakable.url) as seen:
        assert until(lambda: seen.statuses[200] > 50)
        halt(postmaster)
        try:
            assert until(lambda: breaker() == "open")
            health = handler.get("/health/ready")
            assert (health.status_code, health.json()["database"]) == (503, "down")
            answer = handler.get("/api/dashboard-stats")
            assert (answer.status_code, int(answer.headers["retry-after"]) >= 1) == (503, True)
        finally:
            resume(postmaster)
        assert until(lambda: breaker() == "closed")
        assert until(lambda: handler.get("/health/ready").status_code == 200)
        served = seen.statuses[200]
        assert until(lambda: seen.statuses[200] > served + 50)
        assert handler.post(f"/api/bags/{qr_code(6)}/scan").status_code == 201
    assert set(seen.statuses) == {200, 503}
    assert (seen.without_retry_after, seen.broken) == (0, [])


def test_valkey_hangs_under_load_and_every_request_is_answered_from_memory(
    breakable: demo.Stack, handler: httpx.Client
) -> None:
    assert breakable.cache_url is not None

    def stats() -> tuple[object, object]:
        found = handler.get("/stats").json()
        return found["circuit_breakers"]["cache"]["state"], found["cache"]["backend"]

    with redis.Redis.from_url(breakable.cache_url) as server:
        process = int(str(server.info("server")["process_id"]))
    with lookups(breakable.url, bags=50) as seen:
        assert until(lambda: seen.statuses[200] > 100)
        os.kill(process, signal.SIGSTOP)
        try:
            assert until(lambda: stats() == ("open", "memory"))
            served = seen.statuses[200]
            assert until(lambda: seen.statuses[200] > served + 200)
        finally:
            os.kill(process, signal.SIGCONT)
        assert until(lambda: stats() == ("closed", "valkey"))
    assert (set(seen.statuses), seen.broken) == ({200}, [])


def test_valkey_is_killed_under_load_memory_serves_and_valkey_takes_over_again(
    breakable: demo.Stack, handler: httpx.Client
) -> None:
    assert breakable.cache_url is not None
    address = urlsplit(breakable.cache_url)
    assert address.port is not None
    assert address.password is not None

    def cache() -> dict[str, object]:
        found: dict[str, object] = handler.get("/stats").json()["cache"]
        return found

    def breaker() -> object:
        return handler.get("/stats").json()["circuit_breakers"]["cache"]["state"]

    with lookups(breakable.url, bags=50) as seen:
        assert until(lambda: seen.statuses[200] > 100)
        with redis.Redis.from_url(breakable.cache_url) as server:
            os.kill(int(str(server.info("server")["process_id"])), signal.SIGKILL)
        assert until(lambda: breaker() == "open")
        assert cache()["backend"] == "memory"
        health = handler.get("/health/ready")
        assert (health.status_code, health.json()["status"]) == (200, "degraded")
        served = seen.statuses[200]
        hits = cache()["hits"]
        assert until(lambda: seen.statuses[200] > served + 200)
        assert int(str(cache()["hits"])) > int(str(hits))
        again = valkey.start_valkey(address.port, address.password)
        assert again is not None
        try:
            assert until(lambda: breaker() == "closed" and cache()["backend"] == "valkey")
            assert until(lambda: handler.get("/health/ready").json()["status"] == "ok")
            served = seen.statuses[200]
            assert until(lambda: seen.statuses[200] > served + 100)
        finally:
            again.stop()
    assert (set(seen.statuses), seen.broken) == ({200}, [])


def test_connections_that_the_database_closed_are_replaced_without_an_error(
    breakable: demo.Stack, handler: httpx.Client
) -> None:
    with psycopg.connect(breakable.admin_database_url, autocommit=True) as admin:
        ended = admin.execute(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'bag-tracker'"
        ).fetchone()
    assert ended is not None
    assert ended[0] >= 10
    assert [handler.get("/api/dashboard-stats").status_code for _ in range(20)] == [200] * 20


def test_postgresql_is_killed_under_load_the_breaker_opens_and_closes_when_it_is_back(
    breakable: demo.Stack, handler: httpx.Client
) -> None:
    def breaker() -> dict[str, object]:
        found: dict[str, object] = handler.get("/stats").json()["circuit_breakers"]["database"]
        return found

    with lookups(breakable.url) as seen:
        assert until(lambda: seen.statuses[200] > 50)
        assert part.main(breakable.parts["database"], "kill") is None
        assert until(lambda: breaker()["state"] == "open")
        assert handler.get("/health/live").status_code == 200
        health = handler.get("/health/ready")
        assert (health.status_code, health.json()["database"]) == (503, "down")
        refused = int(str(breaker()["refused"]))
        answer = handler.get("/api/dashboard-stats")
        assert (answer.status_code, answer.json()) == (503, {"error": "service unavailable"})
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert until(lambda: int(str(breaker()["refused"])) > refused + 50)  # refused at once, not asked for one by one

        def state() -> str:
            lines = [line for line in handler.get("/metrics").text.splitlines() if 'breaker="the database"' in line]
            (line,) = [line for line in lines if line.split()[-1] == "1"]
            return line

        assert until(lambda: 'state="open"' in state())  # for a moment now and then it is half-open
        assert part.main(breakable.parts["database"], "start") is None
        assert until(lambda: breaker()["state"] == "closed")
        assert until(lambda: handler.get("/health/ready").json()["database"] == "ok")
        assert handler.get("/health/ready").status_code == 200
        served = seen.statuses[200]
        assert until(lambda: seen.statuses[200] > served + 50)
        assert handler.post(f"/api/bags/{qr_code(5)}/scan").status_code == 201
    assert set(seen.statuses) == {200, 503}
    assert (seen.without_retry_after, seen.broken) == (0, [])


def test_a_restart_drains_and_keeps_sessions_and_a_kill_is_survived(
    breakable: demo.Stack, handler: httpx.Client
) -> None:
    def instance() -> object:
        return handler.get("/stats").json()["instance"]

    first = instance()
    with ThreadPoolExecutor(1) as beside:
        done = beside.submit(part.main, breakable.parts["service"], "restart")
        with httpx.Client(base_url=breakable.url, trust_env=False, timeout=40.0) as watcher:
            # Both answer for a while: the old one says that it drains, and that its connections end.
            assert until(lambda: done.done() or _drains(watcher))
        assert done.result() is None
    assert until(lambda: instance() != first)
    assert handler.get("/api/dashboard-stats").status_code == 200, "the session is still good"
    second = instance()
    assert part.main(breakable.parts["service"], "kill") is None
    assert part.main(breakable.parts["service"], "start") is None
    assert until(lambda: _answers(handler) and instance() != second)
    assert handler.get("/api/dashboard-stats").status_code == 200


def _drains(client: httpx.Client) -> bool:
    answer = client.get("/health/ready")
    drains: bool = answer.json()["status"] == "draining"
    assert not drains or (answer.status_code, answer.headers["connection"]) == (503, "close")
    return drains


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health/live").status_code == 200
    except httpx.HTTPError:
        return False
