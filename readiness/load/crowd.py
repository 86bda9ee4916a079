"""The closed load: so many users at once, in the course that the plan gives them, upwards and downwards.

Locust's runner starts and keeps the users; when, and of which class, is decided here, because its dispatcher knows one
rate for all and cannot say beforehand how many users of each class there will be.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import gevent
from locust.user.task import LOCUST_STATE_STOPPING

from readiness.load.engine_plan import EnginePlan
from readiness.load.locustfiles import fixed_of, part_of, scenario_of, split
from readiness.load.pacing import Turns
from readiness.load.phases import COURSE, RAMP, Phase
from readiness.load.recorder import Recorder

NOT_FIXED: Mapping[str, int] = {}
TOGETHER_S = 0.005
"""Users that are due this close to each other start together."""

_Change = tuple[float, str, int]
"""When (s since the load started), of which class, +1 or -1."""


def changes(
    course: Sequence[Phase],
    weights: Mapping[str, float],
    shard: int = 0,
    shards: int = 1,
    fixed: Mapping[str, int] = NOT_FIXED,
) -> Iterator[_Change]:
    """Every start and stop of a user of one shard: evenly over each ramp, mixed as they will be at its end.

    `fixed` are the classes that have a number of users and no weight.
    """
    running = dict.fromkeys(weights, 0)
    begun_s = 0.0
    for phase in course:
        if phase.kind in (RAMP, COURSE):
            shared = split(list(weights.values()), [fixed.get(name, 0) for name in weights], round(phase.height))
            wanted = dict(zip(weights, part_of(shared, shard, shards), strict=True))
            turns = sorted(
                ((turn + 0.5) / abs(wanted[name] - running[name]), name, 1 if wanted[name] > running[name] else -1)
                for name in weights
                for turn in range(abs(wanted[name] - running[name]))
            )
            for number, (_, name, sign) in enumerate(turns):
                yield begun_s + phase.duration_s * number / len(turns), name, sign
            running = wanted
        begun_s += phase.duration_s


def changes_of_classes(
    course: Sequence[Phase], weights: Mapping[str, float], shard: int = 0, shards: int = 1
) -> Iterator[_Change]:
    """As `changes`, where phases name the classes of the users that come, as ticks of a LoadTestShape may.

    As with Locust, whoever is there stays, and who came last leaves first.
    """
    there: list[str] = []
    begun_s = 0.0
    for phase in course:
        more = round(phase.height) - len(there)
        if phase.kind in (RAMP, COURSE) and more > 0:
            names = sorted(phase.classes) or list(weights)
            each = dict(zip(names, split([weights[name] for name in names], [0] * len(names), more), strict=True))
            mixed = sorted(((turn + 0.5) / each[name], name) for name in names for turn in range(each[name]))
            coming = [(len(there) + place, name, 1) for place, (_, name) in enumerate(mixed)]
            there += [name for _, name, _ in coming]
        elif phase.kind in (RAMP, COURSE):
            coming = [(len(there) - 1 - place, there[-1 - place], -1) for place in range(-more)]
            del there[len(there) + more :]
        else:
            coming = []
        for number, (place, name, sign) in enumerate(coming):
            if place % shards == shard:
                yield begun_s + phase.duration_s * number / len(coming), name, sign
        begun_s += phase.duration_s


class Crowd:
    """Users that come and go as the plan says."""

    def __init__(
        self, plan: EnginePlan, recorder: Recorder, turns: Turns, runner: Any, classes: Sequence[type[Any]]
    ) -> None:
        self._plan = plan
        self._turns = turns
        self._recorder = recorder
        self._runner = runner
        self._classes = {cls.__name__: cls for cls in classes}
        self._planned: Counter[str] = Counter()
        self._ran: set[type[Any]] = set()
        self._greenlet: Any = None

    @property
    def users(self) -> int:
        """Users that are running."""
        count: int = self._runner.user_count
        return count

    @property
    def greenlets(self) -> list[Any]:
        """Theirs."""
        return list(self._runner.user_greenlets)

    @property
    def idle(self) -> list[type[Any]]:
        """Classes that never had a user."""
        return [cls for cls in self._classes.values() if cls not in self._ran]

    def start(self) -> None:
        """Follow the course from now on."""
        self._greenlet = gevent.spawn(self._follow)

    def stop(self) -> None:
        """Every user ends its task, or is ended when the runner's patience is over."""
        self._greenlet.kill()
        self._runner.stop()

    def _follow(self) -> None:
        weights = {name: float(cls.weight) for name, cls in self._classes.items()}
        coming: Counter[str] = Counter()
        due_s = 0.0
        fixed = {name: fixed_of(cls) for name, cls in self._classes.items()}
        course, shard, shards = self._plan.course, self._plan.shard, self._plan.shards
        if any(phase.classes for phase in course):
            turns = changes_of_classes(course, weights, shard, shards)
        else:
            turns = changes(course, weights, shard, shards, fixed)
        for at_s, name, sign in turns:
            if at_s - due_s > TOGETHER_S:
                self._apply(coming)
                coming = Counter()
                due_s = at_s
                gevent.sleep(max(self._recorder.start_s + at_s - time.perf_counter(), 0))
            coming[name] += sign
        self._apply(coming)

    def _apply(self, coming: Mapping[str, int]) -> None:
        self._planned.update(coming)
        self._ran.update(self._classes[name] for name, count in coming.items() if count > 0)
        by_scenario: Counter[str] = Counter()
        for name, count in self._planned.items():
            by_scenario[scenario_of(self._classes[name])] += count
        self._recorder.scenario_users = dict(by_scenario)
        more = {name: count for name, count in coming.items() if count > 0}
        if more:
            for user in self._runner.spawn_users(more):
                self._turns.watch(user)
        for name, count in coming.items():
            for user in self._leaving(name, -count):
                gevent.spawn(self._let_go, user)

    def _leaving(self, name: str, count: int) -> list[Any]:
        """`count` users of a class, none of which leaves already."""
        users = [greenlet.args[0] for greenlet in self._runner.user_greenlets if greenlet.args]
        staying = [u for u in users if type(u) is self._classes[name] and u._state != LOCUST_STATE_STOPPING]
        return staying[: max(count, 0)]

    def _let_go(self, user: Any) -> None:
        greenlet = user.greenlet
        user.stop(force=False)
        if not greenlet.ready():
            greenlet.join(timeout=self._plan.drain_s)
            greenlet.kill()
