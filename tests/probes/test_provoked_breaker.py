"""A circuit breaker that is provoked: one that works, and all the ways in which it may not. Against a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from readiness.config.probes import CircuitBreakerSettings, Provocation
from readiness.measurements.provenance import Target
from readiness.measurements.run import Measurement
from readiness.probes import provoked_breaker
from readiness.probes.provoked_breaker import BreakerRequest, at_once
from tests.faultd.client import Faultd, layer
from tests.probes.conftest import target

LONG_S = 1000.0
KINDS: dict[str, dict[str, object]] = {
    "good": {"slow_ms": 250, "declared_s": 2, "open_s": 2.0, "refuses": 3},
    "never opens": {"failures": 1000},
    "only says open": {"failures": 1000, "says": "open"},
    "only says closed": {"says": "closed", "open_s": LONG_S},
    "never closes": {"open_s": LONG_S},
    "declares no time": {"declared_s": None, "open_s": 2.0, "refuses": 3},
    "declares an hour": {"declared_s": 3600, "open_s": LONG_S},
    "breaks": {"refusal": 500, "open_s": LONG_S},
}


@pytest.fixture(scope="module")
def server() -> Iterator[Faultd]:
    """One breaker of each kind."""
    folders = {name: name.replace(" ", "-") for name in KINDS}
    with Faultd(*(layer("breaker", only=f"/{folders[name]}/*", **words) for name, words in KINDS.items())) as running:
        yield running


def provoke(
    where: Target, name: str, *, state: bool = True, wait_s: float = 30.0, requests: int = 10
) -> tuple[Measurement, Measurement]:
    folder = "/" + name.replace(" ", "-")
    paths = Provocation(
        f"{folder}/fails", f"{folder}/works", requests=requests, wait_s=wait_s, state="/state" if state else None
    )
    settings = CircuitBreakerSettings(statistics=f"{folder}/state", provoke=paths)
    return provoked_breaker.provoke(where, settings, lambda: False)


def lines(measured: Measurement) -> dict[str, bool | None]:
    return {detail.subject.rpartition("/")[2]: detail.ok for detail in measured.details}


def witnesses(measured: Measurement) -> list[float | None]:
    return [witness.value for witness in measured.witnesses]


def test_one_that_works_opens_after_five_refuses_at_once_and_closes_when_it_said(server: Faultd) -> None:
    opens, recovers = provoke(target(server.url), "good")
    assert (opens.value, opens.samples, witnesses(opens)) == (1.0, 5, [1.0, 1.0])
    assert lines(opens) == {
        "fails: 5 failures in a row": None,
        "works, afterwards": True,
        "works: Retry-After": True,
        "refused at once": True,
    }
    assert (recovers.value, witnesses(recovers)) == (1.0, [1.0, 1.0])
    assert lines(recovers) == {"works": True, "left": True}
    assert server.seen("/good/fails") == 5


@pytest.mark.parametrize(
    ("name", "state", "failures", "said"),
    [("never opens", True, 7, [0.0, 0.0]), ("never opens", False, 7, []), ("only says open", True, 1, [0.0, 1.0])],
)
def test_one_that_never_opens_is_a_finding_whatever_it_says(
    server: Faultd, name: str, state: bool, failures: int, said: list[float]
) -> None:
    asked = f"/{name.replace(' ', '-')}/fails"
    before = server.seen(asked)
    opens, recovers = provoke(target(server.url), name, state=state, requests=7)
    assert (opens.value, opens.samples, witnesses(opens)) == (0.0, failures, said)
    assert lines(opens)["works, afterwards"] is False
    assert recovers.value is None
    assert "did not open" in str(recovers.reason)
    assert server.seen(asked) == before + failures, "bounded by `requests`"


def test_one_that_refuses_while_it_says_that_it_is_closed_has_a_witness_against_it(server: Faultd) -> None:
    opens, _ = provoke(target(server.url), "only says closed", requests=5, wait_s=0.0)
    assert (opens.value, witnesses(opens)) == (1.0, [1.0, 0.0])


def test_one_that_never_closes_is_a_finding_and_said_to_be_left_open(server: Faultd) -> None:
    opens, recovers = provoke(target(server.url), "never closes", wait_s=1.0)
    assert (opens.value, recovers.value, witnesses(recovers)) == (1.0, 0.0, [0.0, 0.0])
    assert [detail.observed for detail in recovers.details if detail.subject == "left"] == [
        "open: the service still refuses, and needs somebody"
    ]


@pytest.mark.parametrize(
    ("failure_ms", "refusals_ms", "ok"),
    [(400.0, [390.0, 2.0], True), (400.0, [390.0, 250.0], False), (5.0, [5.0], None)],
    ids=["the quickest counts", "waits nearly as long", "nothing to be faster than"],
)
def test_a_refusal_that_waits_as_long_as_a_failure_keeps_nobody_off(
    failure_ms: float, refusals_ms: list[float], ok: bool | None
) -> None:
    refused = [BreakerRequest(503, one_ms, "60") for one_ms in refusals_ms]
    assert at_once([BreakerRequest(500, one) for one in (failure_ms, 2 * failure_ms, 0.1)], refused).ok is ok


def test_without_a_declared_time_it_is_asked_until_the_bound(server: Faultd) -> None:
    opens, recovers = provoke(target(server.url), "declares no time")
    assert (opens.value, lines(opens)["works: Retry-After"]) == (1.0, False)
    assert recovers.value == 1.0
    assert "no time was declared" in recovers.details[0].note


def test_a_declared_time_beyond_the_bound_is_said_and_not_waited_for(server: Faultd) -> None:
    opens, recovers = provoke(target(server.url), "declares an hour")
    assert (opens.value, recovers.value) == (1.0, None)
    assert "3,600 s by its own Retry-After" in str(recovers.reason)
    assert "left open" in str(recovers.reason)


def test_a_service_that_breaks_has_not_opened(server: Faultd) -> None:
    opens, _ = provoke(target(server.url), "breaks", state=False)
    assert opens.value == 0.0
    assert "it broke" in next(detail.note for detail in opens.details if detail.ok is False)


def test_nothing_is_sent_without_paths_and_nothing_more_once_the_run_is_ended(server: Faultd) -> None:
    before = server.counts()["requests"]
    assert all(
        "never guessed" in str(one.reason)
        for one in provoked_breaker.provoke(target(server.url), CircuitBreakerSettings(), lambda: False)
    )
    settings = CircuitBreakerSettings(provoke=Provocation("/good/fails", "/good/works"))
    ended = provoked_breaker.provoke(target(server.url), settings, lambda: True)
    assert all("may be open still" in str(one.reason) for one in ended)
    assert server.counts()["requests"] == before


@pytest.mark.parametrize(
    ("fails", "works", "reason"),
    [
        ("/good/works", "/good/works", "it must fail"),
        ("/good/fails", "/good/fails", "before anything was provoked"),
        ("/good/fails", "/no-such-page", "answered 404 before"),
    ],
)
def test_paths_that_are_not_what_they_should_be_measure_nothing(
    server: Faultd, fails: str, works: str, reason: str
) -> None:
    settings = CircuitBreakerSettings(provoke=Provocation(fails, works))
    opens, recovers = provoked_breaker.provoke(target(server.url), settings, lambda: False)
    assert reason in str(opens.reason)
    assert reason in str(recovers.reason)
