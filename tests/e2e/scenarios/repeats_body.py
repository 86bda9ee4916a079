"""Shows what the server said, as scenarios like to do: in a failure's text, in a name, in an exception."""

from readiness.scenario import User, constant, task


class RepeatsBody(User):
    wait_time = constant(0.05)

    @task(8)
    def failure(self) -> None:
        with self.client.get("/api/item", catch_response=True) as response:
            response.failure(f"unexpected: {response.status_code} {response.text} {dict(response.headers)}")

    @task(2)
    def name(self) -> None:
        with self.client.get("/api/item", catch_response=True) as response:
            text = response.text
            response.success()
        self.client.get("/api/item", name=f"/api/{text[:500]}")

    @task(1)
    def exception(self) -> None:
        raise ValueError(self.client.get("/api/item").text)
