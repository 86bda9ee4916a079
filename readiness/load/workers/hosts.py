"""Which hosts a worker may load: its owner says so, whatever the master's plan asks for."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from readiness.load.engine_plan import EnginePlan
from readiness.text import clean


def refusal(plan: EnginePlan, hosts: Mapping[str, Sequence[str]], master: str) -> str | None:
    """Why this machine does not drive `plan`, or None.

    `hosts` are the names that `readiness worker --allow-host` allowed, with the addresses that they have here. The
    plan's addresses are where the load goes, so each of them must be among these: a name alone proves nothing.
    """
    host = urlsplit(plan.base_url).hostname or ""
    shown = clean(host, 100)
    if host not in {name.lower() for name in hosts}:
        return f"{shown} is not a host that this worker may load; to allow it, add --allow-host {shown}"
    known = {_plain(address) for addresses in hosts.values() for address in addresses}
    wanted = [_plain(address) for address in (*plan.addresses, *plan.allowed_addresses)]
    strange = [address for address in wanted if address not in known]
    if strange or not plan.addresses:
        where = clean(", ".join(strange), 200) or "no address"
        return (
            f"the master resolved {shown} to {where}, which none of the hosts allowed here has; "
            "if that is right, add --allow-host with the address"
        )
    if any(is_loopback(address) for address in wanted) and not is_loopback(master):
        return f"{shown} is loopback: on this machine that is not the master's target"
    return None


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, means the machine itself."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(_plain(host)).is_loopback
    except ValueError:
        return False


def _plain(address: str) -> str:
    """One spelling for each address; what is none stays as it is, and equals no other."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)
