"""An open load's ledger: every intended arrival is sent or dropped, whatever the users do and whenever it ends."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.load.isolated import python

CASES = """
import json, random, sys, time
import locust, gevent
from locust.env import Environment
from readiness.load.arrivals import Arrivals
from readiness.load.generator_health import Sentinel
from readiness.load.phases import Phase
from readiness.load.engine_plan import EnginePlan
from readiness.load.recorder import Recorder
from readiness.load import generator_health

generator_health._LATE_S = 100  # a busy machine holds the engine up, and then it makes no users
class Shop(locust.User):
    def on_start(self):
        self.client = None
    @locust.task
    def buy(self):
        what = dice.choice(case["tasks"])
        if what == "nothing":
            return
        if what == "raise":
            raise RuntimeError("a bug")
        if what == "think":
            return gevent.sleep(10)
        call = recorder.begin("shop", "GET /", time.perf_counter())
        if what == "block":
            end = time.perf_counter() + 0.03
            while time.perf_counter() < end: pass
        if what in ("slow", "hang"):
            gevent.sleep(10 if what == "hang" else 0.02)
        recorder.end(call, time.perf_counter(), "http_5xx" if what == "fail" else None)

out = []
for case in json.load(sys.stdin):
    dice = random.Random(case["seed"])
    recorder = Recorder()
    recorder.open = True
    course = tuple(Phase(*phase) for phase in case["course"])
    plan = EnginePlan("r", "http://x", (), (), (), case["users"], 50.0, 0, 0, 1, case["timeout_s"], phases=course,
                      seed=case["seed"], poisson=case["poisson"])
    environment = Environment(user_classes=[Shop], events=locust.events, stop_timeout=0.05)
    runner = environment.create_local_runner()
    start_s = recorder.start_s = time.perf_counter()
    recorder.judged_from_s, recorder.judged_until_s = start_s + 0.05, start_s + 0.15
    load = Arrivals(plan, recorder, Sentinel(recorder), runner, [Shop])
    load.start()
    gevent.sleep(case["stop_s"])
    held_until_s = time.perf_counter() + case["hold_s"]
    while time.perf_counter() < held_until_s: pass  # the engine is held; arrivals become due meanwhile
    asked_s = time.perf_counter() - start_s
    load.stop()
    stopped_s = time.perf_counter() - start_s
    left = recorder.close(time.perf_counter())
    batch = recorder.take(time.perf_counter() - start_s, 0)
    ended = sum(c.ok.total + sum(c.failed.values()) for c in batch.cells.values())
    from readiness.load.arrivals import schedule
    due = [at for at in schedule(plan)]
    out.append({
        "intended": sum(i for i, _, _ in recorder.arrivals.values()),
        "unanswered": sum(u for _, _, u in recorder.arrivals.values()),
        "dropped": sum(d for _, d, _ in recorder.arrivals.values()), "begun": recorder.begun, "ended": ended,
        "left": sum(left.values()), "due": sum(at < asked_s for at in due),
        "due_late": sum(at < stopped_s for at in due),
        "judged": list(recorder.arrivals.get(0, (0, 0, 0))),
    })
print(json.dumps(out))
"""

COURSES = st.lists(
    st.tuples(st.sampled_from(["ramp", "hold"]), st.floats(1, 600), st.floats(0.01, 0.15), st.just(0)),
    min_size=1,
    max_size=3,
)
CASE = st.fixed_dictionaries(
    {
        "course": COURSES,
        "users": st.integers(1, 8),
        "timeout_s": st.sampled_from([0.01, 5]),
        "poisson": st.booleans(),
        "seed": st.integers(0, 99),
        "stop_s": st.floats(0.01, 0.2),
        "hold_s": st.sampled_from([0.0, 0.05]),
        "tasks": st.lists(
            st.sampled_from(["answer", "fail", "slow", "hang", "block", "nothing", "raise", "think"]),
            min_size=1,
            max_size=5,
        ),
    }
)


STEADY = [("hold", 200.0, 0.3, 0)]
HARD = [
    {
        "course": STEADY,
        "users": users,
        "timeout_s": timeout_s,
        "poisson": False,
        "seed": 1,
        "stop_s": 0.1,
        "hold_s": hold_s,
        "tasks": [task],
    }
    for users, timeout_s, hold_s, task in (
        (8, 5, 0.05, "answer"),
        (8, 5, 0.0, "block"),
        (1, 5, 0.0, "hang"),
        (2, 5, 0.05, "slow"),
        (1, 0.01, 0.0, "hang"),
        (1, 0.01, 0.0, "think"),
    )
]
"""Held at the end, so that arrivals are never reached; users that block each other, so that turns never come; users
that all wait for the service, with room for more of them and without; users that think while nobody is free."""


@settings(max_examples=2, deadline=None)
@example(HARD)
@given(st.lists(CASE, min_size=8, max_size=8))
def test_every_intended_arrival_is_sent_or_dropped_and_every_request_accounted_for(cases: list[dict[str, Any]]) -> None:
    silent = {"nothing", "raise", "think"}
    for case, seen in zip(cases, python(CASES, cases), strict=True):
        assert seen["begun"] == seen["ended"] + seen["left"]
        assert seen["due"] <= seen["intended"] <= seen["due_late"], "arrivals that were due are missing"
        sent = seen["intended"] - seen["dropped"]
        assert sent >= 0
        if not silent & set(case["tasks"]):
            assert sent == seen["begun"], "an arrival that was not dropped sent no request"
        assert seen["judged"][1] <= seen["judged"][0] <= seen["intended"]
        assert seen["unanswered"] <= seen["dropped"]
        if case["tasks"] == ["think"]:
            assert seen["unanswered"] == 0, "nobody waited for the service"


def test_users_are_made_while_the_service_keeps_all_waiting_and_what_is_lost_beyond_them_is_the_services() -> None:
    grown, limited, thinking = (seen for seen in python(CASES, HARD[2:3] + HARD[4:]))
    assert grown["dropped"] == 0 < grown["left"]
    assert limited["dropped"] > 0
    assert limited["unanswered"] > 0
    assert thinking["dropped"] > 0
