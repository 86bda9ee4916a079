"""Values out of answers, for all three clients: found, or the request fails and the task ends."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from locust import FastHttpUser, HttpUser
from locust.exception import RescheduleTask

from readiness.load.extraction import Unfound, form_value, header_value, json_value, meta_value
from readiness.load.http.failures import COUNTED
from tests.load.http.conformance import client_of
from tests.load.http.ledger import Ledger
from tests.load.http.running import raised
from tests.load.http.server import CLOSE, READ, Server, ok
from tests.load.http.stock import user_of

SHOP = json.dumps(
    {"token": "t", "items": [{"id": 7, "open": True, "price": 1.5}, {"id": -1}], "a.b": {"c": "dotted"}, "none": None}
).encode()
PAGE = b"""<!doctype html><meta name=csrf-token content="of the meta &amp; more">
<!-- <input name="csrf_token" value="commented out"> <script> "<input name=csrf_token value=script>" </script> -->
<form><input type=hidden name='csrf_token' value='of the &quot;form&quot;'><input name=empty><button name=go value=now>
<input name=csrf_token value=second></form>"""


@contextmanager
def clients(*answers: Any) -> Iterator[Iterator[tuple[Any, Ledger]]]:
    """Each kind of client in turn, the same answers for each."""

    def each() -> Iterator[tuple[Any, Ledger]]:
        for kind in (None, HttpUser, FastHttpUser):
            with Server(list(answers) * 8, repeat=True) as server:
                ledger = Ledger()
                if kind is None:
                    yield client_of(server, ledger), ledger
                else:
                    user, ledger = user_of(kind, server.url)
                    yield user.client, ledger

    yield each()


def taken(client: Any, take: Callable[[Any], str]) -> str:
    with client.get("/", catch_response=True) as response:
        return take(response)


def token(answer: Any) -> str:
    return json_value(answer, "token")


def asked(client: Any, path: str) -> str:
    """Without a with block."""
    return json_value(client.get("/"), path)


def check_values_are_found_in_json() -> None:
    with clients(READ, ok(SHOP)) as each:
        for client, ledger in each:
            for path, value in {
                "token": "t",
                "items[0].id": "7",
                "items[-1].id": "-1",
                "items[0].open": "true",
                "items[0].price": "1.5",
                '["a.b"].c': "dotted",
            }.items():
                assert taken(client, partial(json_value, path=path)) == value, path
            assert set(ledger.outcomes) == {"ok"}


def check_values_are_found_in_pages_and_headers() -> None:
    with clients(READ, ok(PAGE, "Content-Type: text/html", "X-Token: abc")) as each:
        for client, ledger in each:
            assert taken(client, lambda response: form_value(response, "csrf_token")) == 'of the "form"'
            assert taken(client, lambda response: form_value(response, "csrf-token")) == "of the meta & more"
            assert taken(client, lambda response: meta_value(response, "csrf-token")) == "of the meta & more"
            assert taken(client, lambda response: form_value(response, "go")) == "now"
            assert taken(client, lambda response: header_value(response, "x-TOKEN")) == "abc"
            assert set(ledger.outcomes) == {"ok"}


def check_what_is_missing_fails_the_request_and_ends_the_task() -> None:
    for answer, take, why in (
        (ok(SHOP), lambda answer: json_value(answer, "items[2].id"), "no items[2].id (a list of 2 there)"),
        (ok(b"[]"), lambda answer: json_value(answer, "[0].id"), "the list is empty: give the account of the test an"),
        (ok(SHOP), lambda answer: json_value(answer, "tokem"), "no key 'tokem'; there are token, items"),
        (ok(SHOP), lambda answer: json_value(answer, "items"), "items is a list"),
        (ok(SHOP), lambda answer: json_value(answer, "none"), "none is null"),
        (ok(PAGE), lambda answer: json_value(answer, "token"), "not JSON"),
        (ok(b"[" * 100_000), lambda answer: json_value(answer, "token"), "not JSON"),
        (ok(PAGE), lambda answer: form_value(answer, "empty"), "no field and no meta element named empty"),
        (ok(b"<![<!" * 9), lambda answer: form_value(answer, "x"), "no field"),
        (ok(b"\xff\xfe<input name=x"), lambda answer: form_value(answer, "x"), "no field"),
        (ok(SHOP), lambda answer: header_value(answer, "X-Token"), "the answer has no header X-Token"),
    ):
        with clients(READ, answer) as each:
            for client, ledger in each:
                problem = raised(RescheduleTask, partial(taken, client, take))
                assert COUNTED in problem.__notes__, "the scenario would be charged for it"
                assert ledger.outcomes == ["assertion"], ledger.outcomes
                assert why in ledger.calls[0].detail, ledger.calls[0].detail


def check_an_answer_that_failed_keeps_its_class() -> None:
    with clients(READ, ok(b"<h1>Oops</h1>", status="500 Oops"), READ, CLOSE) as each:
        for client, ledger in each:
            for _ in range(2):
                raised(Unfound, partial(taken, client, token))
            assert ledger.outcomes[0] == "http_5xx", ledger.outcomes
            assert ledger.outcomes[1] not in ("ok", "assertion", "script"), ledger.outcomes
            assert "HTTP 500: the answer is not JSON" in ledger.calls[0].detail


def check_without_a_with_block_a_lack_is_told_as_the_scenarios_mistake() -> None:
    with clients(READ, ok(SHOP), READ, ok(SHOP), READ, ok(b"", status="404 No")) as each:
        for client, ledger in each:
            assert json_value(client.get("/"), "token") == "t"
            problem = raised(RuntimeError, partial(asked, client, "x"))
            assert "already counted as good: pass catch_response=True" in str(problem)
            raised(Unfound, partial(asked, client, "x"))  # it failed: nothing more to say
            assert ledger.outcomes == ["ok", "ok", "http_4xx"]


def check_a_path_that_is_none_is_the_scenarios_mistake() -> None:
    with Server([READ, ok(SHOP)] * 8, repeat=True) as server:
        for path in ("", ".token", "items[", "items[x]", "items..id", "a]"):
            problem = raised(
                ValueError,
                partial(taken, client_of(server, Ledger()), partial(json_value, path=path)),
            )
            assert "not a path into JSON" in str(problem), path
