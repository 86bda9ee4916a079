"""Rows C3 to C10, H6 to H12 for probes, T7 to T12, T20, T32, N12, N13: what a service says of itself, and is."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import trustme

from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.invariants import assert_invariants, decided, foreign_doubts
from tests.e2e.postgres import Postgres
from tests.faultd.client import free_port, layer
from tests.faultd.fixture import StartFaultd
from tests.faultd.modes.unruly import KINDS


def stats(instance: str = "a", **more: object) -> str:
    import json

    document = {"instance": instance, "cache": {"hits": 9, "misses": 1}, **more}
    return json.dumps(document)


def test_t20_a_target_that_was_restarted_is_not_one_service_under_one_load(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(
        layer("body", text=stats("before"), only="/stats", for_s=1.0),
        layer("body", text=stats("after"), only="/stats"),
    )
    result = cli.run(server.url, checks=LOOSE, more="probes:\n  instance: { json: /stats }\n", duration="2s")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=2)
    assert any("changed during the run" in doubt and "before, then after" in doubt for doubt in result.report["doubts"])


def test_t32_a_declared_instance_that_never_answers_is_a_doubt(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(layer("body", text=stats("a"), only="/stats"))
    probed = "probes:\n  instance: { json: /stats, instances: 2 }\n"
    result = cli.run(server.url, checks=LOOSE, more=probed, duration="9s")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=9)
    (said,) = [doubt for doubt in result.report["doubts"] if "declared instance" in doubt]
    assert "/stats /instance said a in " in said
    assert "1 of 2 declared instances" in said


def test_c3_to_c10_hostile_and_broken_numbers_are_errors_and_hold_nothing(cli: Cli, faultd: StartFaultd) -> None:
    bodies = {
        "text": '{"n": "80%"}', "nan": '{"n": NaN}', "infinity": '{"n": Infinity}', "null": '{"n": null}',
        "list": '{"n": [1]}', "boolean": '{"n": true}', "missing": '{"m": 1}', "deep": "[" * 50_000,
        "html": "<script>x_pwned()</script>", "huge": '{"n": 1e300}',
    }  # fmt: skip
    modes: dict[str, dict[str, object]] = {
        "status": {"code": 404}, "endless": {}, "drip": {"every_ms": 300}, "hang": {}, "rst": {}, "garbage": {},
        "truncated": {}, "redirect": {"location": "http://127.0.0.2:1/stolen"}, "hostile": {"where": "json"},
        "close": {"when": "headers"},
    }  # fmt: skip
    layers = [layer("body", text=text, only=f"/{name}") for name, text in bodies.items()]
    layers += [layer(mode, **{"only": f"/{mode}", **words}) for mode, words in modes.items()]
    layers += [layer("unruly", kind=kind, only=f"/{kind}") for kind in KINDS]
    layers += [layer("status", code=407, text='{"n": 1}', only="/challenge")]
    names = [*bodies, *modes, *KINDS, "challenge"]
    custom = "".join(f"    {name}: {{ json: /{name}, pointer: /n, take: max }}\n" for name in names)
    checks = LOOSE + "".join(f'  custom.{name}: {{ pass: ">= 0", on_fail: block }}\n' for name in names)
    server = faultd(*layers)
    result = cli.run(server.url, checks=checks, more=f"probes:\n  custom:\n{custom}", duration="1s")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=1)
    green = [name for name in names if result.check(f"custom.{name}")["outcome"] != "error"]
    assert green == []
    assert "x_pwned" not in result.text("report.html")


def test_c6_c9_c10_a_fall_back_a_flapping_check_and_an_exhausted_pool_are_seen(cli: Cli, faultd: StartFaultd) -> None:
    full = {"requests": 10, "errors": 0, "size": 30, "available": 0, "max": 30}  # and no waited_ms
    server = faultd(
        layer(
            "body",
            text=stats(pool=full, state="open", cache={"hits": 9, "misses": 1, "backend": "memory"}),
            only="/stats",
        ),
        layer("status", code=503, share=0.5, only="/health"),
    )
    checks = (
        LOOSE
        + """
  health.success_rate: { pass: "> 99 %" }
  cache.fallback: { pass: "== 0 %" }
  pool.saturation: { pass: "<= 80 %" }
  pool.wait.mean: { pass: "< 10 ms" }
  circuit_breaker.closed: { pass: "== 100 %" }
