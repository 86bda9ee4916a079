"""The sentinel sees what keeps the engine from measuring; it runs in a process of its own, with its own gevent."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from readiness.load import engine_events
from readiness.load.assembly import Assembly
from readiness.load.engine_plan import EnginePlan
from readiness.measurements.generator_health import Calibration, Instrument, Pause, calibrated_together, merge_health
from readiness.measurements.histogram import Histogram

WATCH = """
import gc, json, sys, time
import gevent
from readiness.load.generator_health import Sentinel
from readiness.load.recorder import Recorder

recorder = Recorder()
recorder.start_s = recorder.judged_from_s = time.perf_counter()
sentinel = Sentinel(recorder)
sentinel.start()
gevent.sleep(0.1)
BUSY
gevent.sleep(0.1)
seen = sentinel.take()
sentinel.stop()
print(json.dumps({"points": seen.lag.total, "max_ms": seen.lag.max_us / 1000, "cpu_s": seen.cpu_s,
                  "over_100_ms": seen.lag.count_over_ms(100, inclusive=True)[0], "gc": seen.gc_pauses, "fds": seen.fds,
                  "start_lags": seen.start_lag.total,
                  "pauses": [[p.end_s - p.start_s, p.cpu_s] for p in seen.pauses]}))
"""


def watch(busy: str) -> dict[str, Any]:
    """What the sentinel saw while `busy` ran. This machine may hold the process up too: there is more to see then."""
    done = subprocess.run(
        [sys.executable, "-c", WATCH.replace("BUSY", busy)], capture_output=True, text=True, check=True
    )
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_a_block_of_the_loop_counts_for_every_grid_point_that_passed_in_it() -> None:
    never_a_pause = "import readiness.load.generator_health as instrument; instrument._PAUSE_S = 100\n"
    seen = watch(f"{never_a_pause}end = time.perf_counter() + 0.4\nwhile time.perf_counter() < end: pass")
    assert seen["pauses"] == []
    assert seen["max_ms"] >= 385
    assert seen["over_100_ms"] >= 27  # 0.4 s hold 40 points, those of its first 0.3 s are over 100 ms late


def test_collections_descriptors_and_late_arrivals_are_counted() -> None:
    seen = watch("gc.collect(); sentinel.started(time.perf_counter() - 0.05)")
    assert seen["gc"] >= 1
    assert seen["fds"] > 2 or not Path("/proc/self/fd").is_dir()
    assert seen["start_lags"] == 1


def test_code_that_holds_the_loop_for_long_is_a_pause_that_used_the_cpu() -> None:
    seen = watch("end = time.process_time() + 1.2\nwhile time.process_time() < end: pass")
    assert any(took_s >= 1.1 and cpu_s >= 1.1 for took_s, cpu_s in seen["pauses"]), seen


def test_a_stopped_process_is_a_pause_without_cpu() -> None:
    waiting = "print('ready', flush=True)\nfrom gevent import select; select.select([sys.stdin], [], [])"
    line = [sys.executable, "-c", WATCH.replace("BUSY", waiting)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        process.send_signal(signal.SIGCONT)
        process.stdin.close()
        seen = json.loads(process.stdout.read())
    assert any(took_s >= 1.3 and cpu_s < 0.5 for took_s, cpu_s in seen["pauses"]), seen
    assert seen["max_ms"] < 1000, "a pause is told apart from lag"


def test_nothing_of_the_time_outside_the_judged_window_is_counted() -> None:
    seen = watch(
        "recorder.judged_from_s = float('inf'); sentinel._lags_s.clear(); sentinel._collections_s.clear(); gc.collect()"
    )
    assert (seen["points"], seen["gc"], seen["cpu_s"]) == (0, 0, 0.0)


def part(lag_us: int, *, pauses: tuple[Pause, ...] = ()) -> Instrument:
    return Instrument(
        watched_s=1.0,
        cpu_s=0.5,
        peak_cpu_share=0.5,
        lag=Histogram.of_us(np.array([lag_us])),
        gc_pauses=1,
        gc_s=0.1,
        gc_longest_s=0.1,
        fds=10,
        fd_limit=100,
        pauses=pauses,
    )


def test_parts_add_up() -> None:
    whole = merge_health([part(1000), part(3000, pauses=(Pause(1.0, 3.0, 0.0),))])
    assert (whole.watched_s, whole.cpu_share, whole.lag.total, whole.lag.max_us) == (2.0, 0.5, 2, 3000)
    assert (whole.gc_pauses, whole.fds, whole.fd_limit, len(whole.pauses)) == (2, 10, 100, 1)


@pytest.mark.parametrize("instrument", [None, part(1000, pauses=(Pause(1.0, 3.0, 0.2),)), Instrument()])
def test_the_instrument_survives_the_pipe(instrument: Instrument | None) -> None:
    batch = engine_events.Batch(0, 1.0, 5, 0, 0, {}, 0, {}, instrument=instrument)
    back = engine_events.loads(engine_events.dumps(batch))
    assert isinstance(back, engine_events.Batch)
    if instrument is None:
        assert back.instrument is None
        return
    assert back.instrument is not None
    assert back.instrument.lag.max_us == instrument.lag.max_us
    assert (back.instrument.pauses, back.instrument.fd_limit, back.instrument.cpu_share) == (
        instrument.pauses,
        instrument.fd_limit,
        instrument.cpu_share,
    )


@pytest.mark.parametrize(("pause", "stalls"), [(Pause(1.0, 4.0, 0.0), 0), (Pause(1.0, 2.2, 0.0), 1), (None, 1)])
def test_a_gap_in_which_the_generator_stood_still_is_no_stall_of_the_target(pause: Pause | None, stalls: int) -> None:
    assembly = Assembly(EnginePlan("run", "http://127.0.0.1:1", ("127.0.0.1",), (), (), 5, None, 0, 0, 10, 5))
    seen = engine_events.StallSeen(0.9, 4.1, 5, 5, ("shop",), True, False)
    watched = part(1000, pauses=(pause,) if pause else ())
    assembly.add(engine_events.Batch(0, 5.0, 5, 5, 5, {}, 0, {}, (seen,), instrument=watched))
    load = assembly.load()
    assert load is not None
    assert len(load.stalls) == stalls


def test_the_ceiling_of_several_engines_is_that_of_all_of_them() -> None:
    one = Calibration(3000, 0, 1.0, 0.1, Histogram.of_us(np.array([100])))
    whole = calibrated_together([one, None, Calibration(1000, 5, 1.2, 0.1, Histogram.of_us(np.array([300])))])
    assert whole is not None
    assert (whole.requests, whole.failed, whole.ceiling_per_s, whole.floor.total) == (4000, 5, 40_000, 2)
    assert calibrated_together([None]) is None
    assert calibrated_together([one, Calibration(skipped="no")]) == Calibration(skipped="no")
