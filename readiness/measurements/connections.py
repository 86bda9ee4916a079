"""What became of the load's connections: requests that were sent twice, answers too many, addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

NO_WAY = "no_way"
"""Beside the classes of FAILURE_CLASSES: this machine could not reach the address at all, as without IPv6."""


@dataclass(frozen=True, slots=True)
class AddressSeen:
    """One address of the target."""

    address: str
    opened: int
    """Connections to it."""
    failed: Mapping[str, int] = field(default_factory=dict)
    """Connections that did not come about, by class of FAILURE_CLASSES, or NO_WAY. The next address was tried then."""


@dataclass(frozen=True, slots=True)
class Connections:
    """Of the whole load."""

    resent_unread: int = 0
    """Requests sent again on a new connection; the service provably had not read the first."""
    resent_unclear: int = 0
    """Requests sent again, although the service may have read the first."""
    unasked: int = 0
    """Connections that got bytes after the last answer of the load, which no request had asked for."""
    addresses: tuple[AddressSeen, ...] = ()
    """Of a target with several, in the order of its name service."""
    sent_by_locust: Mapping[str, int] = field(default_factory=dict)
    """Requests of locustfiles that went through Locust's own, slower client, by what the file asked for."""

    @property
    def resent(self) -> int:
        """Requests that were sent twice and counted once."""
        return self.resent_unread + self.resent_unclear


def merge_connections(parts: Iterable[Connections]) -> Connections:
    """Those of several engines."""
    found = list(parts)
    opened: Counter[str] = Counter()
    failed: dict[str, Counter[str]] = {}
    sent_by_locust: Counter[str] = Counter()
    for part in found:
        sent_by_locust.update(part.sent_by_locust)
        for one in part.addresses:
            opened[one.address] += one.opened
            failed.setdefault(one.address, Counter()).update(one.failed)
    return Connections(
        resent_unread=sum(part.resent_unread for part in found),
        resent_unclear=sum(part.resent_unclear for part in found),
        unasked=sum(part.unasked for part in found),
        addresses=tuple(AddressSeen(address, opened[address], dict(failed[address])) for address in failed),
        sent_by_locust=dict(sent_by_locust),
    )
