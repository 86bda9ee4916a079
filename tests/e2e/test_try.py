"""`readiness try`: each task once, each exchange shown without its secrets, and an exit code that is no verdict."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.conftest import Cli
from tests.faultd.client import layer
from tests.faultd.fixture import StartFaultd

SHOP = """import os
from locust import FastHttpUser, HttpUser, SequentialTaskSet, task
from readiness.scenario import User, between, form_value, json_value, rows

USERS = rows("users.csv")


class Shop(User):
    wait_time = between(60, 90)

    def on_start(self):
        with self.client.post("/api/login", json=USERS.take(), catch_response=True) as response:
            self.token = json_value(response, "access_token")

    @task(50)
    def look(self):
        with self.client.get("/api/item?api_key=k3y-of-mine", name="/api/item", catch_response=True) as response:
            json_value(response, "access_token")

    @task
    def gone(self):
        self.client.get("/nowhere", headers={"Authorization": os.environ["READINESS_PASSWORD"]})


class Steps(SequentialTaskSet):
    @task
    def first(self):
        self.client.get("/api/first")

    @task
    def second(self):
        with self.client.get("/api/second", catch_response=True) as response:
            assert response.json()["id"] == 7, "another id"

    @task
    def leave(self):
        self.interrupt()


class Stock(HttpUser):
    tasks = [Steps]


class Fast(FastHttpUser):
    @task
    def page(self):
        with self.client.get("/api/page", catch_response=True) as response:
            form_value(response, "page_name")
"""
RIGHT = """from readiness.scenario import User, task


class Visitor(User):
    host = "URL"

    @task
    def look(self):
        self.client.get("/api/item")
"""
TOKEN = "t0ken-3f9a-of-the-run"


def test_every_task_runs_once_and_each_exchange_is_shown_without_secrets(cli: Cli, faultd: StartFaultd) -> None:
    body = f'{{"access_token": "{TOKEN}", "id": 8, "evil": "\u202e"}}'
    page = "<input name=page_name value='front page'><input name=csrf_token value=c5rf-99887766>"
    server = faultd(
        layer("body", only="/api/page", text=page, content_type="text/html"),
        layer("body", only="/api/*", text=body, content_type="application/json"),
    )
    (cli.folder / "locustfile.py").write_text(SHOP)
    (cli.folder / "users.csv").write_text("name,password\nann,hunter2-hunter2\n")
    result = cli.plain("try", server.url)
    assert result.exit_code == 1, str(result)
    for words in (
        "locustfile: Shop.on_start",
        "row of users.csv: name=ann, password=[secret]",
        "POST /api/login · 200",
        "extracted access_token = [secret]",
        "GET /api/item?api_key=[secret] · 200",
        "locustfile: Shop.gone",
        "GET /nowhere · 404",
        "FAILED: HTTP 404",
        "locustfile: Stock.Steps.first",
        "GET /api/second · 200",
        "AssertionError: another id",
        "extracted page_name = front page",
        "6 tasks ran, 6 requests, 2 failed",
    ):
        assert words in result.stdout, f"{words}: {result}"
    for secret in (TOKEN, "hunter2", "k3y-of-mine", "c5rf-99887766", "\u202e", *result.secrets, "READY"):
        assert secret not in result.said, f"{secret}: {result}"
    assert [path for _, _, path in server.log()].count("/api/login") == 1
    one = cli.plain("try", server.url, "--task", "look")
    assert (one.exit_code, "Shop.gone" in one.stdout) == (0, False), str(one)
    none = cli.plain("try", server.url, "--task", "lok")
    assert (none.exit_code, 'did you mean "look"?' in none.stderr) == (2, True), str(none)


def test_a_scenario_that_is_wrong_ends_with_2_and_names_the_line(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    file = cli.folder / "locustfile.py"
    file.write_text(RIGHT.replace("URL", server.url))
    assert cli.plain("try").exit_code == 0  # the host stands in the file
    for text, told in (
        (RIGHT.replace("/api/item", "{}").replace('"{}"', "1 / 0"), "locustfile.py:9: ZeroDivisionError"),
        (RIGHT.replace("def look", "def look("), "locustfile.py:8"),
        (RIGHT.replace('self.client.get("/api/item")', "pass"), "the scenarios sent no request"),
    ):
        file.write_text(text)
        result = cli.plain("try", server.url)
        assert (result.exit_code, told in result.said) == (2, True), f"{told}: {result}"


def test_a_variable_that_nobody_set_ends_try_before_anything_is_sent(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    wanting = "from readiness.scenario import User, task\nimport os\n\n\nclass Visitor(User):\n"
    wanting += "    def on_start(self):\n        self.token = os.environ['READINESS_TOKEN']\n\n"
    wanting += "    @task\n    def look(self):\n        self.client.get('/api/item')\n"
    (cli.folder / "locustfile.py").write_text(wanting)
    done = cli.plain("try", server.url, "--scenarios", "locustfile.py")
    assert done.exit_code == 2, str(done)
    assert "locustfile.py: reads the variable READINESS_TOKEN" in done.said
    assert not server.seen("/api/item")


def asked(name: str, path: str, **body: Any) -> dict[str, Any]:
    sent = {"body": {"mode": "graphql", "graphql": body}} if body else {}
    request = {"method": "POST" if body else "GET", "url": f"https://shop.example{path}", **sent}
    return {"name": name, "request": request}


def test_what_init_wrote_fails_on_log_in_pages_and_on_errors_of_graphql(cli: Cli, faultd: StartFaultd) -> None:
    """And `try` shows the redirects, and each GraphQL operation under its own name."""
    server = faultd(
        layer("redirect", only="/account", location="/login?next=/account"),
        layer("redirect", only="/old", location="/api/new"),
        layer("body", only="/api/graphql", after=1, text='{"data": null, "errors": [{"message": "no such field"}]}'),
    )
    items = [
        asked("Good", "/api/graphql", query="query Products { products { id } }"),
        asked("Bad", "/api/graphql", query="query { reviews { id } }", operationName="Reviews"),
        asked("Account", "/account"),
        asked("Moved", "/old"),
    ]
    collection = {"info": {"name": "shop", "schema": "https://schema.getpostman.com/v2.1.0/"}, "item": items}
    (cli.folder / "shop.json").write_text(json.dumps(collection))
    assert cli.plain("init", "shop.json").exit_code == 0
    result = cli.plain("try", server.url)
    assert result.exit_code == 1, str(result)
    for words in (
        "counted as: /api/graphql Products",
        "counted as: /api/graphql Reviews",
        "FAILED: the answer has errors",
        "GET /account · 302 → /login → 200",
        "FAILED: led to a log-in page",
        "GET /old · 302 → /api/new → 200",
        "4 tasks ran, 4 requests, 2 failed",
    ):
        assert words in result.stdout, f"{words}: {result}"


def test_the_redirects_of_locusts_own_clients_are_shown(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(layer("redirect", only="/old", location="/api/new"))
    for base in ("HttpUser", "FastHttpUser"):
        text = RIGHT.replace("from readiness.scenario import User", f"from locust import {base}")
        text = text.replace("Visitor(User)", f"Visitor({base})").replace("/api/item", "/old").replace("URL", server.url)
        (cli.folder / "locustfile.py").write_text(text)
        result = cli.plain("try")
        assert "GET /old · 302 → /api/new → 200" in result.stdout, str(result)
