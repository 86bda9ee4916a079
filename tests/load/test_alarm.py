"""Waking at a time: never before it, and whoever is woken early or killed leaves the alarm usable."""

from __future__ import annotations

import pytest

from tests.load.isolated import python

CODE = """
import json, sys, time
import locust, gevent
from readiness.load import alarm
given = json.load(sys.stdin)
if not given["timerfd"]:
    alarm._timer = lambda: (None, -1)
clock = alarm.Alarm()
late, early = [], 0
for ahead_s in [0.0, -1.0, 1e-5, 0.0003, 0.002, 0.05] * 5:
    at_s = time.perf_counter() + ahead_s
    clock.sleep_until(at_s)
    early += time.perf_counter() < at_s - (0 if clock._fd >= 0 else 0.002)
others = []
gevent.spawn(lambda: others.append("ran"))
for _ in range(100):  # more than once where this process itself was late: what is past is not waited for
    clock.sleep_until(time.perf_counter() + 0.01)
    if others:
        break
sleeper = gevent.spawn(clock.sleep_until, time.perf_counter() + 100)
gevent.sleep(0.01)
sleeper.kill()
start_s = time.perf_counter()
clock.sleep_until(start_s + 0.02)
again_s = time.perf_counter() - start_s
own = clock._fd >= 0
clock.close()
clock.close()
print(json.dumps({"early": early, "others": others, "again_s": again_s, "timerfd": own}))
"""


@pytest.mark.parametrize("timerfd", [True, False])
def test_nobody_is_woken_early_others_run_meanwhile_and_a_kill_does_no_harm(timerfd: bool) -> None:
    seen = python(CODE, {"timerfd": timerfd})
    assert (seen["early"], seen["others"]) == (0, ["ran"])
    assert 0.02 <= seen["again_s"] < 20
    assert timerfd or not seen["timerfd"]
