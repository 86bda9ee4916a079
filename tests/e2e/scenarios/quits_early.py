# mypy: ignore-errors
# an ordinary locustfile carries no types
"""Ends its load by itself, while its users are in the middle of a task; and one class is only a base, without tasks."""

import time

import gevent
from locust import HttpUser, constant, events, task
from locust.exception import StopUser


class Base(HttpUser):
    wait_time = constant(0.25)


class Shop(Base):
    @task
    def buy(self):
        self.client.get("/api/first")
        time.sleep(2.5)
        self.client.get("/api/second")
        raise StopUser


@events.test_start.add_listener
def end_soon(environment, **_):
    gevent.spawn_later(1.1, environment.runner.quit)
