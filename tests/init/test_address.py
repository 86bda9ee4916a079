"""SOURCE may be an address: one GET, without redirects, bounded, and nothing of it is shown that is a secret."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from readiness.errors import ConfigError
from readiness.probes.download import document
from tests.init.test_init_command import BAGS, files_in, init
from tests.serving import serving


class Site(BaseHTTPRequestHandler):
    """A description, a redirect to another host, an endless page."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        status = {"/moved": 302, "/gone": 404}.get(self.path, 200)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://192.0.2.1/openapi.yaml")
        self.end_headers()
        self.wfile.write(b"x" * 3_000_000 if self.path == "/large" else BAGS.encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    Site.asked = []
    with serving(Site) as url:
        yield url.removeprefix("http://")


def test_a_description_is_fetched_once_and_its_address_is_shown_without_credentials(tmp_path: Path, site: str) -> None:
    done = init(tmp_path, f"http://user:hunter2@{site}/openapi.yaml?key=hunter2", "--target", f"http://{site}")
    assert done.returncode == 0, done.stderr
    assert Site.asked == ["/openapi.yaml?key=hunter2"]
    written = "".join((tmp_path / name).read_text() for name in files_in(tmp_path))
    assert f"begun by `readiness init` from http://{site}/openapi.yaml" in written
    assert "hunter2" not in written + done.stdout + done.stderr


def test_an_answer_that_is_no_description_ends_with_2_and_its_reason(tmp_path: Path, site: str) -> None:
    for path, says in (("/moved", "leads to http://192.0.2.1/openapi.yaml"), ("/gone", "answered 404")):
        done = init(tmp_path, f"http://user:hunter2@{site}{path}")
        assert done.returncode == 2
        assert says in done.stderr
        assert "hunter2" not in done.stderr
    assert files_in(tmp_path) == set()
    with pytest.raises(ConfigError, match="is larger than 2 MiB"):
        document(f"http://{site}/large", 2 << 20)
    with pytest.raises(ConfigError, match="cannot be read"):
        document("http://127.0.0.1:1/", 2 << 20)


def test_a_private_authority_is_trusted_as_by_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    Site.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"https://localhost:{server.server_port}/openapi.yaml"
        refused = init(tmp_path, address)
        assert refused.returncode == 2
        assert "CERTIFICATE_VERIFY_FAILED" in refused.stderr
        assert "to trust its authority, start readiness with SSL_CERT_FILE=FILE" in refused.stderr
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        done = init(tmp_path, address)
        assert done.returncode == 0, done.stderr
        assert Site.asked == ["/openapi.yaml"]
    finally:
        server.shutdown()
        server.server_close()
