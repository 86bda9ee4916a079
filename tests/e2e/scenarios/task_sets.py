"""Tasks in classes, one of them inside another."""

from locust import HttpUser, SequentialTaskSet, TaskSet, constant, task


class Browsing(TaskSet):
    @task
    def item(self) -> None:
        self.client.get("/api/item")

    @task
    class Buying(SequentialTaskSet):
        @task
        def bag(self) -> None:
            self.client.get("/api/bag")

        @task
        def leave(self) -> None:
            self.client.get("/api/leave")
            self.interrupt()  # type: ignore[no-untyped-call]


class Shopper(HttpUser):
    wait_time = constant(0.01)
    tasks = [Browsing]  # noqa: RUF012
