# mypy: ignore-errors
# an ordinary locustfile carries no types
"""A client of its own, once as Locust measures it and once as our User does. The third call of each never ends."""

import gevent
from locust import User, constant, task

from readiness.scenario import User as OurUser


class Plain(User):
    wait_time = constant(0.1)

    @task
    def call(self):
        measure = self.environment.events.request.measure
        with measure("gRPC", "Plain"):
            gevent.sleep(0.05)
        with measure("gRPC", "Plain") as request:
            request["exception"] = ConnectionResetError("gone")
        with measure("gRPC", "Plain hangs"):
            gevent.sleep(1000)


class Ours(OurUser):
    wait_time = constant(0.1)

    @task
    def call(self):
        with self.measure("gRPC", "Ours"):
            gevent.sleep(0.05)
        with self.measure("gRPC", "Ours"):
            raise ConnectionResetError("gone")
        with self.measure("gRPC", "Ours hangs"):
            gevent.sleep(1000)
