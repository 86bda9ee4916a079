"""What only members see: without a log-in nobody asks for it."""

from readiness.scenario import User, constant, task


class Members(User):
    wait_time = constant(0.02)

    @task
    def item(self) -> None:
        if self.client.post("/login", data={"user": "tester", "password": "pw"}, name="POST /login").ok:
            self.client.get("/api/item", name="GET /api/item")
