"""Connections of clients that a file brings itself: whether there are any for the requests it tells of, or too many.

A request that a file tells of (`events.request.fire`, `measure`) may be of any protocol, and only the file knows how
long it took. What can be known is whether this process had a connection to the target for it at all, and whether
anything moved on one: each request that is told as good is at least one byte, sent or received.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Collection, Iterator

from readiness.load.addresses import Addresses
from readiness.load.descriptors import open_fds
from readiness.load.life.endings import own_place
from readiness.load.life.moved_bytes import MovedBytes
from readiness.load.recorder import Recorder

_ALONE_SHARE = 0.1
"""Less requests of clients that we know, for each that a file tells of, say nothing of those."""
_MOST_NAMES = 2
"""One request of such a client may be told of once more, as a transaction; as its parts, by other names, twice."""
_FIRST_S, _LAST_S = 0.05, 1.0
"""Between two readings of the sockets, which wait longer each time."""
_LATE_S = 3.0
"""So long after its last byte a request may be told of, beside what it took."""
_SILENT, _SILENT_SHARE = 10, 0.5
"""So many requests, and this share of those told as good, with nothing on any connection are no load."""
_EVERY = 64
_MANY, _MANY_EACH = 1_000, 10
"""Descriptors beyond so many, and so many for each user, are no load of these users."""


class TheirConnections:
    """Of one engine."""

    def __init__(self, recorder: Recorder, target: Addresses, others: Collection[str]) -> None:
        self._recorder = recorder
        allowed = frozenset(others)
        self._moved = MovedBytes(
            lambda address, port: address in allowed or (address in target.all and port == target.port)
        )
        self._opened = self._opened_before = 0
        self._told = self._good = self._good_before = 0
        self._begun_before = 0
        self.measured = 0
        """Calls of `measure` that are under way."""
        self._reached = self._uncounted = False
        self._next_s = self._before_s = 0.0
        self._patience_s = _FIRST_S
        self._longest_s = 0.0
        self._lately: deque[tuple[float, float]] = deque()
        """When, and how many bytes moved by then that no request was told for; endless where nobody can know."""
        self._silent = 0
        self._place = ""
        self._names: set[str] = set()
        """Of what was told, as many as count."""
        self._many = ""

    def connected(self) -> None:
        """A socket of Python's that is not our own client's reached what the run allows."""
        self._opened += 1
        self._reached = True
        if self._opened % _EVERY == 0 and not self._many:
            recorder, fds = self._recorder, open_fds()
            users = max(recorder.users, sum(recorder.scenario_users.values()))  # the first is a second old
            if fds > _MANY + _MANY_EACH * users:
                self._many = f"it held {fds:,} descriptors open for {users:,} users{own_place(sys._getframe().f_back)}"

    def sent(self) -> None:
        """A datagram went to what the run allows: what is answered, no socket tells."""
        self._reached = self._uncounted = True

    def told_of_one(self, name: str, took_s: float, good: bool) -> None:
        """The file told of a request."""
        if len(self._names) < _MOST_NAMES:
            self._names.add(name)
        self._told += 1
        self._good += good
        self._longest_s = max(self._longest_s, took_s)
        now_s = time.perf_counter()
        if now_s >= self._next_s:
            self._patience_s = min(2 * self._patience_s, _LAST_S)
            self._next_s = now_s + self._patience_s
            self._place = self._place or own_place(sys._getframe().f_back)
            self._compare(now_s)

    def doubts(self) -> Iterator[str]:
        """What to say of them; nothing where all is well."""
        if self._many:
            yield f"the locustfile: {self._many}: more than a user of this load needs"
        if not self._told:
            return
        self._compare(time.perf_counter())
        silent = self._silent >= max(_SILENT, _SILENT_SHARE * self._good)
        if not self._reached and (silent or self._others < _ALONE_SHARE * self._told):
            yield (
                f"the locustfile: it told of {self._told:,} requests itself{self._place}, and no connection of the "
                "load generator to the target was seen for them: they say nothing of the target (another host needs "
                "--allow-host and target.allowed_hosts; so does another port, by another name of the target's machine)"
            )
        elif silent:
            yield (
                f"the locustfile: it told of {self._good:,} good requests itself{self._place}, and for {self._silent:,}"
                " of them not one byte moved on its connections to the target: they say nothing of the target"
            )

    @property
    def _others(self) -> int:
        """Requests of clients that we know."""
        return self._recorder.begun - self._told - self.measured

    def _compare(self, now_s: float) -> None:
        """Whether what moved lately can have been the requests that were told of since the reading before."""
        good, self._good_before = self._good - self._good_before, self._good
        opened, self._opened_before = self._opened - self._opened_before, self._opened
        others = self._others
        known, self._begun_before = (others - self._begun_before) * len(self._names), others
        seen = self._moved.read(good, opened)
        self._reached = self._reached or seen.bytes > 0 or not seen.certain or self._moved.any()
        counted = seen.certain and not self._uncounted
        self._uncounted = False
        self._lately.append((now_s, known + opened + (seen.bytes if counted else float("inf"))))
        since_s = self._before_s - self._longest_s - _LATE_S
        while self._lately[0][0] < since_s:
            self._lately.popleft()
        self._before_s, self._longest_s = now_s, 0.0
        while good and self._lately:
            at_s, amount = self._lately.popleft()
            if amount > good:
                self._lately.appendleft((at_s, amount - good))
            good -= min(round(min(amount, good)), good)
        self._silent += good
