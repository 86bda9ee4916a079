"""One API call, proved by its body."""

from readiness.scenario import User, constant, task


class Api(User):
    wait_time = constant(0.015)

    @task
    def item(self) -> None:
        with self.client.get("/api/item", catch_response=True) as response:
            if response.json().get("ok") is not True:
                response.failure("the item is not ok")
