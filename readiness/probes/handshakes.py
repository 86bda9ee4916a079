"""What one address shows of its TLS: its certificate, the way to an authority, and the protocol versions that it takes.

Every handshake is one connection with a deadline of its own. Nothing is sent over it. OpenSSL verifies; no certificate
is parsed here.
"""

from __future__ import annotations

import socket
import ssl
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from readiness.config.tls import Tls, add_to
from readiness.errors import NotMeasured
from readiness.text import clean

_DEADLINE_S = 5.0
"""Of one handshake, connecting included."""
_MOST_BYTES = 1 << 20
_PARTIAL_CHAIN, _NO_CHECK_TIME = 0x80000, 0x200000
"""X509_V_FLAG_…: a certificate that is no root may be trusted; dates are not checked."""
_NAME_CODES, _CHAIN_CODES = (62, 64), (2, 18, 19, 20, 21)
"""X509_V_ERR_…: another host or address; no way to a trusted root."""
VERSIONS: Mapping[str, ssl.TLSVersion] = {
    "TLS 1.0": ssl.TLSVersion.TLSv1,
    "TLS 1.1": ssl.TLSVersion.TLSv1_1,
    "TLS 1.2": ssl.TLSVersion.TLSv1_2,
    "TLS 1.3": ssl.TLSVersion.TLSv1_3,
}
_OLD = ("TLS 1.0", "TLS 1.1")
_HANDSHAKE, _ALERT, _SERVER_HELLO = 0x16, 0x15, 2


@dataclass(frozen=True, slots=True)
class Certificate:
    """The server's own."""

    der: bytes
    ends_s: float
    """Unix time."""
    ends: str
    """The same as the certificate says it."""
    names: tuple[str, ...]


def certificate(address: str, port: int, host: str, tls: Tls) -> Certificate:
    """What the address shows to a client that asks for `host`; trusted or not. Raises NotMeasured."""
    open_to_all = _context(tls)
    der = _shaken(address, port, host, open_to_all).getpeercert(binary_form=True)
    if not der:
        raise NotMeasured(f"{address}: it shows no certificate")
    told: dict[str, Any] = _shaken(address, port, host, _pinned(der, tls)).getpeercert() or {}
    names = tuple(clean(name, 100) for _, name in told.get("subjectAltName", ()))
    ends = str(told["notAfter"])
    return Certificate(der, float(ssl.cert_time_to_seconds(ends)), ends, names)


def names_host(address: str, port: int, host: str, shown: Certificate, tls: Tls) -> bool:
    """Whether the certificate is for `host`, a name or an address. Raises NotMeasured."""
    context = _pinned(shown.der, tls)
    context.check_hostname = True
    return _verified(address, port, host, context, _NAME_CODES)


