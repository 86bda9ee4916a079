"""What ordinary hacks of a locustfile do to its own process never makes a green, and is told with file and line."""

from __future__ import annotations

import re

import pytest

from tests.e2e.conftest import LOOSE, Cli
from tests.faultd.fixture import StartFaultd

HEAD = """import gevent, os, sys, time
import requests
from locust import HttpUser, constant, events, task
from requests.adapters import BaseAdapter

class Shop(HttpUser):
    wait_time = constant(0.1)
"""
HACKS = (
    HEAD
    + """
    @task
    def fork(self):
        os.fork()
    @task
    def leave(self):
        os._exit(0)
    @task
    def kill(self):
        os.kill(os.getpid(), 15)
    @task
    def grow(self):
        self.environment.runner.spawn_users({"Shop": 9})
    @task
    def ask(self):
        input()
    @task
    def end(self):
        gevent.get_hub().destroy()
    @task
    def look(self):
        self.client.get("/api/item")

class Fake(BaseAdapter):
    def send(self, request, **_):
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = 200, request.url, request
        return answer
    def close(self): pass

class Cheat(HttpUser):
    wait_time = constant(0.1)
    def on_start(self):
        self.client.mount("http://", Fake())
    @task
    def look(self):
        self.client.get("/api/made-up")

@events.quitting.add_listener
def gate(**_):
    sys.exit(3)
"""
)
TOLD = (
    "hacks.py:11 in fork: NotHere: os.fork copies the load generator",
    "hacks.py:14 in leave: NotHere: os._exit ends the load generator",
    "hacks.py:17 in kill: NotHere: os.kill of its own process ends the load generator",
    "hacks.py:20 in grow: NotHere: runner.spawn_users starts or stops users",
    "hacks.py:23 in ask: EOFError",
    "hacks.py:26 in end: NotHere: gevent.get_hub().destroy ends",
    "no request was sent for answers that were made by the adapter Fake (hacks.py:32)",
    "it says that the test failed: hacks.py:48 in gate: SystemExit: 3",
)


def test_a_file_that_ends_copies_or_fakes_the_load_is_in_doubt_with_its_lines(cli: Cli, faultd: StartFaultd) -> None:
    """Everything else goes on: the process lives to the end of its load."""
    (file := cli.folder / "hacks.py").write_text(HACKS)
    server = faultd()
    result = cli.run(server.url, "--users", "8", scenario=str(file), checks=LOOSE, duration="3s")
    assert result.exit_code == 3, str(result)
    told = "\n".join(result.run["load"]["script_errors"])
    for text in TOLD:
        assert text in told, told
    assert result.run["load"]["judged_end_s"] > 2.8
    assert server.seen("/api/made-up") == 0 < server.seen("/api/item")


ENDS = {
    "in a task": "    @task\n    def look(self):\n        sys.exit(0)\n",
    "in a listener": "    @task\n    def look(self): pass\n@events.test_start.add_listener\ndef go(**_): sys.exit(0)\n",
    "by a timer": (
        "    @task\n    def look(self): pass\n@events.init.add_listener\n"
        "def go(**_): gevent.spawn_later(0.5, os._exit, 0); gevent.spawn_later(1, sys.exit)\n"
    ),
    "by quit": (
        "    @task\n    def look(self): pass\n@events.init.add_listener\n"
        "def go(environment, **_): environment.runner.quit()\n"
    ),
}


@pytest.mark.parametrize("way", ENDS)
def test_a_file_that_ends_the_program_ends_its_load_and_says_where(cli: Cli, faultd: StartFaultd, way: str) -> None:
    (file := cli.folder / "ends.py").write_text(HEAD + ENDS[way])
    result = cli.run(faultd().url, scenario=str(file), checks=LOOSE, duration="60s")
    assert result.exit_code == 3, str(result)
    told = result.run["load"]["script_errors"]
    if way == "by a timer":
        assert "NotHere: os._exit ends the load generator" in told[0]
        assert "it ended the program, and with it the load" in told[1]
    else:
        assert any("ends.py:1" in text and "ended the" in text for text in told)
    assert result.run["load"]["judged_end_s"] < 40


