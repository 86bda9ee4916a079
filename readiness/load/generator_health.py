"""The load generator watches itself: how late it runs, its CPU time, its pauses.

Every 10 ms a greenlet is due, on a fixed grid: how late it runs is how late any request may have been sent, or its
answer seen. A grid point that passes while the loop is busy counts with its own lag, so one long block is not one
sample. CPU time, garbage collections and open descriptors are read beside it.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping
from typing import Any

import gevent
import numpy as np

from readiness.load.descriptors import open_fds
from readiness.load.life.held import HeldBy
from readiness.load.phases import OUTSIDE
from readiness.load.recorder import Recorder
from readiness.measurements.generator_health import Instrument, Pause
from readiness.measurements.histogram import Histogram

GRID_S = 0.01
_PAUSE_S = 1.0
"""A gap this long in which the sentinel did not run is a pause of the generator, not lag."""
_EDGE_S = 0.1
_BUSY_SHARE = 0.9
"""Of a core: above this answers may lie in the sockets unread."""
_LATE_S = 0.05


class Sentinel:
    """Watches one engine process; `take` gives what came since the last take."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._lags_s: list[float] = []
        self._start_lags_s: list[float] = []
        self._pauses: list[Pause] = []
        self._collecting_since_s = 0.0
        self._collections_s: list[float] = []
        self._taken_s = 0.0
        self._taken_cpu_s = 0.0
        self._ticked_cpu_s = 0.0
        self._turned_s = 0.0
        self._held_by = HeldBy(lambda: self._turned_s)
        self._greenlet: Any = None

    def start(self) -> None:
        """Begin to watch, from the start of the load on."""
        self._taken_s, self._taken_cpu_s = time.perf_counter(), time.process_time()
        self._turned_s = self._taken_s
        gc.callbacks.append(self._on_collection)
        self._held_by.start()
        self._greenlet = gevent.spawn(self._watch)

    def stop(self) -> None:
        """Watch no longer."""
        gc.callbacks.remove(self._on_collection)
        self._held_by.stop()
        self._greenlet.kill()

    def started(self, due_s: float) -> None:
        """An arrival that was due at `due_s` is sent off now."""
        if self._measured(due_s):
            self._start_lags_s.append(time.perf_counter() - due_s)

    def keeps_up(self, due_s: float) -> bool:
        """Whether the engine itself comes to what is due at `due_s` in time, and has CPU left."""
        now_s = time.perf_counter()
        used_s, took_s = time.process_time() - self._taken_cpu_s, now_s - self._taken_s
        return now_s - due_s < _LATE_S and used_s < _BUSY_SHARE * max(took_s, _EDGE_S)

    def take(self) -> Instrument:
        """What came since the last take; of the time outside every hold only pauses are told."""
        now_s, cpu_s = time.perf_counter(), time.process_time()
        took_s, used_s = now_s - self._taken_s, cpu_s - self._taken_cpu_s
        # Batches are cut at the edges of the windows, but come a little late.
        judged = self._measured(self._taken_s + _EDGE_S) and self._measured(now_s - _EDGE_S)
        seen = Instrument(
            watched_s=took_s if judged else 0.0,
            cpu_s=used_s if judged else 0.0,
            peak_cpu_share=used_s / took_s if judged and took_s > 0.5 else 0.0,  # a sliver of a second is noise
            lag=_histogram(self._lags_s),
            start_lag=_histogram(self._start_lags_s),
            gc_pauses=len(self._collections_s),
            gc_s=sum(self._collections_s),
            gc_longest_s=max(self._collections_s, default=0.0),
            fds=open_fds(),
            fd_limit=_fd_limit(),
            pauses=tuple(self._pauses),
        )
        self._lags_s, self._start_lags_s, self._collections_s, self._pauses = [], [], [], []
        self._taken_s, self._taken_cpu_s = now_s, cpu_s
        return seen

    def _watch(self) -> None:
        due_s = time.perf_counter() + GRID_S
        asleep_s = _asleep_s()
        self._ticked_cpu_s = time.process_time()
        while True:
            gevent.sleep(max(due_s - time.perf_counter(), 0.0))
            now_s, suspended_s = time.perf_counter(), _asleep_s()
            self._turned_s = now_s
            if now_s - due_s + suspended_s - asleep_s > _PAUSE_S:
                self._pause(now_s - max(now_s - due_s, suspended_s - asleep_s), now_s)
                due_s = now_s
            while due_s <= now_s:
                if self._measured(due_s):
                    self._lags_s.append(now_s - due_s)
                due_s += GRID_S
            asleep_s = suspended_s
            self._ticked_cpu_s = time.process_time()

    def _pause(self, start_s: float, end_s: float) -> None:
        origin_s = self._recorder.start_s
        used_s = max(time.process_time() - self._ticked_cpu_s, 0.0)
        self._pauses.append(Pause(start_s - origin_s, end_s - origin_s, used_s, self._held_by.take()))

    def _measured(self, at_s: float) -> bool:
        return self._recorder.step(at_s) != OUTSIDE

    def _on_collection(self, phase: str, _: Mapping[str, int]) -> None:
        now_s = time.perf_counter()
        if phase == "start":
            self._collecting_since_s = now_s
        elif self._measured(now_s):
            self._collections_s.append(now_s - self._collecting_since_s)


def _histogram(lags_s: list[float]) -> Histogram:
    return Histogram.of_us(np.maximum(np.rint(np.array(lags_s) * 1e6), 0).astype(np.int64))


def _asleep_s() -> float:
    """Time that the machine was suspended since it booted; perf_counter leaves it out."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)


def _fd_limit() -> int | None:
    try:
        import resource
    except ImportError:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else int(soft)
