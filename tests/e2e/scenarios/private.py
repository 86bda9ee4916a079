"""Somebody who logs in once, and checks that the page is the one that only members see."""

from readiness.scenario import User, constant, task


class Member(User):
    wait_time = constant(0.05)

    def on_start(self) -> None:
        self.client.get("/login")

    @task
    def look(self) -> None:
        with self.client.get("/private", catch_response=True) as answer:
            if b'"ok"' not in answer.content:
                answer.failure("not the page")
