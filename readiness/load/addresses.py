"""The target's addresses, as the load uses them: they take turns, and it is known how each of them fared.

A name with several addresses is several servers (or ways to them). A client that always begins with the first one
would measure that one alone, and one that goes on to the next in silence would hide that the first is dead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from urllib.parse import urlsplit

from readiness.measurements.connections import AddressSeen


class Addresses:
    """One for each engine."""

    def __init__(self, base_url: str, addresses: Sequence[str], first: int = 0) -> None:
        """`addresses` are pinned; connection number `first` begins with the one of that number, and so on."""
        parts = urlsplit(base_url)
        self.host = (parts.hostname or "").lower()
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        self.all = tuple(addresses)
        self._next = first
        self.opened: Counter[str] = Counter()
        """Connections by address."""
        self.failed: Counter[tuple[str, str]] = Counter()
        """Connections that did not come about, by address and class of FAILURE_CLASSES, or NO_WAY."""

    def missed(self, address: str, failure: str) -> None:
        """A connection to `address` did not come about."""
        self.failed[address, failure] += 1

    def untried(self) -> tuple[str, ...]:
        """Addresses of which nothing is known."""
        known = {*self.opened, *(address for address, _ in self.failed)}
        return tuple(address for address in self.all if address not in known) if len(self.all) > 1 else ()

    def seen(self) -> tuple[AddressSeen, ...]:
        """How each of several fared."""
        if len(self.all) < 2:
            return ()
        return tuple(
            AddressSeen(one, self.opened[one], {kind: count for (at, kind), count in self.failed.items() if at == one})
            for one in self.all
        )

    def turn(self) -> tuple[str, ...]:
        """All of them in the order in which the next connection tries them."""
        if len(self.all) < 2:
            return self.all
        first = self._next % len(self.all)
        self._next = first + 1
        return self.all[first:] + self.all[:first]
