"""An ordinary locustfile, as Locust's own documentation writes it."""

from locust import FastHttpUser, between, task


class Shopper(FastHttpUser):
    wait_time = between(0.004, 0.006)

    def on_start(self) -> None:
        self.client.post("/login", json={"user": "tester", "password": "pw"})

    @task(3)
    def item(self) -> None:
        self.client.get("/api/item")

    @task
    def checked(self) -> None:
        with self.client.get("/api/checked", name="/api/[id]", catch_response=True) as response:
            if response.json()["ok"] is not True:
                response.failure("wrong answer")
