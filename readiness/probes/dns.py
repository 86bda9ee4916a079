"""dns.*: the addresses that the target's name has, and whether each takes a connection. Asked before the load.

The addresses are those that the run resolved at its start. The time to live of the answer is not measured: the system's
resolver does not tell it.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from readiness.errors import NotMeasured
from readiness.measurements.provenance import Target
from readiness.measurements.run import Detail, Measurement
from readiness.metrics.transport import DNS_METRICS
from readiness.text import clean

DNS_NAMES = tuple(metric.name for metric in DNS_METRICS)
_ADDRESSES, _UNREACHABLE = DNS_NAMES
_SOURCE = "probe dns"
_CONNECT_S, _ALL_S = 3.0, 15.0
_TTL = "time to live not measured: the system's resolver does not tell it"


def port_of(url: str) -> int:
    """The port of an http or https URL."""
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def connect_to_each(target: Target, stopped: Callable[[], bool]) -> Mapping[str, str | None]:
    """Address -> None when it took a connection, else why not. One connection to each; nothing is sent."""
    found: dict[str, str | None] = {}
    ends_s = time.monotonic() + _ALL_S
    for address in target.addresses:
        left_s = ends_s - time.monotonic()
        if left_s <= 0 or stopped():
            found[address] = "not asked: the addresses before it took too long"
            continue
        try:
            socket.create_connection((address, port_of(target.url)), timeout=min(left_s, _CONNECT_S)).close()
            found[address] = None
        except ConnectionRefusedError:
            found[address] = "connection refused"
        except TimeoutError:
            found[address] = f"no answer within {_CONNECT_S:g} s"
        except OSError as error:
            found[address] = clean(error.strerror or error, 100)
    return found


def measure(metric: str, target: Target, reached: Mapping[str, str | None]) -> Measurement:
    """One number of dns.*. Raises NotMeasured."""
    host = urlsplit(target.url).hostname or ""
    if metric == _UNREACHABLE:
        unasked = [address for address, why in reached.items() if why is not None and why.startswith("not asked")]
        if unasked:
            raise NotMeasured(f"{unasked[0]}: {reached[unasked[0]]}")
        details = tuple(Detail(address, why or "takes a connection", why is None) for address, why in reached.items())
        missing = sum(why is not None for why in reached.values())
        return Measurement(metric, None, float(missing), _SOURCE, len(reached), details=details)
    if _is_address(host):
        raise NotMeasured(f"the target is the address {host}, not a name: there is nothing to resolve")
    details = tuple(Detail(address, _TTL, None) for address in reached)
    return Measurement(metric, None, float(len(reached)), _SOURCE, details=details)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
