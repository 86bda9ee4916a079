"""Calibration: the engine tries itself out before the load, with the same scenario code against a null server.

It runs in a fork of the engine, so that nothing the scenario does there (accounts, globals, cookies) is left over, with
events of its own, so that nobody's listeners hear of it, and with sockets that reach the null server alone: neither
`on_start` nor a task can touch the target. One user by itself gives this machine's floor; many without pauses give the
CPU time of a request, and so how many requests fill one core.

A worker is connected to its master by then, and a ZeroMQ context does not survive a fork: what it inherits would hang
it. So a worker forks its `Copy` before it connects, and the copy reads the scenario files itself.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import gevent
import gevent.os
import locust
from gevent.pool import Group
from locust.env import Environment
from locust.event import Events

from readiness.load import engine_events, null_server
from readiness.load.addresses import Addresses
from readiness.load.connections import allow_only
from readiness.load.context import EngineContext
from readiness.load.csv_rows import hand_out
from readiness.load.engine_plan import EnginePlan
from readiness.load.engine_plan import dumps as plan_text
from readiness.load.engine_plan import loads as read_plan
from readiness.load.http.resends import Resends
from readiness.load.life.options import parsed
from readiness.load.locustfiles import load_classes, users_of
from readiness.load.recorder import Recorder
from readiness.load.writes import WriteLog
from readiness.measurements.generator_health import Calibration
from readiness.measurements.histogram import Histogram, merge

MOST_USERS = 50
ALONE_SHARE = 0.3
"""Of the time, for one user by itself."""
PATIENCE_S = 3.0
"""More than the planned time that it may take before it is given up."""
_MIN_REQUESTS = 50


class Copy:
    """A fork of this process that waits for a plan, tries it out and ends; it also ends when this process does."""

    def __init__(self, classes: Sequence[type[Any]] | None = None) -> None:
        """`classes` as they are in this process; without them the copy loads the plan's files."""
        plan_fd, self._plan_fd = os.pipe()
        self._told_fd, told_fd = os.pipe()
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            _end_with(parent)
            os.close(self._plan_fd)
            os.close(self._told_fd)
            _in_child(plan_fd, classes, told_fd)
        os.close(plan_fd)
        os.close(told_fd)

    def try_out(self, plan: EnginePlan) -> bytes:
        """What the copy found, as it wrote it; empty when it came to no end."""
        plan_fd, self._plan_fd = self._plan_fd, -1
        with suppress(BrokenPipeError), os.fdopen(plan_fd, "w") as pipe:
            pipe.write(plan_text(plan))
        return _read(self._told_fd, plan.calibration_s + PATIENCE_S)

    def end(self) -> None:
        """Gone at once."""
        if self._plan_fd >= 0:
            os.close(self._plan_fd)
        os.close(self._told_fd)
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def early_copy() -> Copy | None:
    """For a process that will not be able to fork later; None where the system cannot fork at all."""
    return Copy() if hasattr(os, "fork") else None


def calibrate(plan: EnginePlan, classes: Sequence[type[Any]], early: Copy | None = None) -> Calibration | None:
    """The engine's floor and ceiling with these users, or why they are not known; None when not asked for.

    `early` is used instead of a fork of now, and ended in any case.
    """
    copy = early
    try:
        if plan.calibration_s <= 0:
            return None
        if any(issubclass(cls, locust.HttpUser | locust.FastHttpUser) for cls in classes):
            return Calibration(skipped="only users of readiness.scenario can be tried out without touching the target")
        if not hasattr(os, "fork"):
            return Calibration(skipped="this system cannot fork a process")
        copy = copy or Copy(classes)
        told = copy.try_out(plan)
    finally:
        if copy is not None:
            copy.end()
    if not told:
        return Calibration(skipped="the scenario did not come to an end against the null server")
    found = engine_events.calibration(json.loads(told))
    if found.skipped is None and found.requests < _MIN_REQUESTS:
        return Calibration(skipped=f"the scenario sent only {found.requests} requests to the null server")
    return found


def _read(fd: int, patience_s: float) -> bytes:
    gevent.os.make_nonblocking(fd)
    told = bytearray()
    reading = gevent.spawn(_read_all, fd, told)
    reading.join(timeout=patience_s)
    whole = reading.ready()
    reading.kill()
    return bytes(told) if whole else b""


