"""A bug in the task, after a good request."""

from readiness.scenario import User, constant, task


class Raises(User):
    wait_time = constant(0.01)

    @task
    def item(self) -> None:
        self.client.get("/api/item")
        raise RuntimeError("bug in the scenario")
