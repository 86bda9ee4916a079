# mypy: ignore-errors
# ruff: noqa: RUF012, SIM117
# an ordinary locustfile carries no types
"""Every way to leave a `catch_response` block. Each user does everything once, so the counts are exact."""

import time

from locust import FastHttpUser, HttpUser, constant, task
from locust.exception import InterruptTaskSet, RescheduleTask


class Api:
    """What many files put in the place of the session."""

    def __init__(self, session):
        self.session = session

    def get(self, path, **words):
        return self.session.get(path, **words)


def everything(self):
    with self.client.get("/api/outer", catch_response=True) as outer:
        with self.client.get("/api/middle", catch_response=True) as middle:
            self.client.get("/api/inner")
            middle.success()
        outer.failure("found wanting")
    with self.client.get("/api/page", catch_response=True):
        time.sleep(1.2)  # somebody reads it
    with self.client.get("/api/first", catch_response=True) as first:
        with self.client.get("/api/second", catch_response=True) as second:
            first.failure("after the second")
            second.success()
    with self.client.get("/api/stream", stream=True, catch_response=True) as stream:
        stream.success()
    try:
        with self.client.get("/api/gone/on", name="/api/gone_on", catch_response=True) as response:
            response.success()
            raise RescheduleTask()
    except RescheduleTask:
        pass
    try:
        with self.client.get("/api/failed/and/on", name="/api/failed_and_on", catch_response=True) as response:
            response.failure("and on")
            raise InterruptTaskSet()
    except InterruptTaskSet:
        pass
    for _ in range(3):
        self.client.get("/api/plain")


class Requests(HttpUser):
    wait_time = constant(1000)
    tasks = [everything]


class Fast(FastHttpUser):
    wait_time = constant(1000)
    tasks = [everything]


class Replaced(HttpUser):
    wait_time = constant(1000)

    def __init__(self, *args, **words):
        super().__init__(*args, **words)
        self.client = Api(self.client)

    @task
    def look(self):
        self.client.get("/api/replaced")
        self.client.get("/api/unjudged", catch_response=True)  # Locust tells nobody of it; the ledger has it
