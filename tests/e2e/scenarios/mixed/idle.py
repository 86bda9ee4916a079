"""Sends nothing: the task that was never finished."""

from readiness.scenario import User, constant, task


class Idle(User):
    wait_time = constant(0.05)

    @task
    def nothing(self) -> None:
        pass
