"""What stock sessions share to reach the target through our own connections; everything else is left to Locust."""

from __future__ import annotations

import ssl
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from time import perf_counter
from typing import Any

from gevent import get_hub

from readiness.load.addresses import Addresses
from readiness.load.http.connection import Connection
from readiness.load.http.connection_pool import ConnectionPool
from readiness.load.http.failures import Failure
from readiness.load.http.poll import poll_of_this_hub
from readiness.load.http.request import Origin
from readiness.load.http.resends import Resends
from readiness.load.locust_clients.checked import AFTER, MAX_BODY_BYTES
from readiness.load.locust_clients.http_environment import EnvironmentLookups

_MOST_REASONS = 20
_MOST_PLACES = 256


@dataclass
class OwnTarget:
    """One for each engine."""

    origin: Origin
    addresses: Addresses
    resends: Resends
    timeout_s: float
    environment: EnvironmentLookups = field(default_factory=EnvironmentLookups)
    others: Counter[str] = field(default_factory=Counter)
    """Requests that went through Locust's own client, by what the file asked for."""

    elsewhere: int = 0
    """Requests that a file asked of another place."""
    place: str = ""
    """Such a place."""
    _known: dict[str, bool] = field(default_factory=dict)

    contexts: dict[bool, ssl.SSLContext] = field(default_factory=dict)
    """FastHttpUser's, by whether they are insecure."""

    def note(self, why: str) -> None:
        """A request goes through Locust's own client."""
        if why in self.others or len(self.others) < _MOST_REASONS:
            self.others[why] += 1

    def holds(self, url: str) -> bool:
        """Whether an absolute `url` is of the target; if not, it is counted."""
        place = "/".join(url.split("/", 3)[:3])
        found = self._known.get(place)
        if found is None:
            if len(self._known) >= _MOST_PLACES:
                self._known.clear()
            found = self._known[place] = self._is_origin(place)
        if not found:
            self.elsewhere += 1
            self.place = place
        return found

    def _is_origin(self, place: str) -> bool:
        try:
            other = Origin(place)
        except ValueError:
            return False
        mine = self.origin
        return (other.secure, other.host, other.port) == (mine.secure, mine.host, mine.port)

    def told(self) -> str:
        """What to say of them; "" where there were none."""
        reasons = ", ".join(f"{why} ({count}×)" for why, count in self.others.most_common())
        return f"sent by Locust's own, slower client, because the file asks for it: {reasons}" if reasons else ""

    @cached_property
    def unverified(self) -> ssl.SSLContext:
        """For `verify=False`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context


class Received:
    """One whole answer."""

    __slots__ = ("body", "end_s", "first_s", "head", "notable", "status")

    def __init__(self, status: int, head: bytes, body: bytes, notable: bool, end_s: float) -> None:
        self.status = status
        self.head = head
        self.body = body
        self.notable = notable
        self.end_s = end_s
        self.first_s = 0.0
        """See Ticket."""


class OwnConnections:
    """The connections of one session to the target."""

    def __init__(
        self, target: OwnTarget, context: ssl.SSLContext | None, connect_timeout_s: float | None = None
    ) -> None:
        self.hub: Any = get_hub()
        """A thread of the scenario's own has another one, whose poll knows nothing of these connections."""
        poll_of_this_hub().expect(target.timeout_s)
        self.pool = ConnectionPool(
            target.origin,
            target.addresses,
            target.resends,
            context,
            connect_timeout_s or target.timeout_s,
            MAX_BODY_BYTES,
        )

    def __del__(self) -> None:
        self.pool.close()

    def ask(self, wire: bytes, method: str, deadline_s: float) -> Received:
        """One exchange. Raises Failure."""
        pool = self.pool
        if pool.idle:
            pool.idle[-1].event = True  # tried before it is used, however short ago its last answer came
        return received(pool, pool.exchange(wire, method, perf_counter(), deadline_s))


def received(pool: ConnectionPool, conn: Connection) -> Received:
    """The answer that came on `conn`, which goes back to its pool or is closed. Raises Failure `surplus`."""
    answer = conn.answer
    body = answer.body.pop() if len(answer.body) == 1 and not answer.head_only else answer.take_body()
    found = Received(answer.status, answer.raw, body, answer.notable, conn.end_s)
    if conn.telling:
        _, found.first_s = conn.told()
    if answer.keep_alive and not conn.more:
        pool.idle.append(conn)
        return found
    if answer.extra or conn.has_more():
        conn.close()
        raise Failure("surplus", AFTER)
    if answer.keep_alive and not conn.closing:
        pool.idle.append(conn)
    else:
        conn.close()
    return found