def test_a_file_that_turns_the_clock_is_refused(cli: Cli, faultd: StartFaultd) -> None:
    clock = "    @task\n    def look(self): pass\ntime.time = lambda: 0.0\n"
    (file := cli.folder / "clock.py").write_text(HEAD + clock)
    result = cli.run(faultd().url, scenario=str(file))
    assert result.exit_code == 2, str(result)
    assert "clock.py: replaces time.time (clock.py:10)" in result.said


IDLE = (
    HEAD
    + """
class Count:
    calls = 0
@task
def work(user):
    user.client.get("/api/item")
    Count.calls += 1
    if Count.calls == 60:
        until = time.perf_counter() + 2
        while time.perf_counter() < until:
            pass
    if Count.calls > 150:
        time.sleep(100)
Shop.tasks = [work]
"""
)
USUAL = (
    HEAD
    + """
    @task
    def think(self):
        self.client.get("/api/item")
        time.sleep(1)
class Rare(HttpUser):
    wait_time = constant(60)
    @task
    def look(self):
        self.client.get("/api/item")
"""
)


def test_a_load_that_stays_in_the_file_is_in_doubt_with_the_line_and_pauses_of_users_are_not(
    cli: Cli, faultd: StartFaultd
) -> None:
    (file := cli.folder / "idle.py").write_text(IDLE)
    result = cli.run(faultd().url, "--users", "5", scenario=str(file), checks=LOOSE, duration="12s")
    assert result.exit_code == 3, str(result)
    assert re.search(r"held by idle\.py:1[67] in work", str(result.report["doubts"]))
    (told,) = result.run["load"]["script_errors"]
    assert "did not wait for the service: they were in idle.py:20 in work" in told
    (file := cli.folder / "usual.py").write_text(USUAL)
    result = cli.run(faultd().url, "--users", "6", scenario=str(file), checks=LOOSE, duration="8s")
    assert "script_errors" not in result.run["load"], str(result)


SILENT = """
import select, socket, time
from locust import User, constant, task

class Waiter(User):
    wait_time = constant(0.1)

    def on_start(self):
        self.socket = socket.create_connection(ADDRESS, timeout=PATIENCE_S)

    def ask(self):
        self.socket.sendall(b"GET /api/item HTTP/1.1\\r\\nHost: here\\r\\n\\r\\n")
        if SELECTS:
            select.select([self.socket], [], [])
        return len(self.socket.recv(9000))

    @task
    def look(self):
        if MEASURES:
            with self.environment.events.request.measure("RAW", "item"):
                self.ask()
            return
        began_s, error = time.perf_counter(), None
        try:
            self.ask()
        except TimeoutError as problem:
            error = problem
            self.on_start()
        took_ms = 1000 * (time.perf_counter() - began_s)
        self.environment.events.request.fire(
            request_type="RAW", name="item", response_time=took_ms, response_length=1, exception=error, context={}
        )
"""


@pytest.mark.parametrize(
    ("selects", "measures", "patience_s", "line"),
    [(False, False, None, 15), (True, False, None, 14), (False, True, None, None), (False, False, 1.0, None)],
    ids=["recv", "select", "in a block of measure", "told as a timeout"],
)
def test_users_that_wait_for_a_silent_service_are_told_as_such_unless_a_request_has_their_wait(
    cli: Cli, faultd: StartFaultd, selects: bool, measures: bool, patience_s: float | None, line: int | None
) -> None:
    server = faultd(mode="hang", after=60)
    host, port = server.url.removeprefix("http://").split(":")
    text = SILENT.replace("ADDRESS", f"({host!r}, {port})").replace("PATIENCE_S", str(patience_s))
    text = text.replace("SELECTS", str(selects)).replace("MEASURES", str(measures))
    (file := cli.folder / "silent.py").write_text(text)
    result = cli.run(server.url, "--users", "5", scenario=str(file), checks=LOOSE, duration="10s")
    told = result.run["load"].get("script_errors", [])
    if line is None:
        assert not told, str(result)
        assert measures or result.ledger["failed"]["timeout"] >= 5
        return
    assert result.exit_code == 3, str(result)
    waited = rf"the locustfile: 5 users waited at the target's socket since \d s: silent\.py:{line} in ask; no latency"
    assert re.match(waited, told[0]), told
    assert result.report["inconclusive_cause"] == "measurement in doubt"


