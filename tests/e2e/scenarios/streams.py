"""A user who reads a stream to its end, one that stands still in it once, and a page beside it."""

from readiness.scenario import User, constant, task


class Reader(User):
    wait_time = constant(0.01)

    @task
    def ask(self) -> None:
        answer = self.client.get("/events/100/300", name="/chat", stream=True)
        words = [event.data for event in answer.events()]
        if answer.ok:
            assert words == ["one", "two", "two", "two", "[DONE]"]
        self.client.get("/page")
