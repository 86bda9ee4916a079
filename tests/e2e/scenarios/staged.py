# mypy: ignore-errors
# an ordinary locustfile carries no types
"""A shape with stages, and with user classes of its own in two of them."""

from locust import HttpUser, LoadTestShape, constant_pacing, task


class Early(HttpUser):
    wait_time = constant_pacing(0.25)

    @task
    def look(self):
        self.client.get("/api/early")


class Late(HttpUser):
    wait_time = constant_pacing(0.25)

    @task
    def look(self):
        self.client.get("/api/late")


class Stages(LoadTestShape):
    stages = ((4, 3, [Early]), (8, 6, [Late]), (11, 2, [Late]))

    def tick(self):
        for until_s, users, classes in self.stages:
            if self.get_run_time() < until_s:
                return users, users, classes
        return None
