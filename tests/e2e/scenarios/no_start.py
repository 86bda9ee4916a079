"""One page. The word on_start stands here, and nowhere in the code."""

from readiness.scenario import User, constant, task


class Visitor(User):
    wait_time = constant(0.05)

    @task
    def look(self) -> None:  # no on_start
        self.client.get("/stock")
