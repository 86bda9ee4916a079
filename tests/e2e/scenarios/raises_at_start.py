"""A bug before the first task."""

from readiness.scenario import User, constant, task


class RaisesAtStart(User):
    wait_time = constant(0.01)

    def on_start(self) -> None:
        self.client.get("/api/login")
        raise RuntimeError("bug before the first task")

    @task
    def item(self) -> None:
        self.client.get("/api/item")
