"""What a client makes anew for each request (Idempotency-Key, X-Request-ID) is never the constant of the source."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from readiness.init.draft import Generated
from readiness.init.sources import postman
from tests.init.checked import refuse_foreign_code, refuse_unformatted
from tests.init.sources.recordings import api, har
from tests.init.sources.test_postman import collection, item
from tests.init.test_init_command import init
from tests.serving import serving

KEY = "4b4eb4b8-25cc-4540-95fc-f06b942257a3"
HEADERS = {
    "Idempotency-Key": KEY, "X-Request-ID": f"req-{KEY}", "X-Correlation-ID": KEY,
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}  # fmt: skip
ANEW = ("Idempotency-Key", "X-Request-ID", "X-Correlation-ID")


class Orders(BaseHTTPRequestHandler):
    """Takes orders, and keeps what came with each."""

    protocol_version = "HTTP/1.1"
    sent: list[dict[str, str]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        self.sent.append({**self.headers, **body})
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def orders() -> Iterator[str]:
    Orders.sent = []
    with serving(Orders) as url:
        yield url


def tried(folder: Path, target: str) -> None:
    """`readiness try` of what `init` wrote, which asks for no variable."""
    (scenario,) = (folder / "scenarios").glob("*.py")
    text = scenario.read_text()
    refuse_foreign_code(text)
    refuse_unformatted(scenario.parent)
    assert "READINESS_" not in text
    assert KEY not in text
    if scenario.name.startswith("_"):
        scenario.rename(scenario.with_name(scenario.name[1:]).with_suffix(".py"))
    done = subprocess.run(
        [sys.executable, "-m", "readiness", "try", target], cwd=folder, capture_output=True, text=True,
        env=dict(os.environ), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_request_of_a_recording_has_keys_of_its_own(tmp_path: Path, orders: str) -> None:
    entries = [api("POST", "/orders", at, "p", "", '{"sku":"P"}', headers=HEADERS, status=201) for at in (1, 2, 9)]
    (tmp_path / "rec.har").write_bytes(har(*entries, titles={"p": "Orders"}))
    done = init(tmp_path, "rec.har", "--target", orders)
    assert done.returncode == 0, done.stderr
    tried(tmp_path, orders)
    assert len(Orders.sent) >= 2
    for name in ANEW:
        values = [headers[name] for headers in Orders.sent]
        assert len(set(values)) == len(values), f"{name}: {values}"
    assert not any("traceparent" in headers for headers in Orders.sent), "all requests would be one trace"


def test_each_request_of_curl_has_keys_of_its_own(tmp_path: Path, orders: str) -> None:
    options = " ".join(f"-H '{name}: {value}'" for name, value in HEADERS.items())
    body = json.dumps({"sku": "P", "idempotency_key": KEY})
    line = f"curl {orders}/orders {options} -H 'Content-Type: application/json' -d '{body}'\n"
    (tmp_path / "c.sh").write_text(2 * line)
    done = init(tmp_path, "c.sh", "--target", orders)
    assert done.returncode == 0, done.stderr
    tried(tmp_path, orders)
    for name in (*ANEW, "idempotency_key"):
        assert len({headers[name] for headers in Orders.sent}) == 2, name


def test_an_openapi_write_needs_no_variable_for_its_key(tmp_path: Path) -> None:
    key = {"name": "Idempotency-Key", "in": "header", "required": True, "example": KEY, "schema": {"type": "string"}}
    body = {"required": True, "content": {"application/json": {"example": {"idempotency_key": KEY, "sku": "P"}}}}
    write = {"parameters": [key], "requestBody": body, "responses": {"201": {"description": "made"}}}
    document = {"openapi": "3.1.0", "paths": {"/orders": {"post": write}}}
    (tmp_path / "api.json").write_text(json.dumps(document))
    done = init(tmp_path, "api.json")
    assert done.returncode == 0, done.stderr
    (scenario,) = (tmp_path / "scenarios").glob("*.py")
    text = scenario.read_text()
    assert 'json={"idempotency_key": guid, "sku": "P"}' in text
    assert 'headers={"Idempotency-Key": guid}' in text
    assert "because it writes" in text, "nothing else is missing"
    assert KEY not in text
    assert "READINESS_" not in text


def test_a_variable_of_a_collection_that_nothing_sets_anew_is_made_anew() -> None:
    headers = [
        {"key": "Idempotency-Key", "value": "{{idem}}"},
        {"key": "X-Request-ID", "value": "shop-{{$randomUUID}}"},
        {"key": "X-Service-Id", "value": "shop"},
    ]
    order = item("Order", "POST", "http://localhost:8000/orders", header=headers)
    data = json.loads(collection(order)) | {"variable": [{"key": "idem", "value": KEY}]}
    (scenario,) = postman.read(json.dumps(data).encode(), "orders.json").scenarios
    (task,) = scenario.tasks
    assert dict(task.calls[0].headers) == {
        "Idempotency-Key": (Generated("guid"),),
        "X-Request-ID": ("shop-", Generated("randomUUID")),
        "X-Service-Id": ("shop",),
    }
