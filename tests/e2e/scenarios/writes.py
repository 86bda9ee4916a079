"""Writes with keys, each told when it was acknowledged."""

from readiness.scenario import User, constant, task


class Writer(User):
    wait_time = constant(0.02)

    @task
    def write(self) -> None:
        key = self.write_key()
        if self.client.post("/scans", headers={"Idempotency-Key": key, "X-Run-Id": self.run_id}).status_code == 201:
            self.acknowledged(key)
