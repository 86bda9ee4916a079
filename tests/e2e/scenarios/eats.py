"""Scenario code that eats all the memory that the engine may have."""

import resource
from pathlib import Path

from readiness.scenario import User, constant, task

kept: list[bytes] = []


class Eats(User):
    wait_time = constant(0.01)

    def on_start(self) -> None:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20), resource.getrlimit(resource.RLIMIT_AS)[1]))

    @task
    def item(self) -> None:
        kept.append(b"x" * (8 << 20))
        self.client.get("/api/item")