"""
    )
    probes = """probes:
  cache: { statistics: /stats, backend: /cache/backend }
  pool: { statistics: /stats, size: /pool/size, available: /pool/available, max: /pool/max, waited_ms: /pool/waited_ms }
  circuit_breaker: { statistics: /stats, states: [/state] }
"""
    result = cli.run(server.url, checks=checks, more=probes, duration="2s")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=2)
    assert "/pool/waited_ms: the JSON has nothing there" in result.check("pool.wait.mean")["message"]
    outcomes = {one["name"]: (one["outcome"], one["value"]) for one in result.report["checks"]}
    assert outcomes["cache.fallback"] == ("fail", 100.0)
    assert outcomes["pool.saturation"] == ("fail", 100.0)
    assert outcomes["circuit_breaker.closed"] == ("fail", 0.0)
    assert outcomes["health.success_rate"][0] == "fail"
    assert 0 < outcomes["health.success_rate"][1] < 100


def test_c7_headers_are_judged_by_value_on_the_loads_own_answers_too(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(
        layer("body", text='{"ok": true}', headers={"X-Content-Type-Options": "sniff"}, only="/api/*"),
        layer(
            "body", text="<h1>x</h1>", content_type="text/html", headers={"X-Frame-Options": "ALLOWALL"}, only="/page"
        ),
    )
    checks = LOOSE + '  security.headers: { pass: "== 100 %" }\n'
    probes = "probes:\n  security: { paths: [/, /page, /no-such-page], profile: plain_http }\n"
    result = cli.run(server.url, checks=checks, more=probes, duration="1s")
    assert result.exit_code in (1, 3, 4), str(result)  # a pause of the generator takes the proof of the load away
    assert_invariants(result, server, planned_s=1)
    assert result.check("security.headers")["outcome"] == "fail"
    wrong = [
        detail["subject"]
        for one in result.report["measurements"]
        if one["metric"] == "security.headers"
        for detail in one["details"]
        if detail["ok"] is False
    ]
    assert wrong == ["/page: Framing", "GET /api/item (200): X-Content-Type-Options"]


def test_witnesses_that_disagree_take_the_pass_away(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="stats", only="/stats", more_hits=1, more_misses=9)  # the header says nine hits in ten
    checks = LOOSE + '  cache.hit_rate: { pass: "> 80 %", on_fail: block }\n'
    probes = "probes:\n  cache: { header: X-Cache, statistics: /stats }\n"
    result = cli.run(server.url, checks=checks, more=probes, duration="2s")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=2)
    check = result.check("cache.hit_rate")
    assert check["outcome"] == "inconclusive"
    assert "the sources disagree" in check["message"]
    assert check["value"] == pytest.approx(90, abs=5)


@pytest.fixture
def watched(postgres: Postgres) -> str:
    """A database, and a role that can only read but sees other sessions."""
    database = postgres.database("create table bags (id int primary key)").rpartition("/")[2].partition("?")[0]
    postgres.execute(
        "postgres",
        "do $$ begin create role watcher login password 'w4tcher-pw'; grant pg_monitor to watcher;"
        " exception when duplicate_object then null; end $$",
        f"grant connect on database {database} to watcher",
    )
    return postgres.url(database, "watcher", "w4tcher-pw")


@pytest.mark.parametrize("alive", [True, False], ids=["database up", "database down"])
def test_c8_a_health_check_that_asks_nobody_is_never_a_green_readiness(
    cli: Cli, faultd: StartFaultd, watched: str, alive: bool
) -> None:
    server = faultd()
    url = watched if alive else f"postgresql://reader:x@127.0.0.1:{free_port()}/bags"
    checks = LOOSE + '  health.touches_database: { pass: "== 1", on_fail: block }\n'
    result = cli.run(server.url, checks=checks, duration="1s", env={"READINESS_DATABASE_URL": url})
    assert result.exit_code == (1 if alive else 3), str(result)
    assert_invariants(result, server, planned_s=1)
    check = result.check("health.touches_database")
    assert check["outcome"] == ("fail" if alive else "error")
    words = "liveness: it says only that the process runs" if alive else "/health answered 200"
    assert words in result.text("report.html")


PROVOKED = """
  rate_limit.enforced: { pass: "== 1", on_fail: block }
  circuit_breaker.opens: { pass: "== 1", on_fail: block }
  circuit_breaker.recovers: { pass: "== 1", on_fail: block }
