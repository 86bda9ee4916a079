"""What the running service refuses, seen from outside: over a rate limit, and while its circuit breaker is open."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
import redis

from readiness.config.probes import CircuitBreakerSettings, Provocation
from readiness.demo import stack as demo
from readiness.demo import valkey
from readiness.demo.service.settings import Tuning
from readiness.measurements.provenance import Target
from readiness.probes import provoked_breaker
from tests.faultd.client import until

LIMIT = 5
AUTH = f'"auth";q={LIMIT};w=3600'


@pytest.fixture(scope="module")
def strict() -> Iterator[demo.Stack]:
    """Few log-ins an hour, a short recovery, and paths that fail on purpose."""
    with demo.start(tuning=Tuning(auth_per_hour=LIMIT, recovery_s=3.0, drill=True)) as running:
        yield running


def client(url: str, address: str) -> httpx.Client:
    """Somebody at `address`, which is a client of its own to the rate limit."""
    return httpx.Client(
        base_url=url, transport=httpx.HTTPTransport(local_address=address), timeout=300.0, trust_env=False
    )


def until_refused(somebody: httpx.Client) -> list[httpx.Response]:
    """Log-ins (without a form's token: 403, and counted) up to the first that is refused; an hour may begin between."""
    answers = []
    for _ in range(2 * LIMIT + 1):
        answers.append(somebody.post("/login"))
        if answers[-1].status_code == 429:
            return answers
    raise AssertionError("never refused")


def counts(server: redis.Redis, address: str) -> list[object]:
    """What Valkey holds of the log-ins from `address`."""
    return [server.get(key) for key in server.keys(f"rate-limit:auth:{address}:*")]


def assert_is_a_refusal(answer: httpx.Response) -> None:
    assert answer.status_code == 429
    assert answer.json() == {"error": "too many requests"}
    assert answer.headers["ratelimit-policy"] == AUTH
    assert answer.headers["ratelimit"].startswith('"auth";r=0;t=')
    assert (answer.headers["ratelimit-limit"], answer.headers["ratelimit-remaining"]) == (str(LIMIT), "0")
    assert 1 <= int(answer.headers["ratelimit-reset"]) <= 3600
    assert answer.headers["retry-after"] == answer.headers["ratelimit-reset"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_running_service_answers_429_over_the_limit_with_valkey_without_it_and_when_it_is_back(
    strict: demo.Stack,
) -> None:
    assert strict.cache_url is not None
    address = urlsplit(strict.cache_url)

    def limiter() -> dict[str, object]:
        found: dict[str, object] = watcher.get("/stats").json()["rate_limit"]
        return found

    with (
        client(strict.url, "127.0.0.1") as watcher,
        client(strict.url, "127.0.0.3") as first,
        client(strict.url, "127.0.0.4") as second,
    ):
        assert limiter()["policies"]["auth"] == {"limit": LIMIT, "window_s": 3600, "raised": False}  # type: ignore[index]
        assert until(lambda: limiter()["backend"] == "valkey")
        answers = until_refused(first)
        assert len(answers) > LIMIT
        assert {answer.status_code for answer in answers[:-1]} == {403}
        assert [answer.headers["ratelimit-remaining"] for answer in answers[-LIMIT - 1 : -1]] == list("43210")
        assert "retry-after" not in answers[-2].headers
        assert_is_a_refusal(answers[-1])
        with redis.Redis.from_url(strict.cache_url) as server:
            assert until(lambda: b"5" in counts(server, "127.0.0.3"))
            os.kill(int(str(server.info("server")["process_id"])), signal.SIGKILL)
        assert until(lambda: limiter()["backend"] == "memory")
        assert_is_a_refusal(until_refused(first)[-1])
        answers = until_refused(second)
        assert len(answers) > LIMIT
        assert_is_a_refusal(answers[-1])
        assert watcher.get("/health/ready").status_code == 200, "another limit, and whoever watches has none"

        again = valkey.start_valkey(address.port, address.password)
        assert again is not None
        try:
            assert until(lambda: limiter()["backend"] == "valkey")
            assert_is_a_refusal(until_refused(second)[-1])
            with redis.Redis.from_url(strict.cache_url) as server:  # it learns what memory alone had counted
                assert until(lambda: b"5" in counts(server, "127.0.0.4"))
        finally:
            again.stop()


def test_the_databases_breaker_opens_refuses_at_once_and_closes_again_when_it_is_provoked(strict: demo.Stack) -> None:
    state = "/circuit_breakers/database/state"
    paths = Provocation("/drill/failing-query", "/drill/query", wait_s=30.0, state=state)
    settings = CircuitBreakerSettings(statistics="/stats", provoke=paths)
    where = Target("demo", strict.url, ("127.0.0.1",))
    opens, recovers = provoked_breaker.provoke(where, settings, lambda: False)
    assert (opens.value, opens.samples) == (1.0, 5), opens
    assert [witness.value for witness in opens.witnesses] == [1.0, 1.0]
    assert {detail.subject: detail.observed for detail in opens.details}["/drill/query: Retry-After"] in "123"
    assert recovers.value == 1.0, recovers
    assert [witness.value for witness in recovers.witnesses] == [1.0, 1.0]
    with client(strict.url, "127.0.0.1") as watcher:
        breaker = watcher.get("/stats").json()["circuit_breakers"]["database"]
        assert (breaker["state"], breaker["opened"]) == ("closed", 1)
        assert watcher.get("/health/ready").status_code == 200
