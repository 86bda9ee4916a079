"""The legacy profile: the same service from outside, without what made it fast."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import psycopg
import pytest

from readiness.demo import stack as demo
from readiness.demo.accounts import ACCOUNTS, PASSWORD, account_name
from readiness.demo.legacy.passwords import SCHEME, hash_password, matches
from readiness.demo.seed import parent_of, qr_code
from readiness.demo.stack import Stack

LogIn = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def legacy() -> Iterator[Stack]:
    with demo.start("legacy") as running:
        yield running


@pytest.fixture
def visitor(legacy: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=legacy.url, trust_env=False, timeout=20.0) as client:
        yield client


@pytest.fixture(scope="module")
def handler(legacy: Stack) -> Iterator[httpx.Client]:
    """Somebody who is logged in, once: each log-in costs 0.7 s."""
    with httpx.Client(base_url=legacy.url, trust_env=False, timeout=20.0) as client:
        answer = sign_in(client)
        assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard")
        flags = answer.headers["set-cookie"].lower()
        assert "httponly" in flags
        assert "samesite=lax" in flags
        yield client


def sign_in(client: httpx.Client, account: int = 3, **changed: str) -> httpx.Response:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
    assert token is not None
    form = {"csrf_token": token[1], "username": account_name(account), "password": PASSWORD}
    return client.post("/login", data=form | changed)


def test_every_account_has_the_hash_of_this_machine_and_only_the_right_password_matches(legacy: Stack) -> None:
    with psycopg.connect(legacy.admin_database_url) as connection:
        stored = connection.execute("select password_hash from users").fetchall()
    assert len(stored) == ACCOUNTS
    scheme, iterations, _, _ = str(stored[0][0]).split("$")
    assert scheme == SCHEME
    assert int(iterations) > 50_000
    cheap = hash_password(PASSWORD, "salt", 10)
    assert matches(cheap, PASSWORD)
    assert not matches(cheap, PASSWORD + "!")


def test_a_log_in_works_and_a_stranger_and_a_foreign_form_do_not(visitor: httpx.Client, handler: httpx.Client) -> None:
    assert sign_in(visitor, username="nobody").status_code == 401
    assert sign_in(visitor, csrf_token="é").status_code == 403
    assert visitor.get("/dashboard").headers["location"] == "/login"
    assert visitor.get("/api/dashboard-stats").status_code == 401
    assert 'data-user="user-003"' in handler.get("/dashboard").text


def test_both_profiles_give_the_same_answers(handler: httpx.Client, client: httpx.Client, log_in: LogIn) -> None:
    log_in()
    paths = [f"/api/bags/{qr_code(7)}", f"/api/bags/{qr_code(9000)}", "/api/bags/BAG000001-0000"]
    assert [handler.get(path).json() for path in paths] == [client.get(path).json() for path in paths]
    key = {"Idempotency-Key": "legacy-or-not", "X-Run-Id": "a-run"}
    for one in (handler, client):
        path = f"/api/bags/{qr_code(9001)}/scan"
        first, again = one.post(path, headers=key), one.post(path, headers=key)
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()
        assert one.post(f"/api/bags/{qr_code(9002)}/scan", headers=key).status_code == 422
        listed = one.get(f"/api/bags/{qr_code(parent_of(9001))}").json()["children"]
        assert [bag["qr"] for bag in listed if bag["last_scanned_at"]] == [qr_code(9001)]
    numbers = handler.get("/api/dashboard-stats-cached").json()
    assert numbers["links"] == numbers["children"] > 0


def test_it_has_the_seed_reports_headers_and_not_the_others(visitor: httpx.Client) -> None:
    for path in ("/", "/login", "/no-such-page", "/health/ready"):
        headers = visitor.get(path).headers
        assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "SAMEORIGIN")
        assert float(headers["x-response-time"].removesuffix("ms")) >= 0
        absent = {"content-security-policy", "referrer-policy", "permissions-policy", "ratelimit", "server-timing"}
        assert absent & set(headers) == set()
    assert visitor.get("/metrics").status_code == 404


def test_it_has_no_cache_and_says_so(handler: httpx.Client, legacy: Stack) -> None:
    assert legacy.cache_url is None
    before = handler.get("/stats").json()["cache"]["answers"]
    answers = [handler.get(f"/api/bags/{qr_code(77)}").headers["x-cache"] for _ in range(3)]
    after = handler.get("/stats").json()["cache"]["answers"]
    assert answers == ["MISS"] * 3
    assert (after["hits"], after["misses"] - before["misses"]) == (0, 3)
