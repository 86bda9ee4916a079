"""Ordinary users that ask again at once: one kind by its own task, one by a TaskSet too."""

from locust import FastHttpUser, TaskSet, constant, task


class Shopper(FastHttpUser):
    wait_time = constant(0)

    @task
    def item(self) -> None:
        self.client.get("/api/item")


class Visitor(Shopper):
    @task
    class Visit(TaskSet):
        @task
        def item(self) -> None:
            self.client.get("/api/visit")