def leads_to_authority(address: str, port: int, host: str, tls: Tls) -> bool:
    """Whether what the server sends leads to a root that is trusted here, without any that it did not send."""
    context = _context(tls)
    context.check_hostname = False
    _trust_roots(context, tls.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= _NO_CHECK_TIME
    context.verify_flags &= ~_PARTIAL_CHAIN
    return _verified(address, port, host, context, _CHAIN_CODES)


def takes(address: str, port: int, host: str, version: str, tls: Tls) -> bool:
    """Whether the server begins a session of `version`, a key of VERSIONS. Raises NotMeasured.

    Told by its first record, a ServerHello or an alert: what this machine's OpenSSL thinks of the rest is no matter.
    """
    wanted = VERSIONS[version]
    try:
        context = _context(tls)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # to ask for an old version is the point
            context.maximum_version = context.minimum_version = wanted
    except ValueError:
        raise NotMeasured(f"{version}: this machine's OpenSSL does not have it, so nothing can ask for it") from None
    seen, sent = bytearray(), [0]
    try:
        _shake(address, port, host, context, seen, sent)
    except ssl.SSLError as error:
        if not sent[0]:
            why = clean(error.reason or error, 60)
            raise NotMeasured(f"{version}: this machine's OpenSSL does not offer it ({why})") from None
    except TimeoutError:
        raise NotMeasured(f"{address}: {version}: no answer within {_DEADLINE_S:g} s") from None
    except OSError:
        pass  # closed without a word: told by what came before
    kinds = (seen[0], seen[5] if len(seen) > 5 else -1) if seen else (_ALERT, -1)
    if kinds == (_HANDSHAKE, _SERVER_HELLO):
        told = min(wanted, ssl.TLSVersion.TLSv1_2)  # 1.3 calls itself 1.2 there
        return seen[9:11] == told.to_bytes(2, "big")
    if kinds[0] == _ALERT:
        return False
    raise NotMeasured(f"{address}: {version}: it answers, but not with TLS")


def accepted_old(taken: Mapping[str, bool]) -> tuple[str, ...]:
    """The old versions that were taken (deprecated by RFC 8996)."""
    return tuple(one for one in _OLD if taken[one])


def _context(tls: Tls) -> ssl.SSLContext:
    """Verifies nothing, offers old versions and weak keys too, and shows the client's certificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made.minimum_version = ssl.TLSVersion.TLSv1
    made.set_ciphers("ALL:@SECLEVEL=0")
    add_to(made, replace(tls, ca=""))
    return made


def _pinned(der: bytes, tls: Tls) -> ssl.SSLContext:
    """Trusts one certificate, whoever signed it and whatever the date."""
    made = _context(tls)
    made.load_verify_locations(cadata=der)
    made.verify_mode = ssl.CERT_REQUIRED
    made.verify_flags |= _PARTIAL_CHAIN | _NO_CHECK_TIME
    return made


def _trust_roots(context: ssl.SSLContext, ca: str) -> None:
    """The system's roots and those of target.tls.ca; what is no root would hide that the server does not send it."""
    known = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    known.load_default_certs()
    if ca:
        known.load_verify_locations(cadata=ca)
    for told, der in zip(known.get_ca_certs(), known.get_ca_certs(binary_form=True), strict=True):
        if told["subject"] == told["issuer"]:
            context.load_verify_locations(cadata=der)
    folder = ssl.get_default_verify_paths().capath
    if folder and Path(folder).is_dir():
        context.load_verify_locations(capath=folder)


def _verified(address: str, port: int, host: str, context: ssl.SSLContext, codes: Sequence[int]) -> bool:
    try:
        _shake(address, port, host, context)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code in codes:
            return False
        raise NotMeasured(f"{address}: {clean(error.verify_message)}") from None
    except OSError as error:
        raise NotMeasured(f"{address}: {_words(error)}") from None
    return True


def _shaken(address: str, port: int, host: str, context: ssl.SSLContext) -> ssl.SSLObject:
    try:
        return _shake(address, port, host, context)
    except ssl.SSLCertVerificationError:
        raise NotMeasured(f"{address}: it shows another certificate in every handshake") from None
    except OSError as error:
        raise NotMeasured(f"{address}: {_words(error)}") from None


def _words(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return f"no TLS handshake within {_DEADLINE_S:g} s"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {clean(error.reason or error, 100)}"
    return f"TLS failed: {clean(error.strerror or error, 100)}"


def _shake(
    address: str,
    port: int,
    host: str,
    context: ssl.SSLContext,
    seen: bytearray | None = None,
    sent: list[int] | None = None,
) -> ssl.SSLObject:
    """One handshake. `seen` gets the first bytes that came, `sent` how many went out. Raises OSError."""
    ends_s = time.monotonic() + _DEADLINE_S
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing, server_hostname=host)
    received = 0

    def left_s() -> float:
        left = ends_s - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    with socket.create_connection((address, port), timeout=left_s()) as connection:
        while True:
            failure: ssl.SSLError | None = None
            waits = False
            try:
                session.do_handshake()
            except ssl.SSLWantReadError:
                waits = True
            except ssl.SSLError as error:
                failure = error
            if out := outgoing.read():
                if sent is not None:
                    sent[0] += len(out)
                _send(connection, out, left_s, quiet=failure is not None)
            if failure is not None:
                raise failure
            if not waits:
                return session
            connection.settimeout(left_s())
            data = connection.recv(1 << 14)
            received += len(data)
            if received > _MOST_BYTES:
                raise OSError("more than 1 MiB before the end of the handshake")
            if seen is not None and len(seen) < 64:
                seen += data[:64]
            if data:
                incoming.write(data)
            else:
                incoming.write_eof()


def _send(connection: socket.socket, out: bytes, left_s: Callable[[], float], *, quiet: bool) -> None:
    """`quiet`: it is our alert, after which nothing is waited for."""
    try:
        connection.settimeout(left_s())
        connection.sendall(out)
    except OSError:
        if not quiet:
            raise
