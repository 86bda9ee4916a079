"""One healthy user, and three whose requests fail on our own side: no descriptor, another host, a bug."""

import resource

from readiness.scenario import User, constant, task


class Healthy(User):
    wait_time = constant(0.02)
    weight = 3

    @task
    def ask(self) -> None:
        self.client.get("/api/item")


class WithoutDescriptors(User):
    wait_time = constant(0.1)

    @task
    def ask(self) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            self.client.get("/api/no-descriptor")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Elsewhere(User):
    wait_time = constant(0.1)

    @task
    def ask(self) -> None:
        self.client.get("http://127.0.0.2:9/api/elsewhere", name="/api/elsewhere")


class Buggy(User):
    wait_time = constant(0.1)

    @task
    def ask(self) -> None:
        with self.client.get("/api/bug", catch_response=True):
            raise KeyError("a bug in the scenario")
