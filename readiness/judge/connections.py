"""What the load's connections say against it, and what a reader should know of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from readiness.measurements.connections import NO_WAY, AddressSeen, Connections
from readiness.measurements.run import Load
from readiness.text import clean

_OURS = (NO_WAY, "local_fds", "local_ports")
_NEVER_CONNECTED = ("connect_refused", "connect_timeout", "reset", "timeout")


def doubts(load: Load) -> tuple[str, ...]:
    """Reasons not to trust the run."""
    seen = load.connections
    if seen is None:
        return ()
    found = [
        f"{clean(one.address)}, an address of the target, took no connection {_times(one)}: the next one was tried "
        "instead, but not every client does that"
        for one in seen.addresses
        if _hidden(one, load) and not _is_other_loopback(one, seen)
    ]
    if seen.unasked:
        found.append(
            f"{seen.unasked:,} connections got bytes after their last answer that no request had asked for: answers "
            "may have been counted for other requests than theirs"
        )
    return tuple(found)


def notes(load: Load | None) -> tuple[str, ...]:
    """Facts that change nothing."""
    seen = None if load is None else load.connections
    if load is None or seen is None:
        return ()
    found = []
    if seen.resent:
        share = 100 * seen.resent / max(load.ledger.planned, 1)
        found.append(
            f"{seen.resent:,} requests ({share:.2g} %) were sent a second time, because the service closed their "
            f"kept-alive connection; {seen.resent_unread:,} of them it had provably not read, the others it may have "
            "lost"
        )
    for one in seen.addresses:
        address = clean(one.address)
        if one.failed.get(NO_WAY):
            found.append(f"no load went to {address}, an address of the target: this machine has no way to it")
        elif _is_other_loopback(one, seen):
            found.append(f"no load went to {address}, an address of the target: it took no connection")
        elif not one.opened and not one.failed:
            found.append(
                f"no load went to {address}, an address of the target: the users needed fewer connections than it has "
                "addresses"
            )
    return tuple(found)


def sent_by_locust(load: Load | None) -> Mapping[str, int]:
    """See Connections."""
    seen = None if load is None else load.connections
    return {} if seen is None else seen.sent_by_locust


def _hidden(one: AddressSeen, load: Load) -> bool:
    """Whether requests went well that this address would have failed: its failures are not those of the ledger."""
    told = sum(load.ledger.failed.get(name, 0) for name in _NEVER_CONNECTED)
    return sum(count for name, count in one.failed.items() if name not in _OURS) > told


def _is_other_loopback(one: AddressSeen, seen: Connections) -> bool:
    """`localhost` is two addresses, and most services of one's own machine listen on one of them."""
    if one.opened or not one.failed or not _is_loopback(one.address):
        return False
    others = [other.address for other in seen.addresses if other.opened]
    return bool(others) and all(_is_loopback(other) and (":" in other) != (":" in one.address) for other in others)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _times(one: AddressSeen) -> str:
    named = ", ".join(
        f"{count:,} × {clean(name, 40)}" for name, count in sorted(one.failed.items()) if name not in _OURS
    )
    return f"({named}; {one.opened:,} came about)"
