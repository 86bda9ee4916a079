"""What the service does when a server it needs is really gone. Each test breaks a stack of its own."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator

import httpx
import psycopg
import pytest
import redis

from readiness.demo import stack as demo
from readiness.demo.accounts import PASSWORD
from readiness.demo.seed import qr_code


@pytest.fixture
def breakable() -> Iterator[demo.Stack]:
    with demo.start() as running:
        yield running


@pytest.fixture
def handler(breakable: demo.Stack) -> Iterator[httpx.Client]:
    """Somebody who is logged in."""
    with httpx.Client(base_url=breakable.url, trust_env=False, timeout=20.0) as client:
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
        assert token is not None
        client.post("/login", data={"csrf_token": token[1], "username": "user-000", "password": PASSWORD})
        yield client


def test_without_its_cache_server_the_service_goes_on_with_memory(breakable: demo.Stack, handler: httpx.Client) -> None:
    path = f"/api/bags/{qr_code(77)}"
    assert handler.get(path).headers["x-cache"] == "MISS"
    assert breakable.cache_url is not None
    with redis.Redis.from_url(breakable.cache_url) as server:
        server.shutdown(nosave=True)
    answers = [handler.get(path) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.headers["x-cache"] for answer in answers] == ["MISS", "HIT", "HIT"]
    statistics = handler.get("/stats").json()["cache"]
    assert (statistics["backend"], statistics["fallbacks"]) == ("memory", 1)
    health = handler.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")


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


def test_without_its_database_the_service_says_so_quickly_and_with_its_headers(
    breakable: demo.Stack, handler: httpx.Client
) -> None:
    with psycopg.connect(breakable.admin_database_url) as admin:
        row = admin.execute("select split_part(pg_read_file('postmaster.pid'), E'\n', 1)::int").fetchone()
    assert row is not None
    os.kill(row[0], signal.SIGQUIT)
    started = time.monotonic()
    health = handler.get("/health")
    assert time.monotonic() - started < 10
    assert (health.status_code, health.json()["database"]) == (503, "down")
    answer = handler.get("/api/dashboard-stats")
    assert answer.status_code == 503
    assert answer.json() == {"error": "service unavailable"}
    assert "retry-after" in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
