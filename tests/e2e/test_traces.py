"""`load.trace`: the service sees each trace id once, and the report names slow and failed requests by theirs."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from importlib.util import find_spec

import pytest

from tests.e2e.conftest import LOOSE, Cli
from tests.run.collector import Collector, collector, spans_in
from tests.serving import serving

__all__ = ["collector"]

LOCUSTFILE = """from readiness.scenario import User, constant, task


class Visitor(User):
    wait_time = constant(0.02)

    @task
    def look(self):
        self.client.get("/ok")
        self.client.post("/slow", json={"a": 1}, name="slow one")
        self.client.get("/moved", allow_redirects=True)
        self.client.get("/own", headers={"traceparent": "00-11111111111111111111111111111111-2222222222222222-01"})
        with self.client.get("/bad", catch_response=True) as answer:
            if answer.status_code == 503:
                answer.failure("not today")
"""
STOCK = """from locust import FastHttpUser, HttpUser, constant


def look(user):
    def send(method, path, **more):
        return user.client.request(method, path, name=type(user).__name__ + path, **more)

    send("GET", "/ok", headers={"X-Mine": "1"})
    send("POST", "/slow", json={"a": 1})
    send("GET", "/moved")
    send("GET", "/own", headers={"Traceparent": "00-11111111111111111111111111111111-2222222222222222-01"})
    with send("GET", "/bad", catch_response=True) as answer:
        if answer.status_code == 503:
            answer.failure("not today")
    with send("GET", "/good", catch_response=True) as answer:
        answer.failure("nor this")
    send("GET", "/unjudged", catch_response=True)
    send("GET", "/streamed", stream=True).text


class Plain(HttpUser):
    wait_time = constant(0.02)
    tasks = [look]


class Fast(FastHttpUser):
    wait_time = constant(0.02)
    tasks = [look]
