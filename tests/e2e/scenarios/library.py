# mypy: ignore-errors
# an ordinary script carries no types
"""Locust used as a library, as Locust's own documentation shows it."""

import gevent
from locust import HttpUser, events, task
from locust.env import Environment


class Shopper(HttpUser):
    @task
    def look(self):
        self.client.get("/api/item")


runner = Environment(user_classes=[Shopper], events=events).create_local_runner()
runner.start(1, spawn_rate=10)
gevent.spawn_later(60, runner.quit)
runner.greenlet.join()
