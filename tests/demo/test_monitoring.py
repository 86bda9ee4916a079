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


def _fields(lines: list[str]) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]


def test_a_crowd_that_guesses_passwords_gets_503_soon_and_the_service_stays_alive(
    stack: Stack, client: httpx.Client
) -> None:
    """All are connected before the first of them asks, so that it is a crowd also where this machine is busy."""
    crowd = 51 * (os.cpu_count() or 1) + 160
    token = client.get("/login").text.split('name="csrf_token" value="')[1].split('"')[0]
    host, port = client.base_url.host, client.base_url.port or 80

    def guess(number: int) -> bytes:
        form = {"csrf_token": token, "username": "user-000", "password": f"guess {number}"}
        request = client.build_request("POST", "/login", data=form, headers={"Connection": "close"})
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        return f"POST /login HTTP/1.1\r\n{head}\r\n".encode() + request.read()

    async def story() -> list[httpx.Response]:
        guesses = [guess(number) for number in range(crowd)]
        connected = await asyncio.gather(*(asyncio.open_connection(host, port) for _ in guesses))
        for (_, writer), text in zip(connected, guesses, strict=True):
            writer.write(text)
        answers = await asyncio.gather(*(reader.read() for reader, _ in connected))
        for _, writer in connected:
            writer.close()
        heads = [answer.partition(b"\r\n\r\n")[0].decode().split("\r\n") for answer in answers]
        return [httpx.Response(int(first.split()[1]), headers=_fields(fields)) for first, *fields in heads]

    answers = asyncio.run(story())
    assert client.get("/health/ready").status_code == 200
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {401, 503}
    refused = [answer for answer in answers if answer.status_code == 503]
    assert {answer.headers["retry-after"] for answer in refused} == {"2"}
    assert all("password" not in timing(answer) for answer in refused), "no hash was made for them"
