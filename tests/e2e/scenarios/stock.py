"""One page that asks the service's dependency."""

from readiness.scenario import User, constant, task


class Visitor(User):
    wait_time = constant(0.05)

    @task
    def look(self) -> None:
        self.client.get("/stock")
