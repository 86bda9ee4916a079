from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import psycopg
import pytest
import redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from readiness.demo.seed import BAGS, PARENTS, parent_of, qr_code
from readiness.demo.service.parts import is_tls
from readiness.demo.service.security_headers import SecurityHeaders
from readiness.demo.service.sessions import UserSession, start_session
from readiness.demo.stack import Stack

LogIn = Callable[..., httpx.Response]


def test_a_log_in_leads_to_a_dashboard_that_names_the_user(client: httpx.Client, log_in: LogIn) -> None:
    answer = log_in(7)
    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard")
    page = client.get("/dashboard")
    assert page.status_code == 200
    assert 'data-user="user-007"' in page.text
    assert f"{BAGS:,}" in page.text


def test_the_session_cookie_comes_back_over_plain_http_and_no_script_reads_it(log_in: LogIn) -> None:
    attributes = log_in().headers["set-cookie"].lower().split("; ")
    assert "httponly" in attributes
    assert "samesite=lax" in attributes
    assert "secure" not in attributes


@pytest.mark.parametrize(
    "wrong", [{"password": "wrong"}, {"username": "nobody"}, {"username": "a\0b"}, {"password": ""}]
)
def test_a_wrong_name_or_password_is_401_with_a_marker_and_no_session(
    client: httpx.Client, log_in: LogIn, wrong: dict[str, str]
) -> None:
    answer = log_in(**wrong)
    assert answer.status_code == 401
    assert 'data-login="failed"' in answer.text
    assert "session" not in client.cookies
    assert client.get("/dashboard").status_code == 303


def test_a_form_without_our_token_is_refused_even_with_the_right_password(client: httpx.Client, log_in: LogIn) -> None:
    assert log_in(csrf_token="0" * 64).status_code == 403
    assert log_in(csrf_token="é").status_code == 403
    assert "session" not in client.cookies


def test_a_token_of_another_visitors_form_is_refused(client: httpx.Client, log_in: LogIn) -> None:
    client.cookies.set("csrf", "somebody-elses-nonce")
    token = client.get("/login").text.split('name="csrf_token" value="')[1].split('"')[0]
    client.cookies.clear()
    client.get("/login")
    answer = client.post("/login", data={"csrf_token": token, "username": "user-000", "password": "x"})
    assert answer.status_code == 403


def test_an_endless_form_is_refused(client: httpx.Client) -> None:
    assert client.post("/login", content=b"a" * 100_000).status_code == 413


