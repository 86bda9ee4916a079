"""As api.py, with time to think: users whom a busy machine may wake some milliseconds late without a doubt."""

from readiness.scenario import User, constant, task


class Api(User):
    wait_time = constant(0.12)

    @task
    def item(self) -> None:
        with self.client.get("/api/item", catch_response=True) as response:
            if response.json().get("ok") is not True:
                response.failure("the item is not ok")
