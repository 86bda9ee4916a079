"""Users of a closed load that do nothing: neither in a request nor in Locust's wait, but somewhere in their file.

A pause inside a task is the file's right, and `wait_time` is part of the load that was asked for. What is told is a
load that went away: for a quarter of the measurement window far fewer requests than in the rest, or users that stood
at one line for most of it. Checked once a second, at no cost to requests.

Who waits for bytes of the target does not idle, but where no request has that wait, no latency shows it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from statistics import median
from types import CodeType, FrameType
from typing import Any, NamedTuple

from locust.user.task import LOCUST_STATE_RUNNING

from readiness.load.addresses import Addresses
from readiness.load.code_places import is_own
from readiness.load.http.poll import poll_of_this_hub
from readiness.load.life.endings import own_place
from readiness.load.life.socket_waits import waits_for
from readiness.load.locust_events import ToldRequests
from readiness.load.recorder import Recorder
from readiness.measurements.pace import AT_TARGETS_SOCKET

_MOST_WATCHED = 200
"""Users whose line is sampled."""
_MIN_HOLE_S = 3.0
_HOLE_SHARE = 0.25
"""Of the measurement window."""
_LITTLE = 0.5
"""A part with less than this share of the usual requests has lost its load."""
_CLEARLY = 0.75
_MOST_OF = 0.5
_FEW_USERS = 0.1
"""As many may be missing from a load (readiness/judge/judge.py)."""


class _Sample(NamedTuple):
    from_s: float
    until_s: float
    begun: int
    users: int
    idle: float
    """Users in code of their own at its end."""
    at_target: float
    """So many of them waited for bytes of the target."""
    place: str
    """Where most of them were."""


class _Stand(NamedTuple):
    """A user that did not move."""

    frame: FrameType
    instruction: int
    since_s: float
    place: str
    at_target: bool


class _Stood(NamedTuple):
    """Of a user that moved on, or whose load is over."""

    seconds: float
    place: str
    at_target: bool


class IdleUsers:
    """Of one engine."""

    def __init__(self, recorder: Recorder, target: Addresses, told: ToldRequests, asking: Collection[int] = ()) -> None:
        """`asking` are the ids of greenlets that wait in a request, beside those in the hub's poll."""
        self._recorder = recorder
        self._target = target
        self._told = told
        self._asking = asking
        self._samples: list[_Sample] = []
        self._begun = 0
        self._helped = False
        """Whether greenlets that a file started send for its users, which may well stand and wait for them."""
        self._stands: dict[Any, _Stand] = {}
        self._longest: dict[Any, _Stood] = {}
        """By user, of the measurement window."""
        self._watched: set[Any] = set()
        self._own: dict[CodeType, bool] = {}

    def sample(self, greenlets: Iterable[Any]) -> None:
        """Once a second; each of `greenlets` has its user as its first argument."""
        now_s, recorder = time.perf_counter(), self._recorder
        running = [one for one in greenlets if one.args and one.args[0]._state == LOCUST_STATE_RUNNING]
        self._watched.update(one.args[0] for one in running[: _MOST_WATCHED - len(self._watched)])
        asking = {id(one.waiter) for one in poll_of_this_hub().watched() if one.waiter is not None}
        asking.update(self._asking, self._told.measuring)
        self._helped |= not asking <= {id(one) for one in running}
        mine = [one for one in running if id(one) not in asking and not one.dead]
        # Calls of other clients tell no greenlet: as many users may be theirs.
        idle = min(len(mine), max(len(running) - recorder.waiting, 0))
        self._stay(mine if idle else (), now_s)
        stands = self._stands.values()
        at_target = idle * sum(one.at_target for one in stands) / max(len(stands), 1)
        place = _most(one.place for one in stands)
        from_s, begun = self._samples[-1].until_s if self._samples else recorder.start_s, recorder.begun
        self._samples.append(_Sample(from_s, now_s, begun - self._begun, recorder.users, idle, at_target, place))
        self._begun = begun

    def told(self) -> Iterator[str]:
        """A sentence for each way in which the load of the measurement window went away."""
        self._end(time.perf_counter(), list(self._stands))
        from_s, until_s = self._recorder.judged_from_s, self._recorder.judged_until_s
        window_s = until_s - from_s
        within = [one for one in self._samples if one.from_s >= from_s - 0.01 and one.until_s <= until_s + 0.01]
        if window_s < 2 * _MIN_HOLE_S or not within:
            return
        samples = [self._untold(one) for one in within]
        hole = _hole(samples, max(_MIN_HOLE_S, _HOLE_SHARE * window_s))
        if hole:
            yield f"the locustfile: {self._gone(hole, samples)}"
            return
        still = [one for one in self._longest.values() if one.seconds >= _MOST_OF * window_s]
        if self._helped or len(still) <= _FEW_USERS * max(len(self._watched), 1) or not _wanes(samples):
            return
        place, of = _most(one.place for one in still), f"{len(still):,} of {len(self._watched):,} users"
        waited_s = [one.seconds for one in still if one.at_target]
        if len(waited_s) < _MOST_OF * len(still):
            yield f"the locustfile: {of} did nothing for most of the measurement window: {_stood(place)}"
        elif sum(waited_s) > self._told.told_between(from_s, until_s):
            yield f"the locustfile: {of} waited {AT_TARGETS_SOCKET} for most of the measurement window{_unseen(place)}"

    def _gone(self, hole: Sequence[_Sample], samples: Sequence[_Sample]) -> str:
        begin_s, end_s = hole[0].from_s - self._recorder.start_s, hole[-1].until_s - self._recorder.start_s
        place = _most(one.place for one in hole)
        if sum(one.at_target for one in hole) >= _MOST_OF * sum(one.idle for one in hole):
            users = round(median(one.at_target for one in hole))
            when = f"since {begin_s:.0f} s" if hole[-1] is samples[-1] else f"from {begin_s:.0f} s to {end_s:.0f} s"
            named = f"{users:,} {'user' if users == 1 else 'users'}"
            return f"{named} waited {AT_TARGETS_SOCKET} {when}{_unseen(place)}"
        return (
            f"from {begin_s:.0f} s to {end_s:.0f} s its users sent {_per_s(hole):.3g} requests per second, "
            f"{_per_s(samples):.3g} in the whole measurement window, and did not wait for the service: {_stood(place)}"
        )

    def _untold(self, sample: _Sample) -> _Sample:
        """Without those that waited for the target in a request of which the file told when it was over."""
        seconds = sample.until_s - sample.from_s
        told = min(self._told.told_between(sample.from_s, sample.until_s) / seconds, sample.at_target)
        return sample._replace(idle=sample.idle - told, at_target=sample.at_target - told)

    def _stay(self, idle: Sequence[Any], now_s: float) -> None:
        """Keep in mind who stands where since when."""
        still: dict[Any, _Stand] = {}
        for greenlet in idle:
            user, frame = greenlet.args[0], greenlet.gr_frame
            if frame is None or user not in self._watched:
                continue
            before = self._stands.get(user)
            if before is not None and before.frame is frame and before.instruction == frame.f_lasti:
                still[user] = before
            else:
                at_target = waits_for(self._target, frame)
                still[user] = _Stand(frame, frame.f_lasti, now_s, self._place(frame), at_target)
        self._end(now_s, [user for user, before in self._stands.items() if still.get(user) is not before])
        self._stands = still

    def _end(self, now_s: float, users: Sequence[Any]) -> None:
        recorder = self._recorder
        for user in users:
            stand = self._stands[user]
            seconds = min(now_s, recorder.judged_until_s) - max(stand.since_s, recorder.judged_from_s)
            if seconds > (self._longest[user].seconds if user in self._longest else 0.0):
                self._longest[user] = _Stood(seconds, stand.place, stand.at_target)

    def _place(self, frame: FrameType | None) -> str:
        while frame is not None:
            own = self._own.get(frame.f_code)
            if own is None:
                own = self._own[frame.f_code] = is_own(frame.f_code)
            if own:
                return own_place(frame)
            frame = frame.f_back
        return ""


