"""The open load: arrivals at a rate that does not depend on the answers.

Each arrival has an intended time on a schedule that is fixed beforehand. A free user takes it and runs one task; its
first request is measured from the intended time, so a service that stands still is charged for everybody who would
have come. Where no user is free another one is made, up to `most_users`; an arrival that finds none then is dropped,
and counted, and so is whether every user waited for the service.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any

import gevent
from gevent.pool import Group
from locust import TaskSet
from locust.exception import InterruptTaskSet, RescheduleTask, StopUser
from locust.runners import STATE_CLEANUP, STATE_STOPPED

from readiness.load.alarm import Alarm
from readiness.load.csv_rows import RowsError
from readiness.load.engine_plan import EnginePlan
from readiness.load.extraction import Unfound
from readiness.load.generator_health import Sentinel
from readiness.load.locustfiles import scenario_of
from readiness.load.phases import arrivals
from readiness.load.recorder import Recorder
from readiness.load.user_pool import UserPool, all_wait, most_users

_DRAIN_TICK_S = 0.01


def schedule(plan: EnginePlan) -> Iterator[float]:
    """Intended times in seconds since the load started, at the plan's rates; a Poisson process has the plan's seed.

    A shard takes every `shards`-th place of the grid, or a process of its own: those of all shards together are one of
    the whole rate (superposition of Poisson processes).
    """
    generator = random.Random(_seed(plan, "arrivals"))
    each = float(plan.shards)
    if plan.poisson:
        return arrivals(plan.course, iter(lambda: each * generator.expovariate(1.0), None))
    return arrivals(plan.course, chain((plan.shard + 1.0,), repeat(each)))


def _seed(plan: EnginePlan, what: str) -> str:
    return f"{plan.seed} {what}" if plan.shards == 1 else f"{plan.seed} {what} {plan.shard}"


class Arrivals:
    """Free users of every scenario, and the schedule that sends them off."""

    def __init__(
        self, plan: EnginePlan, recorder: Recorder, sentinel: Sentinel, runner: Any, classes: list[type[Any]]
    ) -> None:
        self._plan = plan
        self._recorder = recorder
        self._sentinel = sentinel
        self._environment = runner.environment
        self._classes = classes
        self._weights = [float(cls.weight) for cls in classes]
        self._pools = [UserPool(cls, plan.reserve) for cls in classes]
        self._pool_of = {pool.cls: pool for pool in self._pools}
        self._most = most_users(plan)
        self._made = 0
        self._busy = Group()
        self._starting = Group()
        self._random = random.Random(_seed(plan, "mix"))
        self.idle = set(classes)
        """Those that no arrival was for."""
        self._all: list[Any] = []
        self._due_s: set[float] = set()
        """Arrivals that were given a user, but whose turn has not come yet."""
        self._scheduler: Any = None
        self._alarm = Alarm()
        self._schedule = schedule(plan)
        self._next_s: float | None = None
        """The arrival that the scheduler waits for."""
        self._task_sets: dict[Any, dict[tuple[type, type], Any]] = {}
        """Of each user, the TaskSets that it has entered."""

    @property
    def users(self) -> int:
        """Users that are ready or at work."""
        return len(self._all)

    def start(self) -> None:
        """Make the users (their `on_start` runs during the ramp) and begin the schedule."""
        for pool in self._pools:
            for _ in range(pool.cls.fixed_count):
                self._make(pool, later=False)
        self._scheduler = gevent.spawn(self._send_off)

    def stop(self) -> None:
        """No new arrivals; those under way get the drain time, and what never began is dropped."""
        events, runner = self._environment.events, self._environment.runner
        events.test_stopping.fire(environment=self._environment)
        runner.update_state(STATE_CLEANUP)
        deadline_s = time.perf_counter() + self._environment.stop_timeout
        if self._scheduler is not None:
            self._scheduler.kill()
        self._alarm.close()
        self._drop_unreached(time.perf_counter() - self._recorder.start_s)
        while any(pool.waiting for pool in self._pools) and time.perf_counter() < deadline_s:
            gevent.sleep(_DRAIN_TICK_S)
        unanswered = all_wait(self._pools, self._recorder)
        self._starting.kill()
        for pool in self._pools:
            while pool.waiting:
                self._recorder.drop(pool.waiting.popleft(), unanswered=unanswered)
        if not self._busy.join(timeout=max(deadline_s - time.perf_counter(), 0)):
            self._busy.kill()
        for due_s in self._due_s:
            self._recorder.drop(due_s)
        self._due_s = set()
        for user in self._all:
            user.on_stop()
        runner.update_state(STATE_STOPPED)
        events.test_stop.fire(environment=self._environment)

    def _make(self, pool: UserPool, *, later: bool) -> None:
        self._made += 1
        pool.starting += 1
        self._starting.start(gevent.Greenlet(self._prepare, pool, later))

    def _prepare(self, pool: UserPool, later: bool) -> None:
        made = False
        try:
            user = pool.cls(self._environment)
            made = self._is_ready(pool, user, later)
        finally:
            pool.starting -= 1
            if not made:
                self._made -= 1
        if made:
            self._all.append(user)
            pool.add(user, later=later)
            if later:
                counts = self._recorder.scenario_users
                scenario = scenario_of(pool.cls)
                counts[scenario] = counts.get(scenario, 0) + 1
            self._serve(pool)

    def _is_ready(self, pool: UserPool, user: Any, later: bool) -> bool:
        try:
            user.on_start()
        except Unfound:
            pass  # a request of it failed, and is counted; the tasks are tried all the same
        except Exception as error:
            if later and isinstance(error, RowsError):  # so many users were never asked for
                pool.full = True
                return False
            self._environment.events.user_error.fire(user_instance=user, exception=error, tb=error.__traceback__)
            return False
        return True

    def _send_off(self) -> None:
        recorder = self._recorder
        for at_s in self._schedule:
            due_s = recorder.start_s + at_s
            self._next_s = at_s
            self._alarm.sleep_until(due_s)
            self._next_s = None
            recorder.intend(due_s)
            cls = self._random.choices(self._classes, self._weights)[0]
            self.idle.discard(cls)
            pool = self._pool_of[cls]
            user = pool.take() if not pool.waiting else None
            if pool.is_short and not pool.full and self._made < self._most:
                self._make(pool, later=True)
            if user is not None:
                self._run_off(user, due_s, due_s)
            elif len(pool.waiting) < pool.starting:
                pool.waiting.append(due_s)
            else:
                unanswered = all_wait(self._pools, recorder) and self._sentinel.keeps_up(due_s)
                recorder.drop(due_s, unanswered=unanswered)

    def _run_off(self, user: Any, due_s: float, ready_s: float) -> None:
        """`user` takes the arrival of `due_s`, which could begin at `ready_s`."""
        self._due_s.add(due_s)
        self._busy.start(gevent.Greenlet(self._one_task, user, due_s, ready_s))

    def _serve(self, pool: UserPool) -> None:
        """Free users take the arrivals that wait, the oldest first."""
        while pool.waiting and (user := pool.take()) is not None:
            self._run_off(user, pool.waiting.popleft(), time.perf_counter())

    def _drop_unreached(self, until_s: float) -> None:
        """Arrivals that were due before the end, but that we were too late for: intended, and never sent."""
        waiting = () if self._next_s is None else (self._next_s,)
        for at_s in chain(waiting, self._schedule):
            if at_s >= until_s:
                return
            self._recorder.intend(self._recorder.start_s + at_s)
            self._recorder.drop(self._recorder.start_s + at_s)

    def _one_task(self, user: Any, intended_s: float, ready_s: float) -> None:
        self._due_s.discard(intended_s)
        self._sentinel.started(ready_s)
        client: Any = getattr(user, "client", None)  # custom users need not have one
        if hasattr(client, "intended_s"):
            client.intended_s = intended_s
        else:
            user.readiness_intended_s = intended_s  # a stock client: load/locust_clients/clients.py takes it from there
        try:
            self._run(user, user, self._random.choice(user.tasks))
        except (InterruptTaskSet, RescheduleTask, StopUser):
            pass  # where to go on is up to the schedule
        except Exception as error:
            self._environment.events.user_error.fire(user_instance=user, exception=error, tb=error.__traceback__)
        finally:
            pool = self._pool_of[type(user)]
            pool.busy -= 1
            pool.give(user)
            self._serve(pool)

    def _run(self, user: Any, owner: Any, task: Any) -> None:
        """One task of `owner`, a user or a TaskSet; a TaskSet as a task gives one of its own, so one arrival is one."""
        if not (isinstance(task, type) and issubclass(task, TaskSet)):
            task() if getattr(task, "__self__", None) is owner else task(owner)
            return
        entered = self._task_sets.setdefault(user, {})
        if (type(owner), task) not in entered:  # kept, so that a SequentialTaskSet goes on where it was
            inside = task(owner)
            inside.on_start()
            entered[type(owner), task] = inside
        inside = entered[type(owner), task]
        self._run(user, inside, inside.get_next_task())
