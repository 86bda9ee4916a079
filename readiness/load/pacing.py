"""Turns: watches how some users of each scenario take turns between task and wait (readiness/measurements/pace.py).

A user's `wait_time` is called once an iteration, whatever its tasks do, so it is wrapped for as many users as tell the
pace of all.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import numpy as np

from readiness.load.locustfiles import scenario_of
from readiness.load.recorder import Recorder
from readiness.measurements.histogram import Histogram
from readiness.measurements.pace import Pace

_MOST_WATCHED = 20
"""Of each scenario."""


class Turns:
    """`take` gives what came since the last take, of the measurement window."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._watched: Counter[str] = Counter()
        self._unpaused: Counter[str] = Counter()
        self._most: Counter[str] = Counter()
        """Users of each scenario that were there at once."""
        self._intervals_s: dict[str, list[float]] = {}

    def watch(self, user: Any) -> None:
        """Count the turns of `user`, unless enough of its scenario are watched already."""
        scenario = scenario_of(type(user))
        original = user.wait_time
        if original is None or self._watched[scenario] >= _MOST_WATCHED:
            return
        self._watched[scenario] += 1
        recorder, unpaused = self._recorder, self._unpaused
        intervals_s = self._intervals_s.setdefault(scenario, [])
        before_s = time.perf_counter()

        def wait_time() -> Any:
            nonlocal before_s
            seconds = original()
            now_s = time.perf_counter()
            if recorder.judged_from_s <= before_s and now_s < recorder.judged_until_s:
                intervals_s.append(now_s - before_s)
                if seconds <= 0:
                    unpaused[scenario] += 1
            before_s = now_s
            return seconds

        user.wait_time = wait_time

    def take(self) -> tuple[Pace, ...]:
        """One for each scenario."""
        for scenario, count in self._recorder.scenario_users.items():
            self._most[scenario] = max(self._most[scenario], count)
        most = self._most  # where users come and go, more are watched in the end than are there at once
        found = tuple(
            Pace(
                scenario,
                most[scenario] or self._watched[scenario],
                min(self._watched[scenario], most[scenario] or self._watched[scenario]),
                len(intervals_s),
                self._unpaused[scenario],
                Histogram.of_us(np.maximum(np.rint(np.array(intervals_s) * 1e6), 0).astype(np.int64)),
            )
            for scenario, intervals_s in self._intervals_s.items()
            if intervals_s
        )
        for intervals_s in self._intervals_s.values():
            intervals_s.clear()
        self._unpaused.clear()
        return found
