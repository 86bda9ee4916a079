# mypy: ignore-errors
# an ordinary locustfile carries no types
"""A load that never stands still."""

from locust import HttpUser, LoadTestShape, constant_pacing, task


class Shop(HttpUser):
    wait_time = constant_pacing(0.25)

    @task
    def look(self):
        self.client.get("/api/item")


class Waves(LoadTestShape):
    """Between one and five users, up and down."""

    use_common_options = True

    def tick(self):
        now = self.get_run_time()
        options = self.runner.environment.parsed_options
        if now >= options.run_time:
            return None
        return 1 + abs(int(now) % 8 - 4), 10
