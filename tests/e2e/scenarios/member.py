"""Somebody who logs in once, and then asks with the cookie."""

from readiness.scenario import User, constant, task


class Member(User):
    wait_time = constant(0.05)

    def on_start(self) -> None:
        self.client.get("/login")

    @task
    def look(self) -> None:
        self.client.get("/stock")
