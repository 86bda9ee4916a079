"""A page that only a logged-in user sees."""

from readiness.scenario import User, constant, task


class Pages(User):
    wait_time = constant(0.005)

    def on_start(self) -> None:
        self.client.post("/login", data={"user": "tester", "password": "pw"})

    @task
    def dashboard(self) -> None:
        with self.client.get("/dashboard", catch_response=True) as response:
            if 'data-user="tester"' not in response.text:
                response.failure("not logged in")
