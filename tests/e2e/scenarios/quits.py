"""A scenario that ends the load by itself."""

from locust import HttpUser, constant, task


class Quits(HttpUser):
    wait_time = constant(0.01)
    asked = 0

    @task
    def item(self) -> None:
        self.client.get("/api/item")
        self.asked += 1
        if self.asked == 20:
            self.environment.runner.quit()
