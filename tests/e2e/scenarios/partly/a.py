"""One of two scenarios that know nothing of each other."""

from readiness.scenario import User, constant, task


class A(User):
    wait_time = constant(0.01)

    @task
    def item(self) -> None:
        self.client.get("/api/item")