def test_a_forged_session_is_nobody(client: httpx.Client) -> None:
    client.cookies.set("session", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIiwibmFtZSI6IngiLCJleHAiOjk5OTk5OTk5OTl9.")
    assert client.get("/dashboard").status_code == 303
    assert client.get("/api/dashboard-stats").status_code == 401


@pytest.mark.parametrize("path", [f"/api/bags/{qr_code(1)}", "/api/dashboard-stats", "/api/dashboard-stats-cached"])
def test_the_interface_needs_a_session(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 401
    assert answer.json() == {"error": "log in first"}


def test_a_parent_comes_with_its_children_and_a_child_with_its_parent(client: httpx.Client, log_in: LogIn) -> None:
    log_in()
    parent = client.get(f"/api/bags/{qr_code(5)}").json()
    assert (parent["qr"], parent["kind"]) == (qr_code(5), "parent")
    children = [number for number in range(PARENTS + 1, BAGS + 1) if parent_of(number) == 5]
    assert [child["qr"] for child in parent["children"]] == [qr_code(number) for number in children]
    child = client.get(f"/api/bags/{qr_code(children[0])}").json()
    assert child == {"qr": qr_code(children[0]), "kind": "child", "last_scanned_at": None, "parent": {"qr": qr_code(5)}}


@pytest.mark.parametrize("qr", ["BAG000001-0000", "x" * 500, "%00", "é", "*"])
def test_an_unknown_bag_is_404_in_json(client: httpx.Client, log_in: LogIn, qr: str) -> None:
    log_in()
    for answer in (client.get(f"/api/bags/{qr}"), client.post(f"/api/bags/{qr}/scan")):
        assert answer.status_code == 404
        assert answer.json()["error"] == "no such bag"


def test_the_second_look_up_comes_from_the_cache_and_is_counted(client: httpx.Client, log_in: LogIn) -> None:
    log_in()
    before = client.get("/stats").json()["cache"]
    answers = [client.get(f"/api/bags/{qr_code(2000)}") for _ in range(3)]
    after = client.get("/stats").json()["cache"]
    assert [answer.headers["x-cache"] for answer in answers] == ["MISS", "HIT", "HIT"]
    assert len({answer.content for answer in answers}) == 1
    assert (after["hits"] - before["hits"], after["misses"] - before["misses"]) == (2, 1)
    assert after["backend"] == "valkey"


def test_a_scan_is_visible_at_once_in_the_bag_and_in_its_parent(client: httpx.Client, log_in: LogIn) -> None:
    log_in()
    child, parent = qr_code(3000), qr_code(parent_of(3000))
    client.get(f"/api/bags/{child}")
    client.get(f"/api/bags/{parent}")
    written = client.post(f"/api/bags/{child}/scan")
    assert (written.status_code, written.json()["qr"]) == (201, child)
    assert client.get(f"/api/bags/{child}").json()["last_scanned_at"] is not None
    listed = {bag["qr"]: bag["last_scanned_at"] for bag in client.get(f"/api/bags/{parent}").json()["children"]}
    assert listed[child] is not None


def test_the_same_idempotency_key_records_one_scan_of_its_run(
    client: httpx.Client, log_in: LogIn, stack: Stack
) -> None:
    log_in()
    before = client.get("/api/dashboard-stats").json()["scans"]
    path, headers = (
        f"/api/bags/{qr_code(4000)}/scan",
        {"Idempotency-Key": "retry-of-the-same", "X-Run-Id": "retried-run"},
    )
    first, second = client.post(path, headers=headers), client.post(path, headers=headers)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert client.get("/api/dashboard-stats").json()["scans"] == before + 1
    with psycopg.connect(stack.database_url) as connection:
        rows = connection.execute("select bag_id, idempotency_key from scans where run_id = 'retried-run'").fetchall()
    assert rows == [(4000, "retry-of-the-same")]
    assert client.post(f"/api/bags/{qr_code(4001)}/scan", headers=headers).status_code == 422
    assert client.post(path, headers={"Idempotency-Key": "k" * 101}).status_code == 400
    assert client.post(path, headers={"X-Run-Id": "r" * 65}).status_code == 400


def test_the_dashboards_numbers_add_up_with_and_without_the_cache(client: httpx.Client, log_in: LogIn) -> None:
    log_in()
    for path in ("/api/dashboard-stats", "/api/dashboard-stats-cached"):
        numbers = client.get(path).json()
        assert numbers["parents"] + numbers["children"] == numbers["bags"] == BAGS
        assert numbers["links"] == numbers["children"]


def test_health_asks_database_and_cache(client: httpx.Client) -> None:
    before = client.get("/stats").json()["pool"]["requests"]
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok", "cache": "valkey"}
    assert client.get("/stats").json()["pool"]["requests"] > before


def test_statistics_have_an_instance_and_the_pools_declared_size(client: httpx.Client) -> None:
    first, second = client.get("/stats").json(), client.get("/stats").json()
    assert first["instance"] == second["instance"]
    assert second["requests"]["total"] > first["requests"]["total"]
    assert (second["pool"]["max"], second["pool"]["errors"]) == (30, 0)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", "/login"), ("GET", "/dashboard"), ("GET", "/no-such-page"), ("GET", "/health"),
     ("GET", "/api/dashboard-stats"), ("DELETE", "/login"), ("POST", "/login"), ("GET", "/style.css")],
)  # fmt: skip
def test_every_answer_has_the_security_headers(client: httpx.Client, method: str, path: str) -> None:
    headers = client.request(method, path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    for directive in ("frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"):
        assert directive in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert "permissions-policy" in headers
    assert "strict-transport-security" not in headers  # plain http
    assert "server" not in headers


def test_under_tls_the_session_is_secure_and_browsers_are_told_to_stay_there() -> None:
    """By the scheme alone: the demo listens on plain http."""

    def enter(request: Request) -> Response:
        response = Response()
        start_session(response, UserSession(7, "user-007"), "secret" * 8, tls=is_tls(request))
        return response

    async def ask(url: str) -> httpx.Headers:
        app = SecurityHeaders(Starlette(routes=[Route("/", enter)]))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as somebody:
            return (await somebody.get(url)).headers

    headers = asyncio.run(ask("https://bags.example/"))
    assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    attributes = headers["set-cookie"].lower().split("; ")
    assert {"secure", "httponly", "samesite=lax"} <= set(attributes)
    headers = asyncio.run(ask("http://127.0.0.1/"))
    assert "strict-transport-security" not in headers
    assert "secure" not in headers["set-cookie"].lower().split("; ")


def test_answers_live_in_valkey_for_as_long_as_is_promised(stack: Stack, client: httpx.Client, log_in: LogIn) -> None:
    log_in(11)
    assert stack.cache_url is not None
    with redis.Redis.from_url(stack.cache_url) as valkey:
        valkey.delete(*valkey.keys("bag-tracker:*"), "none")
        for path in (f"/api/bags/{qr_code(4000)}", "/api/dashboard-stats-cached", "/dashboard"):
            assert client.get(path).status_code == 200
        kept_s = {name.decode(): valkey.ttl(name) for name in valkey.keys("bag-tracker:*")}
    (user,) = [name for name in kept_s if ":user:" in name]
    assert set(kept_s) == {f"bag-tracker:bag:{qr_code(4000)}", "bag-tracker:dashboard:stats", user}
    assert 30 < kept_s[f"bag-tracker:bag:{qr_code(4000)}"] <= 60
    assert 0 < kept_s["bag-tracker:dashboard:stats"] <= 30
    assert 60 < kept_s[user] <= 300
