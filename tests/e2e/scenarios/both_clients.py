"""A user of ours and an ordinary one of Locust, which asks for its host's address again and again."""

from locust import HttpUser

from readiness.scenario import User, constant, task


class Ours(User):
    wait_time = constant(0.02)

    @task
    def ask(self) -> None:
        self.client.get("/api/ours")


class Ordinary(HttpUser):
    wait_time = constant(0.02)

    @task
    def ask(self) -> None:
        self.client.get("/api/ordinary", headers={"Connection": "close"})
