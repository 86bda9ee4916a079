from readiness.scenario import User, constant, task


class Delays(User):
    wait_time = constant(0.01)

    @task(5)
    def quick(self) -> None:
        self.client.get("/2")

    @task(2)
    def middling(self) -> None:
        self.client.get("/60")

    @task(1)
    def slow(self) -> None:
        self.client.get("/350")
