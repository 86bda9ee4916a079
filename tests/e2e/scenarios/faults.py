"""Each user asks for one of READINESS_VAR_FAULT_PATHS again and again, follows redirects of /api/to-…, and reads."""

import os

from readiness.scenario import User, constant, task

PATHS = os.environ.get("READINESS_VAR_FAULT_PATHS", "/api/item").split()


class Faults(User):
    wait_time = constant(0.1)

    def on_start(self) -> None:
        self.path = PATHS[self.account_number % len(PATHS)]

    @task
    def ask(self) -> None:
        follow = self.path.startswith("/api/to-")
        with self.client.get(self.path, catch_response=True, allow_redirects=follow) as response:
            if response.ok and response.json().get("ok") is not True:
                response.failure("the item is not ok")
