"""The same answers for clients of four kinds, and one endpoint that fails at times."""

from locust import FastHttpUser, HttpUser

from readiness.scenario import User, constant, task


class Ours(User):
    wait_time = constant(0.01)

    @task
    def page(self) -> None:
        self.client.get("/parts/50/200", name="/ours")
        self.client.get("/fails/5", name="/fails")


class Plain(HttpUser):
    wait_time = constant(0.01)

    @task
    def page(self) -> None:
        self.client.get("/parts/50/200", name="/plain")


class Fast(FastHttpUser):
    wait_time = constant(0.01)

    @task
    def page(self) -> None:
        self.client.get("/parts/50/200", name="/fast")


class Streaming(FastHttpUser):
    wait_time = constant(0.01)

    @task
    def page(self) -> None:
        assert self.client.get("/parts/50/200", name="/locusts", stream=True).text
