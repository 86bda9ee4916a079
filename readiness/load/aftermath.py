"""What became of the connections: asked when the load is over, because some of it shows only then."""

from __future__ import annotations

import gevent

from readiness.load.addresses import Addresses
from readiness.load.connections import try_untried
from readiness.load.http.connection import unasked
from readiness.load.http.resends import Resends
from readiness.measurements.connections import Connections

LINGER_S = 0.3
"""Answers too many may come this long after the last request."""
UNTRIED_S = 2.0


def connections(addresses: Addresses, resends: Resends, *, hurried: bool) -> Connections:
    """Nothing is sent and nothing waited for when `hurried`."""
    if not hurried:
        try_untried(addresses, UNTRIED_S)
        gevent.sleep(LINGER_S)
    return Connections(
        resent_unread=resends.unread,
        resent_unclear=resends.unclear,
        unasked=unasked(),
        addresses=addresses.seen(),
    )
