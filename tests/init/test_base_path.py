"""A base path stands once in what is sent: in --target, or in the paths of the source."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.init.sources.recordings import api, har
from tests.init.sources.test_postman import collection, item
from tests.init.test_init_command import init, readiness
from tests.serving import serving

LINE = (
    '192.0.2.1 - - [01/Mar/2026:12:00:{second:02} +0000] "GET /api/v2/orders?page=1 HTTP/1.1" 200 512 "-" "Firefox"\n'
)


class Orders(BaseHTTPRequestHandler):
    """Knows one path, below a base."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200 if self.path.startswith("/api/v2/orders") else 404)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def origin() -> Iterator[str]:
    Orders.asked = []
    with serving(Orders) as url:
        yield url


def sources(origin: str) -> dict[str, bytes]:
    listed = item("Orders", "GET", "{{baseUrl}}/orders?page=1")
    variable = [{"key": "baseUrl", "value": "https://orders.example/api/v2"}]
    document = {"openapi": "3.1.0", "paths": {"/api/v2/orders": {"get": {"responses": {"200": {"description": ""}}}}}}
    return {
        "rec.har": har(api("GET", "/api/v2/orders?page=1", 1, "p"), titles={"p": "Orders"}),
        "postman.json": collection(listed, variable=variable),
        "access.log": "".join(LINE.format(second=second) for second in range(30)).encode(),
        "c.sh": f"curl '{origin}/api/v2/orders?page=1'\n".encode(),
        "shop.http": b"GET https://orders.example/api/v2/orders?page=1\n",
        "api.json": json.dumps(document).encode(),  # it names no server
    }


@pytest.mark.parametrize("name", ["rec.har", "postman.json", "access.log", "c.sh", "shop.http", "api.json"])
def test_the_next_step_works_where_target_and_paths_have_the_same_base(tmp_path: Path, origin: str, name: str) -> None:
    (tmp_path / name).write_bytes(sources(origin)[name])
    done = init(tmp_path, name, "--target", f"{origin}/api/v2", "--ci", "gitlab")
    assert done.returncode == 0, done.stderr
    says = f"--target: the paths of the source begin with /api/v2 already, so the address to load is {origin}\n"
    assert says in done.stderr
    _, step, run = done.stdout.splitlines()
    assert (step, run) == (f"2. readiness try {origin}", f"3. readiness run {origin}")
    assert f"{origin}/api" not in "".join(file.read_text() for file in tmp_path.glob("*.y*ml"))
    if name != "rec.har":
        return  # the same step, and each takes seconds
    tried = readiness(tmp_path, *step.split()[2:])
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert Orders.asked == ["/api/v2/orders?page=1"]


def test_a_base_that_no_path_of_the_source_has_stays_in_the_target(tmp_path: Path, origin: str) -> None:
    (tmp_path / "c.sh").write_text(f"curl {origin}/orders\n")
    done = init(tmp_path, "c.sh", "--target", f"{origin}/api/v2/")
    assert done.stdout.splitlines()[1] == f"2. readiness try {origin}/api/v2"
    tried = readiness(tmp_path, "try", f"{origin}/api/v2")
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert Orders.asked == ["/api/v2/orders"]
