"""`target.tls`: a private authority and a client certificate, for every client and the probes; mistakes are told."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme

from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.invariants import decided

CLIENTS = """from locust import FastHttpUser, HttpUser, constant, task
from readiness.scenario import User


class Ours(User):
    wait_time = constant(0.1)

    @task
    def look(self):
        self.client.get("/ours")


class Http(HttpUser):
    wait_time = constant(0.1)

    @task
    def look(self):
        self.client.get("/http")


class Fast(FastHttpUser):
    wait_time = constant(0.1)

    @task
    def look(self):
        self.client.get("/fast")
"""
CHECKS = LOOSE + '  health.success_rate: { pass: "> 10 %" }\n'


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def url(authority: trustme.CA) -> Iterator[str]:
    """A service that answers only those who show a certificate of its authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_every_client_and_the_probes_show_the_certificate(cli: Cli, authority: trustme.CA, url: str) -> None:
    client = authority.issue_cert("client.example.org")
    key = client.private_key_pem.bytes().decode()
    authority.cert_pem.write_to_path(str(cli.folder / "ca.pem"))
    (cli.folder / "client.pem").write_bytes(b"".join(one.bytes() for one in client.cert_chain_pems))
    (cli.folder / "locustfile.py").write_text(CLIENTS)
    tls = 'target: { tls: { ca: ca.pem, certificate: client.pem, key: "${READINESS_VAR_KEY}" } }\n'
    way = '  tls.chain_complete: { pass: "== 1", on_fail: block }\n  tls.days_left: { pass: ">= 1 days" }\n'
    cli.thresholds(CHECKS + way, more=tls, duration="2s")
    result = cli.plain("run", url, "--out", str(cli.out), READINESS_VAR_KEY=key)
    assert {one["name"]: one["failures"] for one in result.report["endpoints"]} == {
        "GET /ours": 0,
        "GET /http": 0,
        "GET /fast": 0,
    }
    assert result.check("health.success_rate")["value"] == 100
    assert result.check("tls.chain_complete")["value"] == 1
    assert result.check("tls.days_left")["outcome"] == "pass"
    decided(result.report, 0)
    assert key.splitlines()[1] not in result.everything()
    tried = cli.plain("try", url, READINESS_VAR_KEY=key)
    assert (tried.exit_code, "3 requests, 0 failed" in tried.stdout) == (0, True), str(tried)
    cli.thresholds(CHECKS, duration="1s")
    refused = cli.plain("run", url, "--out", str(cli.out))
    assert refused.exit_code == 3, str(refused)
    assert "target: { tls: { ca:" in refused.report["reason"]
    cli.thresholds(CHECKS + way, duration="1s")
    told = cli.plain("run", url, "--out", str(cli.out))
    assert (told.exit_code, told.check("tls.chain_complete")["value"]) == (1, 0), str(told)


def test_files_that_are_none_are_told_by_lint(cli: Cli, authority: trustme.CA) -> None:
    (cli.folder / "locustfile.py").write_text(CLIENTS)
    (cli.folder / "text.pem").write_text("no certificate")
    authority.cert_pem.write_to_path(str(cli.folder / "ca.pem"))
    literal = authority.private_key_pem.bytes().decode().replace("\n", "\n      ")
    for tls, told in (
        ("{ ca: gone.pem }", "target.tls.ca: gone.pem: there is no such file"),
        ("{ ca: /etc/ssl/cert.pem }", "lies outside the folder"),
        ("{ ca: text.pem }", "must be PEM"),
        ("{ certificate: ca.pem }", "needs its key, and the key its certificate"),
        (f"\n    certificate: ca.pem\n    key: |\n      {literal}", "a private key does not belong in this file"),
        ("{ ca: ca.pem, verify: false }", "target.tls.verify"),
    ):
        cli.thresholds(LOOSE, more=f"target:\n  tls: {tls}\n")
        result = cli.plain("lint")
        assert (result.exit_code, told in result.stderr) == (2, True), f"{told}: {result}"
        assert "PRIVATE KEY" not in result.said
