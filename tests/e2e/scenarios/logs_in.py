"""A user who must log in first, and ends where that fails."""

from readiness.scenario import User, constant, task


class LogsIn(User):
    wait_time = constant(0.05)

    def on_start(self) -> None:
        self.client.post("/login", json={"name": "someone"}).raise_for_status()

    @task
    def item(self) -> None:
        self.client.get("/api/item")