def _read_all(fd: int, told: bytearray) -> None:
    while chunk := gevent.os.nb_read(fd, 65536):
        told += chunk


def _end_with(parent: int) -> None:
    """The pipe's end is not enough: after a fork under gevent the child was seen to keep a writing end of its own."""
    with suppress(AttributeError, OSError):  # Linux alone has it: prctl(2), PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _in_child(plan_fd: int, given: Sequence[type[Any]] | None, told_fd: int) -> None:
    """Never returns."""
    try:
        os.dup2(os.pipe()[0], 0)  # never ends: who watches standard input for the parent's end must not see one
        devnull = os.open(os.devnull, os.O_WRONLY)
        for fd in (1, 2):
            os.dup2(devnull, fd)
        logging.disable(logging.CRITICAL)
        with os.fdopen(plan_fd) as pipe:
            line = pipe.readline()
        if not line:
            os._exit(0)  # nobody wants it any more
        plan = read_plan(line)
        allow_only(Addresses(plan.base_url, plan.addresses), plan.allowed_addresses)
        hand_out(plan.shard, plan.shards, endless=True)
        classes = load_classes(plan.scenarios) if given is None else given
        with subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(null_server.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as server:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            copied = replace(plan, base_url=f"http://127.0.0.1:{port}", addresses=("127.0.0.1",), timeout_s=1.0)
            allow_only(Addresses(copied.base_url, copied.addresses))
            result = _CalibrationRun(copied, classes).run()
            server.kill()
        os.write(told_fd, _line(result))
    except BaseException as error:  # whatever it is, it says nothing about the target
        os.write(told_fd, _line(Calibration(skipped=f"the calibration failed ({type(error).__name__})")))
    finally:
        os._exit(0)


def _line(found: Calibration) -> bytes:
    return json.dumps(engine_events.packed_calibration(found)).encode()


class _CalibrationRun:
    """Both parts of the calibration, in the child."""

    def __init__(self, plan: EnginePlan, classes: Sequence[type[Any]]) -> None:
        self._plan = plan
        self._classes = list(classes)
        self._users = min(max(plan.users, 1), MOST_USERS)
        random.seed(plan.seed)

    def run(self) -> Calibration:
        heaviest = max(self._classes, key=lambda cls: float(cls.weight))
        alone = self._part([heaviest], self._plan.calibration_s * ALONE_SHARE)
        counts = users_of(self._classes, self._users)
        crowd = [cls for cls, count in zip(self._classes, counts, strict=True) for _ in range(count)]
        many = self._part(crowd, self._plan.calibration_s * (1 - ALONE_SHARE))
        return replace(many, floor=alone.floor)

    def _part(self, classes: Sequence[type[Any]], lasts_s: float) -> Calibration:
        recorder = Recorder()
        recorder.start_s = recorder.judged_from_s = time.perf_counter()
        environment = Environment(user_classes=list(set(classes)), events=Events(), host=self._plan.base_url)
        environment.parsed_options = parsed(self._plan)
        environment.readiness = EngineContext(  # type: ignore[attr-defined]
            self._plan,
            recorder,
            WriteLog(self._plan.run_id),
            Addresses(self._plan.base_url, self._plan.addresses),
            Resends(lambda: recorder.begun),
        )
        group = Group()
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        for cls in classes:
            user = cls(environment)
            user.wait_time = lambda: 0
            user.on_start = _forgiving(user.on_start)
            user.start(group)
        gevent.sleep(lasts_s)
        wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
        group.kill(block=False)
        cells = recorder.take(wall_s, 0).cells.values()
        failed = sum(sum(cell.failed.values()) for cell in cells)
        floor: Histogram = merge(*(part for cell in cells for part in (cell.ok, cell.failed_latency)))
        return Calibration(floor.total, failed, wall_s, cpu_s, floor)


def _forgiving(on_start: Any) -> Any:
    """What the null server answers need not suit the scenario; its tasks are tried all the same."""

    def start() -> None:
        with suppress(Exception):
            on_start()

    return start
