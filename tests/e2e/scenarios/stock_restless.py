"""Ordinary users that ask again at once: one kind by its user, one by a TaskSet."""

from locust import FastHttpUser, TaskSet, constant, task


class Shopper(FastHttpUser):
    wait_time = constant(0)

    @task
    def item(self) -> None:
        self.client.get("/api/item")


class Visitor(FastHttpUser):
    wait_time = constant(0)

    @task
    class Visit(TaskSet):
        @task
        def item(self) -> None:
            self.client.get("/api/visit")
