"""Why a target cannot be reached: the cause, and what to do."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from readiness.config import tls
from readiness.errors import ConfigError, NotMeasured
from readiness.judge.inconclusive import Cause, to_do
from readiness.measurements.provenance import Target
from readiness.run.target import await_service, connect_once, parse
from tests.judge.builders import run


class Tls:
    """A server whose certificate is `issued`."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.target = Target("x", f"https://localhost:{self.listener.getsockname()[1]}", ("127.0.0.1",))
        self.context = context
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                try:
                    self.context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    continue


def context_of(issued: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    return context


def self_signed(folder: Path) -> ssl.SSLContext:
    """An authority that serves its own certificate."""
    authority = trustme.CA()
    pem, key = folder / "own.pem", folder / "own.key"
    authority.cert_pem.write_to_path(str(pem))
    authority.private_key_pem.write_to_path(str(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return context


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[trustme.CA]:
    """One that this process trusts, by the variable that the message names."""
    known = trustme.CA()
    known.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    tls.use(tls.NONE)  # the context of an earlier test does not know it
    yield known
    tls.use(tls.NONE)


def reason(context: ssl.SSLContext) -> str:
    server = Tls(context)
    try:
        with pytest.raises(NotMeasured) as caught:
            connect_once(server.target)
        return str(caught.value)
    finally:
        server.listener.close()


def test_a_certificate_of_a_known_authority_is_accepted(authority: trustme.CA) -> None:
    server = Tls(context_of(authority.issue_cert("localhost")))
    connect_once(server.target)
    server.listener.close()


def test_each_reason_not_to_trust_a_certificate_has_its_cause_and_a_way_out(
    authority: trustme.CA, tmp_path: Path
) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    expired = authority.issue_cert("localhost", not_before=yesterday - timedelta(days=9), not_after=yesterday)
    assert "the certificate has expired: renew it" in reason(context_of(expired))
    elsewhere = reason(context_of(authority.issue_cert("shop.example")))
    assert "the certificate is for other host names" in elsewhere
    assert "shop.example" in elsewhere or "localhost" in elsewhere
    for text in (reason(context_of(trustme.CA().issue_cert("localhost"))), reason(self_signed(tmp_path))):
        assert "this machine does not" in text
        assert "SSL_CERT_FILE=FILE" in text
        assert "verify=False in a scenario changes nothing" in text
    assert "self-signed" in reason(self_signed(tmp_path))


def test_what_to_do_follows_from_what_the_connection_failed_of(authority: trustme.CA, tmp_path: Path) -> None:
    """A private authority: "Start the service, or correct the address" was the last line, though it answered."""

    def step(text: str) -> str:
        return to_do(Cause.UNREACHABLE, replace(run(None), doubts=(text,))) or ""

    own = reason(context_of(trustme.CA().issue_cert("localhost")))
    assert "target: { tls: { ca: FILE } }" in step(own)
    assert "target: { tls: { ca: FILE } }" in step(reason(self_signed(tmp_path)))
    assert "The service answers" in step(reason(context_of(authority.issue_cert("shop.example"))))
    with pytest.raises(NotMeasured) as caught:
        connect_once(Target("x", "http://127.0.0.1:9", ("127.0.0.1",)))
    assert step(str(caught.value)).startswith("Start the service")


def test_a_port_without_tls_is_told_as_such() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    threading.Thread(target=serve, daemon=True).start()
    port = listener.getsockname()[1]
    with pytest.raises(NotMeasured, match="answers, but not with TLS: is it http:// there"):
        connect_once(Target("x", f"https://127.0.0.1:{port}", ("127.0.0.1",)))
    listener.close()


def test_credentials_in_a_url_are_refused_with_the_line_that_sends_them() -> None:
    with pytest.raises(ConfigError, match=r"self\.client\.auth = \(.user., os\.environ") as caught:
        parse("http://me:hidden-word@127.0.0.1/")
    assert "hidden-word" not in str(caught.value)


def test_a_service_that_needs_a_proxy_to_start_is_waited_for_and_any_other_is_not() -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as port_of:
        port = port_of.getsockname()[1]
    target = Target("http://shop", f"http://127.0.0.1:{port}", ("127.0.0.1",))
    await_service(target, (), said.append, lambda: None)
    await_service(target, ("database",), said.append, lambda: "SIGINT")
    assert said == []
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))

        def start(text: str) -> None:
            said.append(text)
            server.listen()

        await_service(target, ("database", "cache"), start, lambda: None)
    assert len(said) == 1
    assert said[0].startswith("waiting up to 30 s for http://shop: the proxies are open (database, cache)")


def test_a_port_that_is_none_is_named() -> None:
    with pytest.raises(ConfigError, match="port 99999 is above 65535"):
        parse("http://127.0.0.1:99999")
    with pytest.raises(ConfigError, match="'ab' is no port"):
        parse("http://127.0.0.1:ab")
