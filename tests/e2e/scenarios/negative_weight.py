"""A user class that can get no users."""

from readiness.scenario import User, task


class Nobody(User):
    weight = -1

    @task
    def item(self) -> None:
        self.client.get("/api/item")
