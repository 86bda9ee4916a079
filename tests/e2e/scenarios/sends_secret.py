"""Logs in with a secret that the server may echo."""

import os

from readiness.scenario import User, constant, task


class SendsSecret(User):
    wait_time = constant(0.01)

    @task
    def item(self) -> None:
        secret = os.environ["READINESS_PASSWORD"]
        headers = {"Authorization": f"Bearer {secret}"}
        with self.client.post("/api/item", data={"password": secret}, headers=headers, catch_response=True) as response:
            if not response.ok:
                response.failure(f"refused: {response.text}")
