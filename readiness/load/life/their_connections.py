"""Connections of clients that a file brings itself: whether there are any for the requests it tells of, or too many.

A request that a file tells of (`events.request.fire`, `measure`) may be of any protocol, and only the file knows how
long it took. What can be known is whether this process had a connection to the target for it at all: one that Python's
sockets opened, or a socket of the process whose other end is the target, as gRPC's, which are no sockets of Python's.
"""

from __future__ import annotations

import _socket  # the C type itself: gevent's would make the descriptor non-blocking
import os
import stat
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

from readiness.load.addresses import Addresses
from readiness.load.descriptors import open_fds
from readiness.load.http.poll import poll_of_this_hub
from readiness.load.life.endings import own_place
from readiness.load.recorder import Recorder

_SOCKETS = Path("/proc/self/fd")
_OWN_SHARE = 0.1
"""A file that also sends requests through clients that we know may sum them up: so many for each that it tells of."""
_FIRST_S, _LAST_S = 0.05, 1.0
"""Between two searches for a socket, which wait longer each time."""
_EVERY = 64
_MANY, _MANY_EACH = 1_000, 10
"""Descriptors beyond so many, and so many for each user, are no load of these users."""


class TheirConnections:
    """Of one engine."""

    def __init__(self, recorder: Recorder, target: Addresses, others: Collection[str]) -> None:
        self._recorder = recorder
        self._target = target
        self._others = frozenset(others)
        self._opened = 0
        self._told = 0
        self._reached = False
        self._next_s = 0.0
        self._patience_s = _FIRST_S
        self._place = ""
        self._many = ""

    def connected(self) -> None:
        """A socket of Python's that is not our own client's reached what the run allows."""
        self._opened += 1
        if self._opened % _EVERY == 0 and not self._many:
            recorder, fds = self._recorder, open_fds()
            users = max(recorder.users, sum(recorder.scenario_users.values()))  # the first is a second old
            if fds > _MANY + _MANY_EACH * users:
                self._many = f"it held {fds:,} descriptors open for {users:,} users{own_place(sys._getframe().f_back)}"

    def told_of_one(self) -> None:
        """The file told of a request."""
        self._told += 1
        if self._reached or self._opened:
            self._reached = True
            return
        now_s = time.perf_counter()
        if now_s >= self._next_s:
            self._patience_s = min(2 * self._patience_s, _LAST_S)
            self._next_s = now_s + self._patience_s
            self._place = self._place or own_place(sys._getframe().f_back)
            self._reached = self._has_socket()

    def doubts(self) -> Iterator[str]:
        """What to say of them; nothing where all is well."""
        if self._many:
            yield f"the locustfile: {self._many}: more than a user of this load needs"
        others = self._recorder.begun - self._told
        if self._told and not (self._reached or self._opened) and others < _OWN_SHARE * self._told:
            yield (
                f"the locustfile: it told of {self._told:,} requests itself{self._place}, and no connection of the "
                "load generator to the target was seen for them: they say nothing of the target (another host or "
                "port must be named with --allow-host)"
            )

    def _has_socket(self) -> bool:
        try:
            found = [int(name) for name in os.listdir(_SOCKETS)]  # noqa: PTH208 - thousands of names, no paths
        except OSError:
            return True  # nobody can know here
        ours = {one.fd for one in poll_of_this_hub().watched()}
        return any(self._is_allowed(fd) for fd in found if fd not in ours)

    def _is_allowed(self, fd: int) -> bool:
        try:
            if not stat.S_ISSOCK(os.fstat(fd).st_mode):
                return False  # a copy of it would be left open
            with closing(_socket.socket(fileno=os.dup(fd))) as sock:
                peer = sock.getpeername()
        except OSError:
            return False
        if not isinstance(peer, tuple):
            return bool(peer)  # a named socket of this machine
        address = str(peer[0]).partition("%")[0].removeprefix("::ffff:")
        return address in self._others or (address in self._target.all and peer[1] == self._target.port)
