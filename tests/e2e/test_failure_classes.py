"""Every class of failure, made by a real server or a real limit, stands in the ledger; and ours are never the target's.

With it rows N3 to N9, N13, G7, G8, G12, H6 to H12 of the fault matrix.
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import trustme

from readiness.measurements.run import FAILURE_CLASSES, OWN_FAULTS
from tests.e2e.conftest import Cli
from tests.e2e.harness import Result
from tests.e2e.invariants import assert_invariants
from tests.faultd.client import ROOT, layer
from tests.faultd.fixture import StartFaultd

LIMITS = """
  http.success_rate: { pass: "> 99 %", on_fail: block }
  latency.p95: { pass: "< 5 s", on_fail: block }
"""
BY_ANSWER: dict[str, tuple[set[str], dict[str, object]]] = {
    "hang": ({"timeout"}, {"mode": "hang"}),
    "drip": ({"timeout"}, {"mode": "drip", "every_ms": 150}),
    "rst": ({"reset"}, {"mode": "rst"}),
    "cut": ({"truncated"}, {"mode": "truncated"}),
    "garbage": ({"protocol"}, {"mode": "garbage"}),
    "closed": ({"reset"}, {"mode": "close"}),
    "half": ({"reset"}, {"mode": "close", "when": "headers"}),
    "302": ({"http_3xx"}, {"mode": "redirect"}),
    "404": ({"http_4xx"}, {"mode": "status", "code": 404}),
    "503": ({"http_5xx"}, {"mode": "status", "code": 503}),
    "429": ({"rate_limited"}, {"mode": "status", "code": 429}),
    "wrong": ({"assertion"}, {"mode": "body", "text": '{"ok": false}'}),
    "empty": ({"assertion"}, {"mode": "body", "text": ""}),
    "hangup": (set(), {"mode": "hangup"}),
    "endless": ({"too_large", "timeout"}, {"mode": "endless"}),
    "bomb": ({"too_large"}, {"mode": "unruly", "kind": "bomb"}),
    "nested": ({"protocol"}, {"mode": "unruly", "kind": "nested"}),
    "headers": ({"protocol"}, {"mode": "unruly", "kind": "headers"}),
    "cookies": ({"protocol"}, {"mode": "unruly", "kind": "cookies"}),
    "long-header": ({"protocol"}, {"mode": "unruly", "kind": "long_header"}),
    "folded": (set(), {"mode": "unruly", "kind": "folded"}),
    "interim": ({"protocol"}, {"mode": "unruly", "kind": "interim"}),
    "204": ({"protocol"}, {"mode": "unruly", "kind": "no_content"}),
    "http09": ({"protocol"}, {"mode": "unruly", "kind": "http09"}),
    "status-line": ({"protocol"}, {"mode": "unruly", "kind": "status_line"}),
    "two-lengths": ({"protocol"}, {"mode": "unruly", "kind": "two_lengths"}),
    "smuggled": ({"surplus"}, {"mode": "unruly", "kind": "smuggled"}),
    "to-loop": ({"http_3xx"}, {"mode": "redirect", "location": "/api/to-loop"}),
    "to-file": ({"not_allowed"}, {"mode": "redirect", "location": "file:///etc/passwd"}),
    "to-metadata": ({"not_allowed"}, {"mode": "redirect", "location": "http://169.254.169.254/latest"}),
    "to-user": ({"not_allowed"}, {"mode": "redirect", "location": "http://admin:pw@127.0.0.2/"}),
}
"""Last part of the path -> the classes that its requests may fail with (none: all are ok), and what the server does."""

SCENES = {
    "answers": set().union(*(classes for classes, _ in BY_ANSWER.values())),
    "own": {"local_fds", "not_allowed", "script"},
    "gone": {"connect_refused"},
    "deaf": {"connect_timeout"},
    "tls": {"tls"},
    "namespace": {"local_ports", "dns"},
}
"""The tests below, and the classes that each of them makes."""


def test_every_class_is_made_by_one_of_these_tests() -> None:
    assert set().union(*SCENES.values()) == set(FAILURE_CLASSES)
    assert all(f"test_{scene}_" in Path(__file__).read_text() for scene in SCENES)


def failed(result: Result, name: str | None = None) -> dict[str, int]:
    """The failures of one endpoint, or of the whole load, by class."""
    if name is None:
        whole: dict[str, int] = result.ledger["failed"]
        return whole
    found: dict[str, int] = {}
    for endpoint in result.run["endpoints"]:
        if endpoint["name"].endswith(name):
            for phase in ("judged", "warm_up"):
                for kind, count in endpoint.get(phase, {}).get("failed", {}).items():
                    found[kind] = found.get(kind, 0) + count
    return found


def test_answers_of_every_kind_have_their_class(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(*(layer(**words, only=f"/api/{path}") for path, (_, words) in BY_ANSWER.items()))  # type: ignore[arg-type]
    env = {"READINESS_VAR_FAULT_PATHS": " ".join(f"/api/{path}" for path in BY_ANSWER)}
    users = str(len(BY_ANSWER))
    result = cli.run(
        server.url,
        "--users",
        users,
        scenario="faults.py",
        load="  timeout: 4s\n",
        checks=LIMITS,
        duration="3s",
        env=env,
    )
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server, seen_twice=server.seen("/api/to-loop", "/api/hangup"))
    for path, (classes, _) in BY_ANSWER.items():
        found = failed(result, f"/api/{path}")
        if path == "hangup":  # of a request that met the close nobody can say whether it was read
            assert set(found) <= {"reset"}
            continue
        assert set(found) <= classes, (path, found)
        assert bool(found) == bool(classes), f"{path}: no request came to its end"
    by_name = {one["name"]: one for one in result.report["endpoints"]}
    for path in ("hangup", "folded"):
        one = by_name[f"GET /api/{path}"]
        assert one["requests"] > one["in_flight"], path
    assert set(failed(result)) == SCENES["answers"]


def test_own_faults_are_never_the_targets(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result = cli.run(server.url, "--users", "12", scenario="own_faults.py", checks=LIMITS, duration="2s")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=2)
    assert_ours(result, SCENES["own"])
    assert failed(result, "/api/item") == {}


def assert_ours(result: Result, classes: set[str]) -> None:
    """Only our own classes are in the ledger, they are a doubt, and no check failed for them."""
    assert set(failed(result)) == classes <= OWN_FAULTS | {"dns"}
    assert result.ledger["ok"] > 0
    assert any("failed on this side, not at the target" in doubt for doubt in result.report["doubts"])
    assert not [one for one in result.report["checks"] if one["outcome"] == "fail"]
    assert result.check("http.success_rate")["value"] == 100


def test_gone_services_refuse(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="die", after=20)
    result = cli.run(server.url, scenario="bare.py", checks=LIMITS, duration="1s")
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server, planned_s=1)
    assert "connect_refused" in failed(result)
    assert set(failed(result)) <= {"connect_refused", "reset"}


def test_deaf_services_let_connections_time_out_at_their_full_age(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="deaf", after=20)
    load = "  timeout: 400ms\n"
    result = cli.run(server.url, scenario="bare.py", load=load, checks=LIMITS, duration="2s")
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server, planned_s=2)
    assert failed(result)["connect_timeout"] >= 1
    assert set(failed(result)) <= {"connect_timeout", "reset", "timeout"}
    (endpoint,) = result.report["endpoints"]
    assert endpoint["failed_latency_ms"]["max"] >= 400


class ExpiredTls:
    """Trusted until it has answered one request; then its certificate is one of an authority that nobody trusts."""

    def __init__(self, folder: Path) -> None:
        trusted = trustme.CA()
        self.authority = folder / "authority.pem"
        trusted.cert_pem.write_to_path(self.authority)
        self.contexts = [self.context(trusted), self.context(trustme.CA())]
        self.answered = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def context(self, authority: trustme.CA) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        return context

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                connection.settimeout(5)
                with closing(connection), suppress(OSError):
                    self.answer(self.contexts[min(self.answered, 1)].wrap_socket(connection, server_side=True))

    def answer(self, talk: ssl.SSLSocket) -> None:
        with closing(talk):
            asked = talk.recv(65_536)
            if asked:
                talk.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\n{"ok": true}')
                self.answered += b" /api/" in asked

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


@pytest.fixture
def expired(tmp_path: Path) -> Iterator[ExpiredTls]:
    server = ExpiredTls(tmp_path)
    yield server
    server.close()


def test_tls_that_is_not_accepted_any_more_is_no_answer(cli: Cli, expired: ExpiredTls) -> None:
    env = {"SSL_CERT_FILE": str(expired.authority)}
    result = cli.run(expired.url, "--users", "3", scenario="bare.py", checks=LIMITS, duration="2s", env=env)
    assert result.exit_code == 1, str(result)
    assert_invariants(result, planned_s=2)
    assert result.ledger["ok"] == expired.answered
    assert set(failed(result)) == {"tls"}


def test_namespace_rows_pass_in_a_network_of_their_own() -> None:
    """What needs a machine without ports, name service or IPv6 runs in namespaces (tests/e2e/in_namespace.py)."""
    inside = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--"]
    ports = "/proc/sys/net/ipv4/ip_local_port_range"
    ready = f"ip link set lo up && echo 20000 60000 > {ports} && mount -t tmpfs none /mnt"
    try:
        able = subprocess.run([*inside, "sh", "-c", ready], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("this machine has no unshare")
    if able.returncode:
        pytest.skip(f"this machine makes no network namespaces: {able.stderr.strip()}")
    tests = f"{sys.executable} -m pytest -q -p no:cacheprovider -p no:xdist tests/e2e/in_namespace.py"
    done = subprocess.run(
        [*inside, "sh", "-c", f"ip link set lo up && exec {tests}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
