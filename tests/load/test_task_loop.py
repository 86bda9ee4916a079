"""Our task loop against Locust's own: the same class under both must tell the same story."""

import json
import subprocess
import sys

import pytest

IMPORTS = """
import locust, json, logging, math, sys
import gevent
from gevent.pool import Group
from locust import TaskSet, constant, task
from locust.env import Environment
from locust.exception import *
from readiness.scenario import User as Lean

logging.disable(logging.CRITICAL)
lean, stories = Lean.run, {}
"""
BOTH = """
def story(run):
    told = []
    class User(Lean):
        wait_time = constant(0.01)
        count = 0
        def on_start(self): told.append("on_start")
        def on_stop(self): told.append("on_stop")
        def step(self):
            self.count += 1
            told.append(f"task {self.count} {self._state}")
            return self.count
BODY
    User.run = run
    environment = Environment(user_classes=[User], host="http://127.0.0.1:1", catch_exceptions=CATCH)
    environment.events.user_error.add_listener(lambda exception, **_: told.append(f"error {exception!r}"))
    def quiet(*_): pass
    gevent.get_hub().print_exception = quiet
    user, group = User(environment), Group()
    greenlet = user.start(group)
    def stopper():
        while user.count < STOP_AT:  # however slow this machine is, both are stopped at the same place
            gevent.sleep(0.01)
        told.append("stop")
        user.stop(force=FORCE)
    stopping = gevent.spawn(stopper)
    greenlet.join()
    stopping.kill()
    told.append(type(greenlet.exception).__name__ if greenlet.ready() else "still running")
    return told

stories["NAME"] = [story(locust.User.run), story(lean)]
"""
ENDLESS = """
        @task
        def one(self):
            if self.step() >= 3: gevent.sleep(0.5)
"""
STOPS = """
        @task
        def one(self):
            if self.step() == 3: raise StopUser()
"""
CASES = {
    "a graceful stop lets the task end": (ENDLESS, {"STOP_AT": "3"}),
    "a forced stop kills the task": (ENDLESS, {"STOP_AT": "3", "FORCE": "True"}),
    "a stop while waiting": ("        wait_time = constant(50)\n" + STOPS, {"STOP_AT": "1"}),
    "StopUser ends the user": (STOPS, {}),
    "StopTest ends the user": (STOPS.replace("StopUser", "StopTest"), {}),
    "a user that never waits is stopped all the same": (
        "        wait_time = constant(0)\n        @task\n        def one(self): self.count += 1\n", {"STOP_AT": "9"}
    ),
    "an exception is told and the user goes on": (
        STOPS + "            raise ValueError(self.count)\n", {}
    ),
    "an exception ends the user where the environment says so": (
        STOPS + "            raise ValueError(self.count)\n", {"CATCH": "False"}
    ),
    "rescheduling with and without the wait": (
        STOPS + "            raise (RescheduleTaskImmediately if self.count % 2 else RescheduleTask)()\n", {}
    ),
    "interrupting what is no task set": (STOPS + "            raise InterruptTaskSet()\n", {}),
    "an error in on_start": (STOPS + "        def on_start(self): told.append('starts'); raise ValueError(1)\n", {}),
    "StopUser in on_start": (STOPS + "        def on_start(self): told.append('starts'); raise StopUser()\n", {}),
    "a wait time that is no number": (STOPS + "        def wait_time(self): told.append('wait'); return None\n", {}),
    "a wait time that raises": (STOPS + "        def wait_time(self): told.append('wait'); return 1 / 0\n", {}),
    "no tasks": ("        def wait_time(self): return 0.01 if self.step() < 3 else 50\n", {"STOP_AT": "3"}),
    "a task set inside": ("""
        @task
        class Inner(TaskSet):
            def on_start(self): told.append("inner start")
            def on_stop(self): told.append("inner stop")
            @task
            def one(self):
                if self.user.step() == 4: raise StopUser()
                if self.user.count % 2: self.interrupt(reschedule=self.user.count == 3)
""", {}),
    "tasks by list": ("        tasks = [lambda user: user.step() >= 3 and user.stop()]\n", {}),
}  # fmt: skip


@pytest.fixture(scope="module")
def stories() -> dict[str, list[list[str]]]:
    """By case, what happened under Locust's loop and under ours; one process for all, since Locust starts slowly."""
    code = [IMPORTS]
    for name, (body, settings) in CASES.items():
        both = BOTH.replace("BODY", body).replace("FORCE", settings.get("FORCE", "False")).replace("NAME", name)
        both = both.replace("CATCH", settings.get("CATCH", "True"))
        code.append(both.replace("STOP_AT", settings.get("STOP_AT", "math.inf")))  # the others end by themselves
    code.append("print(json.dumps(stories))")
    line = [sys.executable, "-c", "\n".join(code)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[list[str]]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", CASES)
def test_our_loop_tells_the_same_story_as_locusts(name: str, stories: dict[str, list[list[str]]]) -> None:
    theirs, ours = stories[name]
    assert len(theirs) > 1
    assert ours == theirs
