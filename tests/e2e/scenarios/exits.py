"""Ends the whole process with success, in the middle of the load."""

import ctypes
from itertools import count

from readiness.scenario import User, constant, task

NUMBERS = count()


class Exits(User):
    wait_time = constant(0.01)

    @task
    def item(self) -> None:
        self.client.get("/api/item")
        if next(NUMBERS) == 100:
            ctypes.CDLL(None)._exit(0)  # `os._exit` is an error of the file
