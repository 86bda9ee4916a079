"""Nobody listens to Locust's `request` event here, so none is built: it would cost as much as the request."""

from readiness.scenario import User, constant, task


class Unheard(User):
    wait_time = constant(0.05)

    @task
    def ask(self) -> None:
        if self.client.on_request is not None:
            raise RuntimeError("somebody listens")
        self.client.get("/api/item")
