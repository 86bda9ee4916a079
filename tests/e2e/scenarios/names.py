"""Ids in the names of requests: a new endpoint with every request."""

import itertools

from readiness.scenario import User, constant, task

numbers = itertools.count()


class Names(User):
    wait_time = constant(0)

    @task
    def item(self) -> None:
        self.client.get("/api/item", name=f"GET /api/{next(numbers)}")
