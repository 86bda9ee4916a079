"""A user whose stream is cut at times."""

from readiness.scenario import User, constant, task


class Reader(User):
    wait_time = constant(0.01)

    @task
    def ask(self) -> None:
        for _ in self.client.get("/dies/4", name="/chat", stream=True).events():
            pass
