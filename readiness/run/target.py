"""TARGET -> an address that may be loaded, or the reason why not. The only code that resolves the target's name."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Collection, Sequence
from urllib.parse import urlsplit

from readiness.config.tls import target_context
from readiness.errors import ConfigError, NotMeasured, Refused
from readiness.measurements.provenance import UNREACHABLE, Target
from readiness.measurements.run import Load
from readiness.text import clean, name_service

_START_S = 30.0
_POLL_S = 0.2
_CONNECT_TIMEOUT_S = 5.0
_AGAIN_S = 1.0


def parse(text: str) -> str:
    """The base URL that the user wrote, without a trailing slash.

    Raises ConfigError when it is not an http or https URL with a host, or when it carries credentials.
    """
    problem = "TARGET: {}; give a URL such as http://127.0.0.1:8000, or demo"
    shown = clean(text, 100)
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        raise ConfigError(problem.format(f"{shown!r} is not a URL")) from None
    try:
        port = parts.port
    except ValueError:
        number = clean(parts.netloc.rpartition(":")[2], 20)
        why = f"port {number} is above 65535" if number.isdecimal() else f"{number!r} is no port"
        raise ConfigError(problem.format(why)) from None
    if parts.scheme not in ("http", "https") or not host or clean(text, 2000) != text or " " in text:
        raise ConfigError(problem.format(f"{shown!r} is not an http:// or https:// URL"))
    if port == 0:
        raise ConfigError(problem.format("port 0 is no port"))
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            "TARGET: credentials do not belong in the URL, which is written into reports; leave them out, set "
            "READINESS_PASSWORD, and let the scenario send them: "
            'self.client.auth = ("user", os.environ["READINESS_PASSWORD"]) in on_start'
        )
    if parts.query or parts.fragment:
        raise ConfigError(problem.format("a query or fragment cannot be part of the base URL"))
    return text.rstrip("/")


def resolve(name: str, url: str, allow_hosts: Sequence[str], declared_hosts: Sequence[str]) -> Target:
    """The target with every address that its host has now; load is pinned to them.

    Raises NotMeasured when the name has no address, and Refused when the host is not named both on the command line and
    in the file; only what is this machine needs no name there. A name without an address is not known to be.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    missing = []
    if host not in allow_hosts:
        missing.append(f"--allow-host {host} on the command line")
    if host not in declared_hosts:
        missing.append(f"target.allowed_hosts: [{host}] in thresholds.yaml")
    to_load = f"to load it, add {' and '.join(missing)}"
    try:
        found = name_service.look_up(host, parts.port or _port(parts.scheme))
    except (OSError, UnicodeError) as error:
        unknown = f"{host} has no address ({clean(error)})"
        if missing and host.rpartition(".")[2] != "localhost":
            raise Refused(f"{unknown}, and is not known to be this machine: correct it, or, {to_load}") from error
        raise NotMeasured(f"dns: {unknown}") from error
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    outside = [address for address in addresses if not ipaddress.ip_address(address.partition("%")[0]).is_loopback]
    if outside and missing:
        raise Refused(f"{host} ({', '.join(outside)}) is not this machine; {to_load}")
    return Target(name, url, addresses)


def addresses_of(hosts: Sequence[str], url: str = "") -> tuple[str, ...]:
    """Addresses of further hosts that scenarios may reach (`--allow-host`), at any port.

    One without an address adds none, and so does the host of the target's `url`: of it only the target's port may be
    reached.
    """
    found: list[str] = []
    for host in hosts:
        if host.lower() == urlsplit(url).hostname:
            continue
        try:
            found += [str(entry[4][0]) for entry in name_service.look_up(host, None)]
        except (OSError, UnicodeError):
            continue
    return tuple(dict.fromkeys(found))


def await_service(
    target: Target, ports: Collection[str], say: Callable[[str], None], interrupted: Callable[[], object]
) -> None:
    """Give a service that cannot start without what stands behind `ports` the time to do so, now that they are open."""
    until_s, told = time.monotonic() + _START_S, False
    while ports and time.monotonic() < until_s and not interrupted():
        try:
            connect_once(target)
        except NotMeasured:
            if not told:
                what = ", ".join(ports)
                say(f"waiting up to {_START_S:g} s for {target.name}: the proxies are open ({what}), so start it now")
            told = True
            time.sleep(_POLL_S)
        else:
            return


def connect_once(target: Target) -> None:
    """Open one connection (and the TLS session) to the target and close it; nothing is sent.

    Raises NotMeasured with the class of the failure when no address answers.
    """
    parts = urlsplit(target.url)
    port = parts.port or _port(parts.scheme)
    reason = "no address"
    for address in target.addresses:
        try:
            with socket.create_connection((address, port), timeout=_CONNECT_TIMEOUT_S) as connection:
                if parts.scheme == "https":
                    target_context().wrap_socket(connection, server_hostname=parts.hostname).close()
                return
        except ssl.SSLError as error:
            reason = f"tls: {_tls_reason(error, parts.hostname or '')}"
        except ConnectionRefusedError:
            reason = "connect_refused: connection refused"
        except TimeoutError:
            reason = f"connect_timeout: no answer within {_CONNECT_TIMEOUT_S:g} s"
        except OSError as error:
            reason = f"reset: {clean(error)}"
    raise NotMeasured(f"the target {target.url} {UNREACHABLE}: {reason}")


def is_closed(target: Target, load: Load | None) -> str | None:
    """Why a target that answered the load takes no new connection after it; None where it does, or answered nothing.

    Kept connections hide a port that nobody else gets through. One that was refused is tried a second time.
    """
    if load is None or not load.ledger.ok:
        return None
    try:
        try:
            connect_once(target)
        except NotMeasured:
            time.sleep(_AGAIN_S)
            connect_once(target)
    except NotMeasured as error:
        return f"a new connection after the load failed, while those of the load were answered: {error}"
    return None


_TRUST = (
    "to trust it, name the PEM file of that authority, or of the certificate, in thresholds.yaml, target: { tls: { ca: "
    "FILE } }, or start readiness with SSL_CERT_FILE=FILE; "
    "verify=False in a scenario changes nothing, because an answer of an unknown server proves nothing"
)
_CERTIFICATE = {
    10: "the certificate has expired: renew it",
    9: "the certificate is not valid yet: check the clocks of both machines",
    18: f"the certificate is self-signed, so this machine does not trust it: {_TRUST}",
    19: f"the certificate comes from an authority of its own, which this machine does not trust: {_TRUST}",
    20: f"the certificate comes from an authority that this machine does not know: {_TRUST}",
    21: f"the server does not send the certificates between its own and a known authority: {_TRUST}",
    62: "the certificate is for other host names: give TARGET the name that stands in it",
    64: "the certificate does not name this address: give TARGET the host name that stands in it",
}
"""By X.509's verification codes (openssl: X509_V_ERR_…), what is wrong and what to do."""


def _tls_reason(error: ssl.SSLError, host: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        known = _CERTIFICATE.get(error.verify_code)
        return f"{known} ({host}: {clean(error.verify_message)})" if known else clean(error.verify_message)
    if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return f"{host} answers, but not with TLS: is it http:// there? ({error.reason})"
    return clean(error.reason or error)


def _port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
