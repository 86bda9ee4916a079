"""A user who reads a stream with one gap to its end, and then a page that begins long before it ends."""

from readiness.scenario import User, constant, task


class Reader(User):
    wait_time = constant(0.01)

    @task
    def ask(self) -> None:
        answer = self.client.get("/events/100/300", name="/chat", stream=True)
        words = [event.data for event in answer.events()]
        if answer.ok:
            assert words == ["one", "two", "two", "two", "[DONE]"]
        self.client.get("/parts/50/200", name="/page")
