"""Starts a program and forgets it."""

import subprocess

from readiness.scenario import User, constant, task

subprocess.Popen(["sleep", "3600"])


class LeavesChildren(User):
    wait_time = constant(0.01)

    @task
    def item(self) -> None:
        self.client.get("/api/item")
