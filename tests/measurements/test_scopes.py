"""A check's scope finds its endpoint with and without the method, and never guesses between two."""

from __future__ import annotations

import pytest

from readiness.judge.readings import Reading, read
from readiness.measurements.scopes import resolved, unclear
from readiness.metrics.catalogue import find
from tests.judge import builders

NAMES = ("GET /get", "POST /orders", "GET /orders", "POST create", "plain", "GET login", "gRPC Get", "POST Add to cart")


@pytest.mark.parametrize(
    ("scope", "measured"),
    [
        (None, None),
        ("shop", "shop"),
        ("GET /get", "GET /get"),
        ("/get", "GET /get"),
        ("create", "POST create"),
        ("POST create", "POST create"),
        ("POST plain", "plain"),
        ("Get", "gRPC Get"),
        ("Add to cart", "POST Add to cart"),
        ("to cart", "to cart"),
        ("login", "login"),  # the scenario, not the endpoint of the same name
        ("/orders", "/orders"),  # two methods
        ("PUT create", "PUT create"),
        ("post create", "post create"),
    ],
)
def test_a_scope_is_the_scenario_the_full_name_or_the_only_one_without_its_method(
    scope: str | None, measured: str | None
) -> None:
    assert resolved(scope, ("shop", "login"), NAMES) == measured


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("create", ""),
        ("/orders", "is GET /orders and POST /orders: write the one that you mean"),
        ("craete", '(did you mean "POST create"?)'),
        ("/gett", '(did you mean "GET /get"?)'),
        ("PUT create", '(did you mean "POST create"?)'),
        ("nothing alike", f"(seen: {', '.join(sorted(NAMES))}, shop)"),
    ],
)
def test_what_is_not_clear_is_told_with_what_was_seen(scope: str, words: str) -> None:
    assert unclear(scope, ("shop",), NAMES).endswith(words)


def test_the_nearest_of_all_names_is_meant_a_scenario_or_an_endpoint() -> None:
    assert unclear("creat", ("crt",), NAMES).endswith('(did you mean "POST create"?)')
    assert unclear("logi", ("login",), NAMES).endswith('(did you mean "login"?)')


def reading(scope: str) -> Reading:
    metric = find("latency.p50")
    assert metric is not None
    fast, slow = builders.recording([5.0] * 100), builders.recording([50.0] * 100)
    load = builders.load(("shop", "POST create", fast), ("shop", "GET /a", slow), ("shop", "PUT /a", slow))
    return read(builders.run(load), metric, scope)


def test_a_reading_of_a_short_name_is_that_of_its_endpoint() -> None:
    assert reading("create") == reading("POST create")
    assert reading("create").samples == 100
    assert reading("/a").value is None
    assert reading("/a").reason == "/a: is GET /a and PUT /a: write the one that you mean"
    assert 'did you mean "POST create"?' in (reading("creat").reason or "")
