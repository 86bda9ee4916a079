# mypy: ignore-errors
# an ordinary locustfile carries no types
"""What locustfiles use of Locust beside its clients; written for Locust, knows nothing of readiness."""

import random
import time
from contextlib import contextmanager

from gevent.lock import Semaphore
from locust import (
    FastHttpUser,
    HttpUser,
    MarkovTaskSet,
    SequentialTaskSet,
    TaskSet,
    User,
    constant,
    constant_pacing,
    events,
    tag,
    task,
    transition,
    transitions,
)
from locust.clients import HttpSession

everybody_is_there = Semaphore()
everybody_is_there.acquire()


def tell(name, milliseconds=1.0, exception=None):
    events.request.fire(
        request_type="TOLD",
        name=name,
        response_time=milliseconds,
        response_length=0,
        exception=exception,
        start_time=time.time(),
        url="",
        context={},
    )


@events.init_command_line_parser.add_listener
def _(parser):
    parser.add_argument("--greeting", default="hello")


@events.init.add_listener
def _(environment, **_kwargs):
    environment.heard = ["init"]


@events.test_start.add_listener
def _(environment, **_kwargs):
    environment.heard.append("test_start")


@events.spawning_complete.add_listener
def _(user_count, **_kwargs):
    everybody_is_there.release()


@events.test_stop.add_listener
def _(environment, **_kwargs):
    tell(f"test_stop after {' and '.join(environment.heard)}")


@events.request.add_listener
def _(request_type, name, response_time, exception, start_time, url, context, **_kwargs):
    assert response_time >= 0


@contextmanager
def manual_report(name):
    start = time.perf_counter()
    try:
        yield
    except Exception as problem:
        tell(name, (time.perf_counter() - start) * 1000, problem)
        raise
    tell(name, (time.perf_counter() - start) * 1000)


class Base(HttpUser):
    """No task: called abstract, because users of a class without tasks raise."""

    abstract = True

    def on_start(self):
        everybody_is_there.wait()
        self.other = HttpSession(self.host, self.environment.events.request, user=self)


class Shopper(Base):
    def wait_time(self):
        return random.choice([0.01, 0.02])

    @task(3)
    def look(self):
        self.client.get(f"/api/{self.environment.parsed_options.greeting}")

    @tag("more")
    @task
    class Steps(SequentialTaskSet):
        @task
        def first(self):
            self.client.get("/api/first", name="/api/steps")

        @task
        class Inner(TaskSet):
            @task
            def second(self):
                with self.client.get("/api/second", name="/api/steps", catch_response=True) as response:
                    response.success()
                self.interrupt()

        @task
        def third(self):
            self.user.other.get("/api/third")
            self.interrupt()


class Fast(FastHttpUser):
    wait_time = constant(0.02)

    @task
    def ask(self):
        with self.rest("GET", "/api/rest") as response:
            assert response.js is not None

    @task
    def read_lines(self):
        assert list(self.client.iter_lines("/api/lines"))

    @task
    def ask_under_another_name(self):
        with self.client.rename_request("/api/renamed"):
            self.client.request("GET", "/api/named", auth=("user", "word"), headers={"X-One": "1"})


class Walk(MarkovTaskSet):
    wait_time = constant_pacing(0.02)

    @transition("back")
    def there(self):
        self.client.get("/api/walk")

    @transitions({"there": 1})
    def back(self):
        self.client.get("/api/walk", params={"to": "start"}, name="/api/walk")


class Walker(HttpUser):
    tasks = [Walk]  # noqa: RUF012


class Custom(User):
    wait_time = constant(0.02)

    @task(4)
    def report(self):
        with manual_report("sleep"):
            time.sleep(0.005)

    @task
    def fail(self):
        with manual_report("trouble"):
            raise ConnectionResetError("gone")
