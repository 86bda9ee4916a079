"""Every user tells the target once that it came; and the code holds the CPU when asked to."""

from readiness.scenario import User, constant, task


class Starts(User):
    wait_time = constant(0.1)

    def on_start(self) -> None:
        self.client.post("/api/start", json={"user": self.account_number})

    @task
    def item(self) -> None:
        self.client.get("/api/item")
