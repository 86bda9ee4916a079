"""Scenario code that needs all of the engine's CPU."""

import time

from readiness.scenario import User, constant, task


class Burns(User):
    wait_time = constant(0)

    @task
    def item(self) -> None:
        end_s = time.perf_counter() + 0.002
        while time.perf_counter() < end_s:
            pass
        self.client.get("/api/item")