def test_a_file_that_never_gives_its_turn_back_is_told_with_its_line(cli: Cli, faultd: StartFaultd) -> None:
    (file := cli.folder / "endless.py").write_text(HEAD + "    @task\n    def look(self):\n        while True: pass\n")
    result = cli.run(faultd().url, scenario=str(file), checks=LOOSE, duration="5s")
    assert result.exit_code == 3, str(result)
    assert "held by the locustfile (endless.py:10 in look)" in str(result.report["doubts"])


FAKED = (
    HEAD
    + """
class Fake:
    def __init__(self, hook):
        self.hook = hook
    def get(self, name):
        time.sleep(0.005)
        self.hook.fire(request_type="GET", name=name, response_time=5, response_length=3, exception=None, context={})

class Made(User):
    wait_time = constant(0.1)
    @task
    def look(self):
        Fake(self.environment.events.request).get("/api/item")

class Held(Made):
    def on_start(self):
        self.held = [socket.create_connection(ADDRESS) for _ in range(COUNT)]

class Used(Held):
    @task
    def look(self):
        self.held[0].sendall(b"GET /api/item HTTP/1.1\\r\\nHost: here\\r\\n\\r\\n")
        assert self.held[0].recv(9000)
        Fake(self.environment.events.request).get("/api/item")

class Many(Used):
    @task
    def look(self):
        super().look()
        for _ in range(4):
            Fake(self.environment.events.request).get("/api/item")

class Beside(HttpUser):
    wait_time = constant(0.1)
    more = ["/api/more"] * 9
    @task
    def look(self):
        self.client.get("/api/item")
        for name in self.more:
            Fake(self.environment.events.request).get(name)

class Summed(Beside):
    more = ["first byte", "whole page", "journey"]

for one in (Shop, Made, Held, Used, Many, Beside, Summed):
    one.abstract = one is not KIND
"""
)


@pytest.mark.parametrize(
    ("kind", "count", "told"),
    [
        ("Made", 0, r"requests itself \(faked.py:17 in get\), and no connection"),
        ("Held", 1, r"good requests itself \(faked.py:17 in get\), and for \d+ of them not one byte moved on its"),
        ("Used", 1, None),
        ("Many", 1, None),
        ("Beside", 1, r"requests itself \(faked.py:17 in get\), and no connection"),
        ("Summed", 1, None),
        ("Held", 1_300, r"descriptors open for 2 users \(faked.py:2\d in"),
    ],
)
def test_requests_that_a_file_tells_of_without_bytes_on_a_connection_are_in_doubt_and_so_are_a_thousand_connections(
    cli: Cli, faultd: StartFaultd, kind: str, count: int, told: str | None
) -> None:
    """Bytes are enough: what the file says with them is a protocol that nobody else knows.

    Beside requests of Locust's client it may sum them up, or tell of their parts, and no more.
    """
    server = faultd()
    host, port = server.url.removeprefix("http://").split(":")
    text = f"import socket\nfrom locust import User\nADDRESS, COUNT = ({host!r}, {port}), {count}\n"
    text += FAKED.replace("KIND", kind)
    (file := cli.folder / "faked.py").write_text(text)
    result = cli.run(server.url, "--users", "2", scenario=str(file), checks=LOOSE, duration="3s")
    assert result.run["load"], str(result)
    texts = result.run["load"].get("script_errors", [])
    assert bool(texts) == (told is not None), texts
    if told is not None:
        assert result.exit_code == 3, str(result)
        assert any(re.search(told, text) for text in texts), texts
