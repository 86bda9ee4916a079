# mypy: ignore-errors
# an ordinary locustfile carries no types
"""What the `request` event may be fired with, each once for each user, beside a real request on a socket of its own."""

import requests
from locust import User, constant, task


class Odd(User):
    wait_time = constant(1000)

    def tell(self, name, exception=None, response_time=5, request_type="TOLD"):
        self.session.get(self.host + "/api/item")
        fields = {"response_length": 0, "context": {}, "name": name, "exception": exception}
        self.environment.events.request.fire(request_type=request_type, response_time=response_time, **fields)

    @task
    def odd(self):
        self.session = requests.Session()
        self.tell("empty words", exception="")
        self.tell("False", exception=False)
        self.tell("words", exception="it broke")
        self.tell("True", exception=True)
        self.tell("KeyError", exception=KeyError("price"))
        self.tell(42)
        self.tell("no type", request_type="")
        self.tell("no time", response_time=None)
        self.tell("no time", response_time=None, exception=RuntimeError("no answer"))
        self.tell("before its start", response_time=-4)
        self.environment.stats.log_request("TOLD", "logged", None, 0)
