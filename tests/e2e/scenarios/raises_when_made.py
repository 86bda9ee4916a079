"""A bug before the user is there; one user in two has it."""

from typing import Any

from locust import FastHttpUser, constant, task


class Fine(FastHttpUser):
    wait_time = constant(0.01)

    @task
    def item(self) -> None:
        self.client.get("/api/item")


class RaisesWhenMade(Fine):
    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        raise RuntimeError("bug before the user is there")
