"""A user of ours and an ordinary one of Locust, which resolves its host again and again, and a name that is none."""

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
        self.client.get("http://nowhere.test/", name="/api/nowhere")
