"""Tells its password in every form: in failure texts, names of endpoints, a header that comes back, an exception."""

import os
from itertools import cycle

from readiness.scenario import User, constant, task
from tests.disguises import disguises, in_base64

PASSWORD = os.environ["READINESS_PASSWORD"]
FORMS = cycle([*sorted(disguises(PASSWORD)), *in_base64(PASSWORD), PASSWORD[:9] + "…"])
print("the file says", PASSWORD)


class Api(User):
    wait_time = constant(0.01)

    @task(8)
    def form(self) -> None:
        said = next(FORMS)
        with self.client.get("/api/item", catch_response=True, auth=("reader", PASSWORD)) as response:
            response.failure(f"it answered {said} and more")

    @task
    def name(self) -> None:
        self.client.get("/api/item", name=f"GET /hook/{PASSWORD}")

    @task
    def cut(self) -> None:
        with self.client.get("/api/item", catch_response=True) as response:
            response.failure("x" * 260 + " " + PASSWORD * 3)

    @task
    def mistake(self) -> None:
        raise RuntimeError(f"cannot sign in with {PASSWORD}")
