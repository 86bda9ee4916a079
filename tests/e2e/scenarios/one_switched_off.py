"""Two user classes, one of them switched off."""

from readiness.scenario import User, constant, task


class On(User):
    wait_time = constant(0.01)

    @task
    def item(self) -> None:
        self.client.get("/api/on")


class Off(User):
    weight = 0

    @task
    def item(self) -> None:
        self.client.get("/api/off")
