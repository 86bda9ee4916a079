"""Answers that begin 50 ms after the request and end 200 ms later."""

from readiness.scenario import User, constant, task


class Reader(User):
    wait_time = constant(0.01)

    @task
    def page(self) -> None:
        self.client.get("/parts/50/200", name="/page")