def _hole(samples: Sequence[_Sample], at_least_s: float) -> Sequence[_Sample]:
    """The first part of at least so many seconds that lost its load to the users' own code; empty without one."""
    usual = _per_user(samples)
    begin = end = first = 0
    for last, one in enumerate(samples):
        while samples[first + 1].from_s <= one.until_s - at_least_s if first < last else False:
            first += 1
        part = samples[first : last + 1]
        if one.until_s - part[0].from_s < at_least_s:
            continue
        if _per_user(part) < _LITTLE * usual and _idle_share(part) >= _MOST_OF:
            begin, end = (begin if end else first), last + 1
        elif end:
            break
    return samples[begin:end]


def _wanes(samples: Sequence[_Sample]) -> bool:
    """Whether one quarter has clearly fewer requests of each user than another."""
    size = max(len(samples) // 4, 1)
    parts = [_per_user(samples[first : first + size]) for first in range(0, len(samples) - size + 1, size)]
    return min(parts) < _CLEARLY * max(parts)


def _per_user(samples: Sequence[_Sample]) -> float:
    """Requests for each second of a user."""
    users_s = sum(one.users * (one.until_s - one.from_s) for one in samples)
    return sum(one.begun for one in samples) / users_s if users_s else 0.0


def _per_s(samples: Sequence[_Sample]) -> float:
    return sum(one.begun for one in samples) / (samples[-1].until_s - samples[0].from_s)


def _idle_share(samples: Sequence[_Sample]) -> float:
    return sum(one.idle for one in samples) / max(sum(one.users for one in samples), 1)


def _most(places: Iterable[str]) -> str:
    return next((place for place, _ in Counter(places).most_common() if place), "")


def _stood(place: str) -> str:
    where = place.strip(" ()") or "code of their own"
    return f"they were in {where}; write a pause that is meant as wait_time, or run long enough to see several"


def _unseen(place: str) -> str:
    where = place.strip(" ()")
    return (
        f"{where and ': '}{where}; no latency shows that wait: put it into a block of self.measure or "
        "events.request.measure"
    )
