from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar

import pytest

from readiness.demo import seed
from readiness.demo.stack import Stack
from tests.serving import serving

REPOSITORY = Path(__file__).parents[2]
SCENARIOS = {
    "login": {"GET /login", "POST /login", "GET /dashboard"},
    "bag_lookup": {"GET /login", "POST /login", "GET /api/bags/{qr}"},
    "dashboard": {"GET /login", "POST /login", "GET /dashboard", "GET /api/dashboard-stats-cached"},
}


def run_under_plain_locust(
    scenario: str, host: str, enough: Mapping[str, int]
) -> tuple[int, dict[str, int], dict[str, int]]:
    """Exit code, requests and failures by `METHOD name`.

    Tasks are drawn by chance: it goes on until each of `enough` was asked for so often.
    """
    command = [sys.executable, "-P", "tests/enough.py", json.dumps(enough)]
    command += ["-f", f"scenarios/{scenario}.py", "--headless", "--json"]
    command += ["-u", "8", "-r", "8", "-t", "10m", "--host", host, "--loglevel", "ERROR"]
    run = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )
    rows = json.loads(run.stdout)
    requests = {f"{row['method']} {row['name']}": row["num_requests"] for row in rows}
    failures = {f"{row['method']} {row['name']}": row["num_failures"] for row in rows if row["num_failures"]}
    return run.returncode, requests, failures


def test_the_folder_holds_exactly_the_scenarios_that_are_tested() -> None:
    assert {path.stem for path in (REPOSITORY / "scenarios").glob("*.py")} == set(SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_runs_under_plain_locust_without_failures(stack: Stack, scenario: str) -> None:
    code, requests, failures = run_under_plain_locust(scenario, stack.url, dict.fromkeys(SCENARIOS[scenario], 1))
    assert failures == {}
    assert SCENARIOS[scenario] <= set(requests)
    assert code == 0


def test_names_do_not_grow_with_the_bags_that_are_asked_for(stack: Stack) -> None:
    _, requests, _ = run_under_plain_locust("bag_lookup", stack.url, {"GET /api/bags/{qr}": 20})
    assert set(requests) <= {"GET /login", "POST /login", "GET /api/bags/{qr}", "POST /api/bags/{qr}/scan"}


LOGIN_PAGE = '<form><input type="hidden" name="csrf_token" value="abc"></form>'


class Pretender(BaseHTTPRequestHandler):
    """Lets everybody in, and answers everything else with a friendly 200 that is not what was asked for."""

    protocol_version = "HTTP/1.1"
    api_answer = '{"error": "temporarily unavailable"}'

    def do_GET(self) -> None:
        self._send(200, self.api_answer if self.path.startswith("/api/") else LOGIN_PAGE)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/login":
            self._send(303, "", {"Location": "/dashboard", "Set-Cookie": "session=x; Path=/"})
        else:
            self._send(200, self.api_answer)

    def log_message(self, *args: object) -> None:
        """Silent."""

    def _send(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


class WrongNumbers(Pretender):
    """A bag that is not the one asked for, and numbers that do not add up."""

    api_answer = json.dumps(
        {
            "qr": "BAG999999-0000",
            "kind": "child",
            "parent": {"qr": "x"},
            "bags": 9,
            "parents": 1,
            "children": 1,
            "links": 1,
        }
    )


class Orphans(Pretender):
    """Every child bag has lost its parent."""

    def do_GET(self) -> None:
        qr = self.path.rpartition("/")[2]
        orphan = json.dumps({"qr": qr, "kind": "child", "last_scanned_at": None, "parent": None})
        self._send(200, orphan if self.path.startswith("/api/") else LOGIN_PAGE)


class NobodyGetsIn(Pretender):
    """A log-in that answers 200 with the form again."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._send(200, LOGIN_PAGE)


@pytest.mark.parametrize(
    ("scenario", "handler", "names"),
    [
        ("login", Pretender, {"GET /dashboard"}),
        ("login", NobodyGetsIn, {"POST /login"}),
        ("bag_lookup", Pretender, {"GET /api/bags/{qr}"}),
        ("bag_lookup", WrongNumbers, {"GET /api/bags/{qr}"}),
        ("bag_lookup", Orphans, {"GET /api/bags/{qr}"}),
        ("dashboard", Pretender, {"GET /dashboard", "GET /api/dashboard-stats-cached"}),
        ("dashboard", WrongNumbers, {"GET /dashboard", "GET /api/dashboard-stats-cached"}),
    ],
)
def test_a_200_that_is_not_what_was_asked_for_is_a_failure(
    scenario: str, handler: type[BaseHTTPRequestHandler], names: set[str]
) -> None:
    with serving(handler) as url:
        code, requests, failures = run_under_plain_locust(scenario, url, dict.fromkeys(names, 1))
    assert code == 1
    for name in names:
        assert failures.get(name) == requests[name] > 0


class SecureCookie(Pretender):
    """A service as it ought to be, but for its cookie: `Secure` over plain http, where no browser sends it back."""

    cookies_seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.cookies_seen.append(self.headers.get("Cookie", ""))
        if self.path == "/login":
            self._send(200, LOGIN_PAGE)
        elif self.path == "/dashboard":
            self._send(303, "", {"Location": "/login"})
        else:
            self._send(401, "{}")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {"Location": "/dashboard", "Set-Cookie": "session=x; Path=/; HttpOnly; Secure; SameSite=Lax"}
        self._send(303, "", headers) if self.path == "/login" else self._send(401, "{}")


def test_a_log_in_that_looks_right_and_leaves_the_user_anonymous_is_noticed() -> None:
    with serving(SecureCookie) as url:
        both = {"GET /dashboard", "GET /api/bags/{qr}"}
        code, requests, failures = run_under_plain_locust("login.py,scenarios/bag_lookup", url, dict.fromkeys(both, 1))
    assert code == 1
    assert "POST /login" not in failures, "the log-in itself looks right"
    for name in both:
        assert failures.get(name) == requests[name] > 0
    assert set(SecureCookie.cookies_seen) == {""}


def test_scenario_and_seed_agree_on_every_code() -> None:
    program = (
        "import sys; sys.path.insert(0, 'scenarios'); import bag_lookup as b;"
        "print(b.BAGS); print(*map(b.qr_code, b.NUMBERS))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    bags, codes = answer.stdout.splitlines()
    assert int(bags) == seed.BAGS
    assert codes.split() == [seed.qr_code(number) for number in range(1, seed.BAGS + 1)]


def test_popular_bags_cover_every_bag_and_most_look_ups_meet_few_of_them() -> None:
    program = (
        "import sys, random; sys.path.insert(0, 'scenarios'); import bag_lookup as b; random.seed(1);"
        "print(len({rank * 7919 % b.BAGS + 1 for rank in b.NUMBERS}));"
        "drawn = [b.popular_bag() for _ in range(4000)]; print(min(drawn), max(drawn), len(set(drawn)))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    reachable, lowest, highest, distinct = map(int, answer.stdout.split())
    assert reachable == seed.BAGS
    assert 1 <= lowest <= highest <= seed.BAGS
    assert distinct < 800