"""


@pytest.mark.parametrize("allowed", [True, False])
def test_limits_and_breakers_are_provoked_only_when_allowed_and_within_bounds(
    cli: Cli, faultd: StartFaultd, allowed: bool
) -> None:
    server = faultd(
        layer("status", code=429, after=20, only="/limited"),
        layer("breaker", only="/drill/*", slow_ms=300, declared_s=2, open_s=2.0, refuses=3),
    )
    paths = "{ fails: /drill/fails, works: /drill/works, state: /state }"
    breaker = f", provoke: {paths}" if allowed else ""
    probes = f"""probes:
  rate_limit: {{ path: /limited, provoke: {str(allowed).lower()}, most: 50 }}
  circuit_breaker: {{ statistics: /drill/state{breaker} }}
"""
    result = cli.run(server.url, checks=LOOSE + PROVOKED, more=probes, duration="1s")
    if allowed:
        decided(result.report, 0)
    else:
        assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=6)
    assert (server.seen("/limited"), server.seen("/drill/fails")) == ((21, 5) if allowed else (0, 0))
    outcomes = {result.check(name)["outcome"] for name in ("circuit_breaker.opens", "circuit_breaker.recovers")}
    assert outcomes == ({"pass"} if allowed else {"error"})
    if allowed:
        assert "as it was found" in result.text("report.json")
        load_ended_s = max(at_s for at_s, _, path in server.log() if path.startswith("/api/"))
        assert load_ended_s < min(at_s for at_s, _, path in server.log() if path in ("/limited", "/drill/fails"))


@pytest.mark.parametrize(
    ("words", "opens", "recovers"),
    [
        ({"failures": 1000, "says": "open"}, "fail", "error"),
        ({"open_s": 1000.0, "says": "closed"}, "inconclusive", "fail"),
    ],
    ids=["never opens and says so", "never closes and says it is not open"],
)
def test_a_breaker_that_never_opens_or_never_closes_is_a_finding_whatever_it_says(
    cli: Cli, faultd: StartFaultd, words: dict[str, object], opens: str, recovers: str
) -> None:
    server = faultd(layer("breaker", only="/drill/*", **words))
    provoke = "{ fails: /drill/fails, works: /drill/works, state: /state, requests: 7, wait: 1s }"
    checks = LOOSE + PROVOKED.replace('  rate_limit.enforced: { pass: "== 1", on_fail: block }\n', "")
    probes = f"probes:\n  circuit_breaker: {{ statistics: /drill/state, provoke: {provoke} }}\n"
    result = cli.run(server.url, checks=checks, more=probes, duration="1s")
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server, planned_s=4)
    assert result.check("circuit_breaker.opens")["outcome"] == opens
    assert result.check("circuit_breaker.recovers")["outcome"] == recovers
    assert server.seen("/drill/fails") <= 7
    if recovers == "fail":
        assert "open: the service still refuses, and needs somebody" in result.text("report.html")


class OneWorker:
    """A service that does one thing at a time, as many small ones do; `/slow` keeps it busy for a fifth of a second."""

    def __init__(self) -> None:
        counts = self.counts = Counter[str]()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                counts[self.path] += 1
                time.sleep(0.2 if self.path == "/slow" else 0)
                body = b'{"ok": true}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def one_worker() -> Iterator[OneWorker]:
    service = OneWorker()
    yield service
    service.server.shutdown()
    service.server.server_close()
    service.thread.join()


def test_a_slow_health_check_of_a_service_with_one_worker_does_not_break_it(cli: Cli, one_worker: OneWorker) -> None:
    checks = LOOSE + '  health.success_rate: { pass: "> 98 %" }\n  pool.saturation: { pass: "<= 80 %" }\n'
    probes = (
        "probes:\n  health: { path: /slow, every: 100ms }\n"
        "  pool: { statistics: /slow, size: /size, available: /available, max: /max }\n"
    )
    result = cli.run(one_worker.url, scenario="calm.py", checks=checks, more=probes, load="", duration="5s")
    load = sum(endpoint["requests"] for endpoint in result.report["endpoints"])
    beside = result.run["probing"]["looks"]["requests"]
    assert beside <= max(2 * 3, 0.05 * load), "three of each probe, or a twentieth of the load"
    assert one_worker.counts["/slow"] <= 3 + beside + 2, "and a few before and after it"
    check = result.check("health.success_rate")
    assert check["outcome"] == "inconclusive", check
    assert "Probes send at most 5 % of the load's requests" in check["message"]
    assert "load more or longer" in check["message"]
    assert result.check("http.success_rate")["outcome"] in ("pass", "inconclusive")
    assert result.exit_code in (3, 4), str(result)


def test_h16_a_service_that_is_good_to_our_user_agent_only_is_never_ready(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(layer("favours", only="/", text="<h1>Sorry</h1>" * 40, code=503))
    result = cli.run(server.url, checks=LOOSE, duration="1s")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=1)
    (doubt,) = foreign_doubts(result.report)
    said = "the service answers us otherwise than a browser: / gives another status, type and size (readiness/"
    assert doubt.startswith(said)
    assert "a browser: 503, 560 bytes" in result.text("report.html")


def test_t7_four_errors_in_a_hundred_are_four_slow_answers_in_a_hundred(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(layer("status", code=503, share=0.04))
    result = cli.run(server.url, duration="2s")
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server, planned_s=2)
    assert set(result.ledger["failed"]) == {"http_5xx"}
    assert result.check("latency.p95")["value"] is not None
    assert result.check("latency.p99")["value"] is None, "a failed request is slower than any other"


def test_t9_a_rate_limit_that_was_reached_is_named(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(layer("status", code=429, after=50))
    result = cli.run(server.url, duration="2s")
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server, planned_s=2)
    assert set(result.ledger["failed"]) == {"rate_limited"}
    assert any("the service limits the rate" in step for step in result.report["next_steps"]), result.report[
        "next_steps"
    ]


def test_t12_what_nobody_got_to_see_because_nobody_could_log_in_is_unknown(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(layer("status", code=401, only="/login"))
    checks = """
  http.success_rate: { pass: "> 99 %", on_fail: block }
  latency.p95@GET /api/item: { pass: "< 900 ms" }
