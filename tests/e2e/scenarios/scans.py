"""The demo's scans only: a hundred times as many as among its look-ups."""

import random

from readiness.demo.sign_in import sign_in
from readiness.scenario import User, constant, task


class Scanner(User):
    wait_time = constant(0.02)

    def on_start(self) -> None:
        sign_in(self.client, self.account_number)

    @task
    def scan(self) -> None:
        number = random.randint(1000, 25_746)
        key = self.write_key()
        headers = {"Idempotency-Key": key, "X-Run-Id": self.run_id}
        path = f"/api/bags/BAG{number:06d}-{number * 7919 % 9973:04d}/scan"
        with self.client.request("POST", path, name="POST scan", headers=headers, catch_response=True) as response:
            if response.status_code in (200, 201):
                self.acknowledged(key)
                response.success()
            else:
                response.failure(f"status {response.status_code}")
