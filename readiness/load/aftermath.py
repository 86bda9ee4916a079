"""What became of the connections: asked when the load is over, because some of it shows only then."""

from __future__ import annotations

import logging

import gevent

from readiness.load.connections import try_untried
from readiness.load.http.connection_pool import unasked
from readiness.load.locust_clients.own_target import OwnTarget
from readiness.measurements.connections import Connections
from readiness.text import clean

LINGER_S = 0.3
"""Answers too many may come this long after the last request."""
UNTRIED_S = 2.0


def connections(target: OwnTarget, *, hurried: bool) -> Connections:
    """Nothing is sent and nothing waited for when `hurried`."""
    if said := target.told():
        logging.getLogger("readiness").warning(said)
    if not hurried:
        try_untried(target.addresses, UNTRIED_S)
        gevent.sleep(LINGER_S)
    return Connections(
        resent_unread=target.resends.unread,
        resent_unclear=target.resends.unclear,
        unasked=unasked(),
        addresses=target.addresses.seen(),
        sent_by_locust=dict(target.others),
    )


def strayed(target: OwnTarget, begun: int) -> str:
    """That none of the `begun` requests was for the target; empty where one was."""
    if not begun or target.elsewhere < begun:
        return ""
    return f"the locustfile: every request went to {clean(target.place)}, and none to TARGET: name that as TARGET"
