"""One API call that trusts the status."""

from readiness.scenario import User, constant, task


class Bare(User):
    wait_time = constant(0.005)

    @task
    def item(self) -> None:
        self.client.get("/api/item")
