"""A frequent endpoint and a rare one."""

from readiness.scenario import User, constant, task


class Two(User):
    wait_time = constant(0.005)
    rounds = 0

    @task
    def frequent(self) -> None:
        self.rounds += 1
        self.client.get("/api/frequent")
        if self.rounds % 150 == 10:
            self.client.get("/api/rare")
