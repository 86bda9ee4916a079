# mypy: ignore-errors
# an ordinary locustfile carries no types
"""Prints what Locust's life looks like from a file: events in order, statistics, options. Sends six requests."""

import gevent
from locust import HttpUser, constant, events, tag, task

told = []


def teller(name):
    def tell(**_):
        told.append(name)

    return tell


for one in ("init", "test_start", "spawning_complete", "test_stopping", "test_stop"):
    getattr(events, one).add_listener(teller(one))


@events.init_command_line_parser.add_listener
def more(parser):
    parser.add_argument("--tenant", required=True)
    parser.add_argument("--colour", default="none", env_var="LOCUST_COLOUR")


@events.quitting.add_listener
def gate(environment, **_):
    options, total = environment.parsed_options, environment.stats.total
    entries = sorted((entry.method, entry.name, entry.num_requests) for entry in environment.stats.entries.values())
    errors = [(error.method, error.name, error.occurrences) for error in environment.runner.errors.values()]
    print("LIFE events", *told)
    print("LIFE total", total.num_requests, total.num_failures, 0 < total.get_response_time_percentile(0.95) < 5000)
    print("LIFE", entries, errors, environment.runner.stats.get("/api/a", "GET").num_requests)
    lengths = sorted((entry.name, entry.total_content_length) for entry in environment.stats.entries.values())
    print("LIFE lengths", total.total_content_length, *lengths)
    print("LIFE options", options.tenant, options.colour, options.num_users, options.run_time, options.tags)
    environment.process_exit_code = 7


@events.quit.add_listener
def last(exit_code, **_):
    print("LIFE ends with", exit_code)


@events.spawning_complete.add_listener
def broken(**_):
    raise LookupError("no such thing")


class Buyer(HttpUser):
    wait_time = constant(1000)

    @tag("buy")
    @task
    def buy(self):
        self.client.get("/api/a")
        self.client.get("/nothing")

    @tag("look")
    @task(1000)
    def look(self):
        self.client.get("/api/never")


class Admin(HttpUser):
    fixed_count = 1
    wait_time = constant(1000)

    @tag("buy")
    @task
    def work(self):
        gevent.sleep(0.1)
        self.client.get("/api/admin")
        self.client.get("/api/a", name="renamed")
