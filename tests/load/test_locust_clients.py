"""Stock clients against scripted servers: each check runs in a patched child (tests/load/http/child.py)."""

import pytest

from tests.load.http.running import names, results
from tests.load.isolated import python

STOP = """
import json
import locust, gevent
from gevent.pool import Group
from locust import constant, task
from locust.env import Environment
from readiness.load.stopping import stop_user

begun, ended, stopped = [], [], []
class Shopper(locust.User):
    wait_time = constant(0)
    stop = stop_user
    @task
    def ask(self):
        begun.append(1)
        gevent.sleep(0.01)
        ended.append(1)
    def on_stop(self):
        stopped.append(self)
environment, group = Environment(user_classes=[Shopper]), Group()
users = [Shopper(environment) for _ in range(20)]
for user in users:
    user.start(group)
while len(begun) < 40 or not all(user._state == "waiting" for user in users):
    gevent.sleep(0)
for user in users:
    user.stop()
group.join()
print(json.dumps([len(begun), len(ended), len(set(stopped)), len(stopped), len(group)]))
"""

MANY_DESCRIPTORS = """
import json, os, resource
from tests.load.http.stock import HttpUser, FastHttpUser, READ, Server, idle, ok, user_of

_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
while os.open(os.devnull, os.O_RDONLY) < 1100:
    pass
with Server([READ, ok(b"x")] * 4, repeat=True) as server:
    users = [user_of(kind, server.url) for kind in (FastHttpUser, HttpUser)]
    for _ in range(4):
        for user, _ in users:
            user.client.get("/")
    lowest = min(idle(user).fileno() for user, _ in users)
print(json.dumps([lowest, [ledger.outcomes for _, ledger in users], server.connections]))
"""


@pytest.mark.parametrize("check", names("stock"))
def test_stock_clients(check: str) -> None:
    assert results("stock")[check] is None, results("stock")[check]


@pytest.mark.parametrize("check", names("fast"))
def test_fast_clients(check: str) -> None:
    assert results("fast")[check] is None, results("fast")[check]


def test_no_user_is_stopped_in_the_middle_of_a_task_that_began_while_it_was_to_end() -> None:
    begun, ended, stopped, calls, running = python(STOP)
    assert begun == ended > 20
    assert (stopped, calls, running) == (20, 20, 0)


def test_descriptors_from_1024_on_keep_their_connections() -> None:
    lowest, outcomes, connections = python(MANY_DESCRIPTORS)
    assert lowest >= 1024
    assert (outcomes, connections) == ([["ok"] * 4] * 2, 2)
