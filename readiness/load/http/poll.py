"""Waiting for sockets: one edge-triggered epoll for all connections of a gevent hub, and one clock for deadlines.

gevent creates, starts and stops a watcher for every wait. Here a socket is registered once, the hub watches the
epoll descriptor alone, and an event switches straight into the greenlet that waits. Whoever is woken must try
again and be ready for EAGAIN: events are hints, so a stale one (descriptor number reused) does no harm.
Where epoll is absent, WatcherPoll does the same with gevent's own watchers.
"""

from __future__ import annotations

import os
from time import perf_counter
from typing import Any

import gevent
from gevent.monkey import get_original
from gevent.timeout import Timeout
from greenlet import getcurrent, greenlet

DEADLINE_TICK_S = 0.05
"""Deadlines are checked this often, so a request that hangs ends at most this much late."""

_IN, _OUT, _ERR, _HUP, _RDHUP, _EDGE = 0x001, 0x004, 0x008, 0x010, 0x2000, 1 << 31
_CLOSING = _ERR | _HUP | _RDHUP


class Expired(Exception):
    """The deadline passed during a wait."""


class Waiting:
    """What the poll knows of one descriptor."""

    def __init__(self) -> None:
        self.fd = -1
        self.deadline_s = 0.0
        self.waiter: Any = None
        self.event = False
        """Something happened while nobody waited."""
        self.closing = False
        """The peer closed its side, or an error is pending."""
        self.ready_s = 0.0
        """When the poll that ended the last wait returned (perf_counter)."""
        self.expired = False


class EpollPoll:
    """One per hub."""

    def __init__(self, hub: Any) -> None:
        self.rounds = 0
        """How often those that waited had their turn; grows while somebody is away."""
        self.known_s = 0.0
        """The time that somebody told last; it is that late, or later (perf_counter)."""
        self._hub = hub
        self._conns: dict[int, Waiting] = {}
        self._epoll = get_original("select", "epoll")()  # gevent removes it from `select`
        self._io = hub.loop.io(self._epoll.fileno(), 1)
        self._timer = hub.loop.timer(DEADLINE_TICK_S, DEADLINE_TICK_S)
        self._shortest_s = 0.0
        """No deadline is set nearer than this; 0 while nobody said."""
        self._earliest_s = 0.0
        """No deadline passes before this, so until then nobody's is checked."""
        self._to_hub = greenlet.switch.__get__(hub)  # without Hub.switch, which asks each greenlet for a hook first
        self._ready: list[Any] = []
        """Greenlets whose wait is over and that have not had their turn yet, the next one last."""

    def add(self, conn: Waiting) -> None:
        """Watch `conn.fd` from now on; an event that is already there is reported at the next poll."""
        self._epoll.register(conn.fd, _IN | _OUT | _RDHUP | _EDGE)
        if not self._conns:
            self._io.start(self._dispatch)
            self._timer.start(self._expire, update=True)
        self._conns[conn.fd] = conn

    def remove(self, conn: Waiting) -> None:
        """Forget `conn`; call before its descriptor is closed."""
        if self._conns.get(conn.fd) is not conn:
            return
        del self._conns[conn.fd]
        self._epoll.unregister(conn.fd)
        if not self._conns:
            self._io.stop()
            self._timer.stop()

    def watched(self) -> list[Waiting]:
        """All that were added and not removed."""
        return list(self._conns.values())

    def expect(self, timeout_s: float) -> None:
        """From now on a deadline may lie as near as this when it is set; call before it is."""
        self._shortest_s = min(self._shortest_s or timeout_s, timeout_s)
        self._earliest_s = min(self._earliest_s, perf_counter() + timeout_s)

    def wait(self, conn: Waiting, write: bool = False) -> None:
        """Until something may have happened to `conn`; Expired after `conn.deadline_s`."""
        if conn.event:
            conn.event = False
            conn.ready_s = perf_counter()
            return
        conn.waiter = me = getcurrent()
        if me is self._hub:
            raise RuntimeError("the hub itself cannot wait for a request")
        try:
            if self._ready:  # straight to the next one: the hub would only pass the turn on
                self._ready.pop().switch()
            else:
                self._to_hub()
        except BaseException:  # killed while its turn was due: a later switch would hit whatever it waits for then
            if me in self._ready:
                self._ready.remove(me)
            raise
        finally:
            conn.waiter = None
        if conn.expired:
            raise Expired

    def _dispatch(self) -> None:
        self.rounds += 1
        conns, ready = self._conns, self._ready
        events: list[tuple[int, int]] = self._epoll.poll(0)
        events.reverse()
        self.known_s = now = perf_counter()
        for fd, mask in events:
            conn = conns.get(fd)
            if conn is None:
                continue
            conn.ready_s = now
            if mask & _CLOSING:
                conn.closing = True
            waiter = conn.waiter
            if waiter is None:
                conn.event = True
            else:
                conn.waiter = None  # one switch per wait, whatever else happens
                ready.append(waiter)
        while ready:
            ready.pop().switch()

    def _expire(self) -> None:
        self.rounds += 1
        now = perf_counter()
        if now < self._earliest_s:
            return  # thousands of connections are not worth checking twenty times a second
        ahead = [conn.deadline_s for conn in self._conns.values() if conn.deadline_s > now]
        self._earliest_s = min([*ahead, now + self._shortest_s])
        for conn in [c for c in self._conns.values() if c.waiter is not None and c.deadline_s <= now]:
            waiter = conn.waiter
            if waiter is not None:
                conn.waiter = None
                conn.expired = True
                waiter.switch()


class WatcherPoll:
    """gevent's own waits: slower, and right on every platform."""

    def __init__(self, hub: Any) -> None:
        self._hub = hub
        self.rounds = 0
        self.known_s = 0.0

    def add(self, conn: Waiting) -> None:
        """See EpollPoll."""
        conn.event = True  # nothing is seen between requests, so a connection is checked before it is reused

    def remove(self, conn: Waiting) -> None:
        """See EpollPoll."""

    def watched(self) -> list[Waiting]:
        """Not known here."""
        return []

    def expect(self, timeout_s: float) -> None:
        """See EpollPoll."""

    def wait(self, conn: Waiting, write: bool = False) -> None:
        """See EpollPoll."""
        watcher = self._hub.loop.io(conn.fd, 3 if write else 1)
        self.rounds += 1
        timeout = Timeout.start_new(max(conn.deadline_s - perf_counter(), 0.0), Expired)
        try:
            self._hub.wait(watcher)
        finally:
            timeout.close()
            watcher.close()
        self.known_s = conn.ready_s = perf_counter()


Poll = EpollPoll | WatcherPoll
"""How connections wait."""

_polls: dict[tuple[int, int], tuple[Any, Poll]] = {}


def poll_of_this_hub() -> Poll:
    """The poll of the current thread's hub; a forked child gets its own."""
    hub = gevent.get_hub()
    key = (os.getpid(), id(hub))
    known = _polls.get(key)
    if known is None or known[0] is not hub:
        known = _polls[key] = (hub, EpollPoll(hub) if _has_epoll() else WatcherPoll(hub))
    return known[1]


def _has_epoll() -> bool:
    try:
        return get_original("select", "epoll") is not None
    except AttributeError:
        return False
