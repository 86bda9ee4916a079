"""Asks again at once: so many users, so many requests at any time."""

from readiness.scenario import User, task


class Restless(User):
    @task
    def item(self) -> None:
        self.client.get("/api/item")