"""
    result = cli.run(server.url, scenario="members.py", checks=checks, duration="2s")
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server, paths=("/api/*", "/login"), planned_s=2)
    assert set(result.ledger["failed"]) == {"http_4xx"}
    assert "POST /login got 401 or 403, so nothing behind the log-in was tested" in result.report["doubts"][0]
    assert result.check("http.success_rate")["outcome"] == "fail"
    assert result.check("latency.p95@GET /api/item")["outcome"] == "error"
    assert server.seen("/api/*") == 0


class TlsPort:
    """Completes no handshake that a client who verifies would accept."""

    def __init__(self) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(self.context)  # of an authority that nobody trusts
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.accepted = 0
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with closing(connection):
                try:
                    self.context.wrap_socket(connection, server_side=True).recv(1)
                    self.accepted += 1
                except OSError:
                    continue


@pytest.fixture
def tls_port() -> Iterator[TlsPort]:
    server = TlsPort()
    yield server
    server.listener.shutdown(socket.SHUT_RDWR)
    server.listener.close()
    server.thread.join()


def test_n12_n13_tls_that_cannot_be_verified_is_no_fast_success(
    cli: Cli, faultd: StartFaultd, tls_port: TlsPort
) -> None:
    untrusted = cli.run(f"https://127.0.0.1:{tls_port.port}", duration="1s")
    assert untrusted.exit_code == 3, str(untrusted)
    assert "tls" in untrusted.said
    assert tls_port.accepted == 0
    plain = faultd()
    no_tls = cli.run(plain.url.replace("http:", "https:"), duration="1s")
    assert no_tls.exit_code == 3, str(no_tls)
    assert plain.seen("*") == 0
    no_http = cli.run(f"http://127.0.0.1:{tls_port.port}", duration="1s")
    assert no_http.exit_code in (1, 3), str(no_http)
    assert no_http.ledger["ok"] == 0
