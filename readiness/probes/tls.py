"""tls.*: certificate, chain, host name, protocol versions and the way from http. Asked before the load.

Each address of the target that takes a connection is asked, and the worst answer is the value. Whatever could not be
asked is a reason: an address that gives no TLS is no pass.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from readiness.config.probes import TlsSettings
from readiness.config.tls import in_use
from readiness.errors import NotMeasured
from readiness.measurements.provenance import Target
from readiness.measurements.run import Detail, Measurement
from readiness.metrics.transport import TLS_METRICS
from readiness.probes import handshakes
from readiness.probes.dns import port_of
from readiness.probes.handshakes import Certificate
from readiness.probes.http import FetchFailed, Getter
from readiness.text import clean
from readiness.text.numbers import count

TLS_NAMES = tuple(metric.name for metric in TLS_METRICS)
_SOURCE = "probe tls"
_ALL_S = 30.0
_DAY_S = 86_400

_OfAddress = tuple[float, Detail]
"""What one address gives: the value and the line below it."""


def measure(
    metric: str,
    settings: TlsSettings,
    target: Target,
    reached: Mapping[str, str | None],
    certificates: dict[str, Certificate],
) -> Measurement:
    """One number of tls.*. `certificates` keeps what was shown for the next metric. Raises NotMeasured."""
    if urlsplit(target.url).scheme != "https":
        raise NotMeasured(
            f"the target is {target.url}, which is not https; where something before it does TLS, name that as TARGET, "
            "or say not_applicable"
        )
    if metric == "tls.redirects_http":
        return _redirect(metric, settings, target)
    addresses = [address for address, why in reached.items() if why is None]
    if not addresses:
        raise NotMeasured(next((f"{one}: {why}" for one, why in reached.items()), "the target has no address"))
    ask = _ASK[metric]
    ends_s = time.monotonic() + _ALL_S
    facts: list[_OfAddress] = []
    for address in addresses:
        if time.monotonic() > ends_s:
            raise NotMeasured(f"{address}: not asked, because the addresses before it took {_ALL_S:g} s")
        facts.append(ask(address, target, certificates))
    worst = max if metric == "tls.old_versions" else min
    value = worst(value for value, _ in facts)
    return Measurement(metric, None, value, _SOURCE, len(facts), details=tuple(detail for _, detail in facts))


def _shown(address: str, target: Target, certificates: dict[str, Certificate]) -> Certificate:
    if address not in certificates:
        certificates[address] = handshakes.certificate(address, port_of(target.url), _host(target), in_use())
    return certificates[address]


def _days_left(address: str, target: Target, certificates: dict[str, Certificate]) -> _OfAddress:
    shown = _shown(address, target, certificates)
    days = (shown.ends_s - time.time()) / _DAY_S
    return days, Detail(address, f"valid until {clean(shown.ends, 40)}", days > 0)


def _host_matches(address: str, target: Target, certificates: dict[str, Certificate]) -> _OfAddress:
    shown = _shown(address, target, certificates)
    good = handshakes.names_host(address, port_of(target.url), _host(target), shown, in_use())
    names = ", ".join(shown.names[:5]) or "no name"
    more = f" and {count(len(shown.names) - 5, 'more name')}" if len(shown.names) > 5 else ""
    return float(good), Detail(address, f"the certificate is for {names}{more}", good)


def _chain_complete(address: str, target: Target, _: dict[str, Certificate]) -> _OfAddress:
    good = handshakes.leads_to_authority(address, port_of(target.url), _host(target), in_use())
    words = "lead to a root that is trusted here" if good else "do not lead to any root that is trusted here"
    return float(good), Detail(address, f"the certificates that it sends {words}", good)


def _old_versions(address: str, target: Target, _: dict[str, Certificate]) -> _OfAddress:
    taken = {
        version: handshakes.takes(address, port_of(target.url), _host(target), version, in_use())
        for version in handshakes.VERSIONS
    }
    if not any(taken.values()):
        raise NotMeasured(f"{address}: it takes no version of TLS that this machine's OpenSSL can ask for")
    old = handshakes.accepted_old(taken)
    return float(len(old)), Detail(address, f"takes {', '.join(one for one in taken if taken[one])}", not old)


_ASK: Mapping[str, Callable[[str, Target, dict[str, Certificate]], _OfAddress]] = {
    "tls.days_left": _days_left,
    "tls.chain_complete": _chain_complete,
    "tls.host_matches": _host_matches,
    "tls.old_versions": _old_versions,
}


def _redirect(metric: str, settings: TlsSettings, target: Target) -> Measurement:
    port = settings.http_port or (80 if port_of(target.url) == 443 else None)
    if port is None:
        raise NotMeasured("the target is not on port 443: set probes.tls.http_port to the port that speaks http")
    host = _host(target)
    plain = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    try:
        with Getter(replace(target, url=plain)) as getter:
            got = getter.get("/")
    except FetchFailed as error:
        if error.failure == "connect_refused":
            raise NotMeasured(
                f"{plain}: connection refused: nothing answers http there, so nothing can redirect; say not_applicable"
            ) from None
        raise NotMeasured(f"{plain}{error}") from None
    where = next(iter(got.values("location")), "")
    good = got.status in (301, 302, 303, 307, 308) and where.lower().startswith("https://")
    said = f"HTTP {got.status}" + (f", Location: {clean(where, 100)}" if where else "")
    return Measurement(metric, None, float(good), _SOURCE, 1, details=(Detail(f"{plain}/", said, good),))


def _host(target: Target) -> str:
    return urlsplit(target.url).hostname or ""
