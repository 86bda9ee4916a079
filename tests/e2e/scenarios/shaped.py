# mypy: ignore-errors
# an ordinary locustfile carries no types
"""A locustfile that brings its own course of the load."""

from locust import HttpUser, LoadTestShape, task


class Shopper(HttpUser):
    @task
    def look(self):
        self.client.get("/api/item")


class Waves(LoadTestShape):
    def tick(self):
        return (5, 5) if self.get_run_time() < 5 else None
