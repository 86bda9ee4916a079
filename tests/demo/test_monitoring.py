"""What the service tells about itself: `Server-Timing`, `/metrics`, and a log-in that is refused."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable

import httpx
import pytest

from readiness.demo.seed import qr_code
from readiness.demo.stack import Stack
from readiness.probes import prometheus

LogIn = Callable[..., httpx.Response]
LOOKUP = "GET /api/bags/{qr}"


def timing(answer: httpx.Response) -> dict[str, float]:
    """`Server-Timing` by part, in ms."""
    parts = (part.split(";dur=") for part in answer.headers["server-timing"].split(", "))
    return {name: float(duration) for name, duration in parts}


def test_server_timing_says_where_the_time_went_and_adds_up(client: httpx.Client, log_in: LogIn) -> None:
    logged_in = log_in(150)
    assert timing(logged_in)["password"] > 1, "argon2 costs milliseconds"
    miss = client.get(f"/api/bags/{qr_code(6000)}")
    hit = client.get(f"/api/bags/{qr_code(6000)}")
    assert (miss.headers["x-cache"], hit.headers["x-cache"]) == ("MISS", "HIT")
    assert set(timing(miss)) == set(timing(hit)) == {"app", "db", "cache"}
    assert timing(miss)["db"] > 0
    assert timing(hit)["db"] == 0
    assert timing(hit)["cache"] > 0
    for answer in (logged_in, miss, hit, client.get("/no-such-page"), client.get("/health/live")):
        total = re.fullmatch(r"(\d+\.\d\d)ms", answer.headers["x-response-time"])
        assert total is not None
        assert sum(timing(answer).values()) == pytest.approx(float(total[1]), abs=0.05)


def test_metrics_is_the_text_that_prometheus_reads_and_counts_what_was_asked(
    client: httpx.Client, log_in: LogIn
) -> None:
    def number(selector: str, otherwise: float | None = None) -> float:
        try:
            return prometheus.select(client.get("/metrics").text, selector)
        except LookupError:
            if otherwise is None:
                raise
            return otherwise

    log_in()
    counted = f'bag_tracker_requests_total{{endpoint="{LOOKUP}",status="2xx"}}'
    timed = f'bag_tracker_request_duration_seconds_count{{endpoint="{LOOKUP}"}}'
    every = f'bag_tracker_request_duration_seconds_bucket{{endpoint="{LOOKUP}",le="+Inf"}}'
    hits = 'bag_tracker_cache_hits_total{kind="bag"}'
    before = {name: number(name, 0.0) for name in (counted, timed, every, hits)}
    for _ in range(4):
        assert client.get(f"/api/bags/{qr_code(6001)}").status_code == 200
    assert client.get("/api/bags/unknown").status_code == 404
    grown = {name: number(name) - before[name] for name in before}
    assert (grown[counted], grown[timed], grown[every], grown[hits]) == (4, 5, 5, 3)

    answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert number('bag_tracker_pool_connections{connections="max"}') == 30
    for breaker in ("the database", "the cache"):
        states = {
            state: number(f'bag_tracker_circuit_breaker_state{{breaker="{breaker}",state="{state}"}}')
            for state in ("closed", "open", "half-open")
        }
        assert states == {"closed": 1, "open": 0, "half-open": 0}
    families = re.findall(r"^# TYPE (\S+) (\S+)$", answer.text, re.MULTILINE)
    assert len(families) == len(set(families)) >= 11
    samples = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert len(samples) == len({line.rpartition(" ")[0] for line in samples}), "a sample stands twice"
    assert "bags/BAG" not in answer.text, "endpoints are named by their route"


def test_the_buckets_of_an_endpoint_never_go_down(client: httpx.Client) -> None:
    client.get("/health/live")
    name = re.escape('bag_tracker_request_duration_seconds_bucket{endpoint="GET /health/live",')
    counts = [int(count) for count in re.findall(name + r'le="[^"]+"} (\d+)', client.get("/metrics").text)]
    assert len(counts) == 14
    assert counts == sorted(counts)
    assert counts[-1] > 0


def test_a_crowd_that_guesses_passwords_gets_503_soon_and_the_service_stays_alive(stack: Stack) -> None:
    # who comes late finds places that were hashed free: so many that some are refused also where the crowd comes slowly
    crowd = 51 * (os.cpu_count() or 1) + 160

    async def story() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False, timeout=600.0, limits=limits) as client:
            page = await client.get("/login")
            token = page.text.split('name="csrf_token" value="')[1].split('"')[0]

            async def guess(number: int) -> httpx.Response:
                form = {"csrf_token": token, "username": "user-000", "password": f"guess {number}"}
                return await client.post("/login", data=form)

            answers = await asyncio.gather(*(guess(number) for number in range(crowd)))
            assert (await client.get("/health/ready")).status_code == 200
            return list(answers)

    answers = asyncio.run(story())
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {401, 503}
    refused = [answer for answer in answers if answer.status_code == 503]
    assert {answer.headers["retry-after"] for answer in refused} == {"2"}
    assert all("password" not in timing(answer) for answer in refused), "no hash was made for them"
