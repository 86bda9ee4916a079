"""tls.* and dns.*: real TLS servers with each fault; what cannot be asked is a reason and never a pass."""

from __future__ import annotations

import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from readiness import probes
from readiness.config import tls
from readiness.config.probes import Probes, TlsSettings
from readiness.measurements.measured_invariants import value_problem
from readiness.measurements.provenance import Target
from readiness.measurements.run import Measurement
from tests.faultd.client import free_port
from tests.probes.conftest import Site, reply

TODAY = datetime.now(UTC)
WANTED = set(probes.BEFORE_LOAD)


def context_of(issued: trustme.LeafCert, folder: Path, *, intermediates: bool = True) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown = issued.cert_chain_pems if intermediates else issued.cert_chain_pems[:1]
    file = folder / "server.pem"
    file.write_bytes(b"".join(one.bytes() for one in shown) + issued.private_key_pem.bytes())
    context.load_cert_chain(file)
    return context


def only(context: ssl.SSLContext, lowest: ssl.TLSVersion, highest: ssl.TLSVersion) -> ssl.SSLContext:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = lowest, highest
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


@contextmanager
def served(context: ssl.SSLContext | None, host: str = "localhost", says: bytes = b"") -> Iterator[Target]:
    """Handshakes with `context`, or without one sends `says` to whoever connects."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    if context is None:
                        connection.recv(4096)
                        connection.sendall(says)
                    else:
                        with context.wrap_socket(connection, server_side=True) as session:
                            session.recv(1)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield Target("tested", f"https://{host}:{listener.getsockname()[1]}", ("127.0.0.1",))
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def asked(target: Target, settings: TlsSettings | None = None) -> dict[str, Measurement]:
    found = probes.before_load(target, Probes(tls=settings or TlsSettings()), WANTED, lambda: False)
    assert {one.metric for one in found} == WANTED
    assert [value_problem(one) for one in found] == [None] * len(found)
    return {one.metric: one for one in found}


def asked_of(context: ssl.SSLContext, host: str = "localhost") -> dict[str, Measurement]:
    with served(context, host) as target:
        return asked(target)


def values(found: dict[str, Measurement]) -> tuple[float | None, ...]:
    """Chain, host, old versions."""
    return tuple(found[f"tls.{name}"].value for name in ("chain_complete", "host_matches", "old_versions"))


def observed(found: dict[str, Measurement], name: str) -> str:
    return found[name].details[0].observed


@pytest.fixture
def authority() -> Iterator[trustme.CA]:
    """Trusted as target.tls.ca."""
    known = trustme.CA()
    tls.use(tls.Tls(ca=known.cert_pem.bytes().decode()))
    yield known
    tls.use(tls.NONE)


def test_a_good_server_is_good_in_every_way(authority: trustme.CA, tmp_path: Path) -> None:
    issued = authority.create_child_ca().issue_cert("localhost", not_after=TODAY + timedelta(days=40.5))
    found = asked_of(context_of(issued, tmp_path))
    assert values(found) == (1, 1, 0)
    days = found["tls.days_left"].value
    assert days is not None
    assert 40 < days < 41
    assert observed(found, "tls.old_versions") == "takes TLS 1.2, TLS 1.3"
    assert "localhost" in observed(found, "tls.host_matches")
    assert (found["dns.addresses"].value, found["dns.unreachable"].value) == (1, 0)
    assert "time to live not measured" in observed(found, "dns.addresses")
    assert "probes.tls.http_port" in (found["tls.redirects_http"].reason or "")


def test_each_fault_is_told_by_its_own_metric_and_by_no_other(authority: trustme.CA, tmp_path: Path) -> None:
    long_ago = TODAY - timedelta(days=3)
    expired = authority.issue_cert("localhost", not_before=long_ago - timedelta(days=9), not_after=long_ago)
    found = asked_of(context_of(expired, tmp_path))
    assert values(found) == (1, 1, 0)
    assert (found["tls.days_left"].value or 0) < -2.9
    assert found["tls.days_left"].details[0].ok is False

    expiring = authority.issue_cert("localhost", not_after=TODAY + timedelta(hours=12))
    assert 0 < (asked_of(context_of(expiring, tmp_path))["tls.days_left"].value or 0) < 1

    elsewhere = asked_of(context_of(authority.issue_cert("shop.example", "*.shop.example"), tmp_path))
    assert values(elsewhere) == (1, 0, 0)
    assert "shop.example" in observed(elsewhere, "tls.host_matches")
    by_address = asked_of(context_of(authority.issue_cert("localhost"), tmp_path), "127.0.0.1")
    assert values(by_address) == (1, 0, 0)
    assert "nothing to resolve" in (by_address["dns.addresses"].reason or "")

    unknown = asked_of(context_of(trustme.CA().issue_cert("localhost"), tmp_path))
    assert values(unknown) == (0, 1, 0)


def test_an_intermediate_that_is_not_sent_is_missed_even_where_this_machine_has_it(
    authority: trustme.CA, tmp_path: Path
) -> None:
    between = authority.create_child_ca()
    short = context_of(between.issue_cert("localhost"), tmp_path, intermediates=False)
    assert values(asked_of(short)) == (0, 1, 0)
    both = authority.cert_pem.bytes() + between.cert_pem.bytes()  # what makes the load work with such a server
    tls.use(tls.Tls(ca=both.decode()))
    assert values(asked_of(short)) == (0, 1, 0)
    whole = context_of(between.issue_cert("localhost"), tmp_path)
    assert values(asked_of(whole)) == (1, 1, 0)


def test_old_versions_are_counted_whatever_this_machine_thinks_of_them(authority: trustme.CA, tmp_path: Path) -> None:
    one, two, three = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2
    issued = authority.issue_cert("localhost")
    oldest = asked_of(only(context_of(issued, tmp_path), one, one))
    assert values(oldest) == (1, 1, 1)
    assert observed(oldest, "tls.old_versions") == "takes TLS 1.0"
    assert oldest["tls.days_left"].value is not None
    mixed = asked_of(only(context_of(issued, tmp_path), two, three))
    assert values(mixed) == (1, 1, 1)
    assert observed(mixed, "tls.old_versions") == "takes TLS 1.1, TLS 1.2"
    assert values(asked_of(only(context_of(issued, tmp_path), one, three))) == (1, 1, 2)


def test_what_is_no_tls_is_a_reason_and_never_a_pass(authority: trustme.CA, tmp_path: Path) -> None:
    names = ("tls.days_left", "tls.chain_complete", "tls.host_matches", "tls.old_versions")
    for says in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x16\x03\x01", b"\x00" * 3000):
        with served(None, says=says) as target:
            found = asked(target)
        assert [found[name].value for name in names] == [None] * 4, says
        assert all(found[name].reason for name in names)
    dead = asked(Target("tested", f"https://localhost:{free_port()}", ("127.0.0.1",)))
    assert dead["dns.unreachable"].value == 1
    assert "connection refused" in (dead["tls.days_left"].reason or "")


def test_one_dead_address_of_two_is_counted_and_the_other_is_asked(authority: trustme.CA, tmp_path: Path) -> None:
    with served(context_of(authority.issue_cert("localhost"), tmp_path)) as target:
        found = asked(Target("tested", target.url, ("127.0.0.1", "127.0.0.2")))
    assert (found["dns.addresses"].value, found["dns.unreachable"].value) == (2, 1)
    assert values(found) == (1, 1, 0)


def test_http_without_tls_is_not_asked_and_a_redirect_is_read_where_http_is_served(site: Site) -> None:
    plain = asked(site.target)
    assert all(plain[name].value is None for name in WANTED if name.startswith("tls."))
    assert "not https" in (plain["tls.days_left"].reason or "")

    target = Target("tested", "https://localhost:8443", ("127.0.0.1",))
    settings = TlsSettings(http_port=int(site.url.rpartition(":")[2]))

    def redirect(status: int, *headers: tuple[str, str]) -> Measurement:
        site.paths["/"] = reply(status, b"", *headers)
        return asked(target, settings)["tls.redirects_http"]

    assert redirect(308, ("Location", "https://localhost:8443/")).value == 1
    assert redirect(302, ("Location", "http://localhost/again")).value == 0
    assert redirect(301).value == 0
    assert redirect(200).value == 0
    nobody = asked(target, TlsSettings(http_port=free_port()))["tls.redirects_http"]
    assert "nothing answers http there" in (nobody.reason or "")