"""
ADDRESS = "https://traces.example.org/trace/{trace_id}?a=1&b=2"
seen: list[tuple[str, list[str]]] = []


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.do_GET()

    def do_GET(self) -> None:
        seen.append((self.path, self.headers.get_all("traceparent") or []))
        if self.path == "/slow":
            time.sleep(0.05)
        self.send_response({"/bad": 503, "/moved": 302}.get(self.path, 200))
        if self.path == "/moved":
            self.send_header("location", "/there")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    seen.clear()
    with serving(Service) as url:
        yield url


def test_the_report_links_slow_and_failed_requests_to_the_traces_that_the_service_saw(
    cli: Cli, url: str, collector: Collector
) -> None:
    (cli.folder / "locustfile.py").write_text(LOCUSTFILE)
    traced = f'  trace: traceparent\n  trace_share: 100%\n  trace_url: "{ADDRESS}"\n'
    cli.thresholds(LOOSE, load=traced)
    began_s = time.time()
    result = cli.plain("run", url, "--out", str(cli.out), OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    load = [(path, lines) for path, lines in seen if lines]
    assert all(len(lines) == 1 for _, lines in load)
    ids: dict[str, list[str]] = {}
    for path, (line,) in load:
        found = re.fullmatch(r"00-([0-9a-f]{32})-[0-9a-f]{16}-01", line)
        assert found is not None, line
        ids.setdefault(path, []).append(found[1])
    assert set(ids.pop("/own")) == {"1" * 32}, "the scenario's own was replaced"
    moved = ids.pop("/there")
    assert set(moved) <= set(ids["/moved"]), "a redirect belongs to the same request"
    every = [one for found in ids.values() for one in found]
    assert len(every) == len(set(every))
    told = {one["name"]: one["requests"] for one in result.report["traces"]["endpoints"]}
    assert set(told) == {"GET /ok", "POST slow one", "GET /moved", "GET /bad"}
    assert {one["trace_id"] for one in told["POST slow one"]} <= set(ids["/slow"])
    assert all(one["latency_ms"] >= 50 and one["failure"] is None for one in told["POST slow one"][:5])
    assert {one["failure"] for one in told["GET /bad"]} <= {"assertion", "http_5xx", "in_flight"}
    assert {one["trace_id"] for one in told["GET /bad"]} <= set(ids["/bad"])
    one = told["GET /bad"][0]["trace_id"]
    assert f'<a href="https://traces.example.org/trace/{one}?a=1&amp;b=2" rel="noreferrer">' in result.text(
        "report.html"
    )
    assert f"[`{one}`](<https://traces.example.org/trace/{one}?a=1&b=2>)" in result.text("report.md")
    assert result.run["plan"]["trace"] == "traceparent"

    notes = " ".join(result.report["notes"])
    if find_spec("opentelemetry") is None:
        assert "spans of traced requests not exported: without the extra, `pip install '.[otlp]'`" in notes
        return
    spans = [span for body in collector.bodies for span in spans_in(body)]
    listed = sorted(one["trace_id"] for requests in told.values() for one in requests)
    assert sorted(span.trace_id.hex() for span in spans) == listed
    parents = {line.split("-")[1]: line.split("-")[2] for _, (line,) in load}
    assert all(span.span_id.hex() == parents[span.trace_id.hex()] for span in spans)
    assert all(
        began_s < span.start_time_unix_nano / 1e9 < span.end_time_unix_nano / 1e9 < time.time() for span in spans
    )
    assert f"{len(spans)} spans of traced requests exported (OTEL_EXPORTER_OTLP_ENDPOINT)" in notes


def test_stock_clients_send_it_too_and_are_listed_alike(cli: Cli, url: str) -> None:
    (cli.folder / "locustfile.py").write_text(STOCK)
    cli.thresholds(LOOSE, load="  trace: traceparent\n  trace_share: 100%\n")
    result = cli.plain("run", url, "--out", str(cli.out))
    load = [(path, lines) for path, lines in seen if lines]
    assert all(len(lines) == 1 for _, lines in load)
    ids: dict[str, list[str]] = {}
    for path, (line,) in load:
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", line)
        ids.setdefault(path, []).append(line.split("-")[1])
    assert set(ids["/own"]) == {"1" * 32}, (result, "the file's own stays")
    assert set(ids["/there"]) <= set(ids["/moved"]), "a redirect goes on with it"
    sent = [one for path, found in ids.items() if path not in ("/own", "/there") for one in found]
    assert len(set(sent)) == len(sent) > 100
    told = {one["name"]: one["requests"] for one in result.report["traces"]["endpoints"]}
    paths = ("/ok", "/slow", "/moved", "/bad", "/good", "/unjudged", "/streamed")
    for kind in ("Plain", "Fast"):
        mine = {path: told.pop(f"{'POST' if path == '/slow' else 'GET'} {kind}{path}") for path in paths}
        for path, requests in mine.items():
            assert {one["trace_id"] for one in requests} <= set(ids[path]), (kind, path)
        assert {one["failure"] for one in mine["/bad"]} <= {"http_5xx", "assertion", "in_flight"}
        assert "assertion" in {one["failure"] for one in mine["/good"]}
        assert 200 in {one["status"] for one in mine["/unjudged"]}
    assert told == {}


@pytest.mark.parametrize(
    ("load", "told"),
    [
        (
            '  trace: traceparent\n  trace_url: "javascript:alert(1)//{trace_id}"\n',
            "load.trace_url: must be an http or https",
        ),
        ('  trace_url: "https://x.org/{trace_id}"\n', "load.trace_url: needs trace: traceparent beside it"),
        ("  trace: zipkin\n", "load.trace: must be off or traceparent"),
    ],
)
def test_an_address_that_is_none_is_refused(cli: Cli, load: str, told: str) -> None:
    cli.thresholds(LOOSE, load=load)
    result = cli.plain("lint", "thresholds.yaml")
    assert result.exit_code == 2, str(result)
    assert told in result.said
