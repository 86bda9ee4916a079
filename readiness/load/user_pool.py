"""The users of an open load: some are made before it begins, and more while it runs, where answers take longer.

A user that was made later is used only while none of the first ones is free, so that connections of the first ones
stay in use after the service has caught up. So is the reserve: users that are there for a fault, in which everybody
waits. If they took turns too, each would keep a connection of its own open, and a server with a limit of connections
would fail by their number alone.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any

from readiness.load.descriptors import room_for_users
from readiness.load.engine_plan import EnginePlan
from readiness.load.recorder import Recorder

_SPARE = 4
"""New users are made before they are needed: when less than one in so many of the first ones is free."""


def most_users(plan: EnginePlan) -> int:
    """Of one engine: as many as arrivals can wait at once until their time is over, if the machine has room."""
    highest_per_s = max(phase.height for phase in plan.course)
    wanted = max(math.ceil(highest_per_s * plan.timeout_s / plan.shards), math.ceil(plan.users / plan.shards))
    return room_for_users(wanted, plan.shards)


class UserPool:
    """The users of one class."""

    def __init__(self, cls: type[Any], reserve: float = 0.0) -> None:
        self.cls = cls
        self._first: int = cls.fixed_count
        self._turning = max(self._first - round(reserve * self._first), 1)
        """So many of the first ones take turns; the others wait like those that are made later."""
        self._made = 0
        self._free: deque[Any] = deque()
        self._later: list[Any] = []
        """Free ones that were made while the load ran."""
        self._made_later: set[Any] = set()
        self.waiting: deque[float] = deque()
        """When arrivals were due that wait for a user; no longer than users are being made for them."""
        self.starting = 0
        """Users that are being made, or are in their on_start."""
        self.busy = 0
        self.full = False
        """No more can be made: rows or accounts are used up."""

    def take(self) -> Any:
        """A free user, or None."""
        if self._free:
            user = self._free.popleft()
        elif self._later:
            user = self._later.pop()
        else:
            return None
        self.busy += 1
        return user

    def give(self, user: Any) -> None:
        """`user` is free."""
        if user in self._made_later:
            self._later.append(user)
        else:
            self._free.append(user)

    def add(self, user: Any, *, later: bool) -> None:
        """`user` was made, and is free."""
        self._made += 1
        if later or self._made > self._turning:
            self._made_later.add(user)
        self.give(user)

    @property
    def is_short(self) -> bool:
        """Whether another user should be made."""
        spare = len(self._free) + len(self._later) + self.starting - len(self.waiting)
        return spare < max(self._first // _SPARE, 1)


def all_wait(pools: list[UserPool], recorder: Recorder) -> bool:
    """Whether every user, also those being made, waits for an answer of the service."""
    engaged = sum(pool.busy + pool.starting for pool in pools)
    return 0 < engaged <= recorder.waiting
