"""Row H16: answers that differ for our User-Agent, and those that only differ as answers do."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler

import pytest

from readiness.config.probes import Probes, UserAgent
from readiness.errors import NotMeasured
from readiness.probes import user_agent
from readiness.probes.cost import Meter
from readiness.probes.evidence import Evidence
from readiness.probes.http import Answer
from readiness.probes.sampler import Readings
from readiness.probes.window import Window
from tests.probes.conftest import Site, reply


def answer(size: int = 5000, *, status: int = 200, kind: str = "text/html", took_ms: float = 10.0) -> Answer:
    return Answer(status, (("content-type", kind),), b"x" * size, took_ms, "http://127.0.0.1/")


PAGE = answer()


@pytest.mark.parametrize(
    ("trio", "note"),
    [
        ((PAGE, PAGE, PAGE), ""),
        ((PAGE, answer(5400), PAGE), ""),
        ((answer(100), answer(5000), answer(9000)), ""),
        ((answer(took_ms=80), answer(took_ms=2), answer(took_ms=90)), ""),
        ((answer(took_ms=900), answer(took_ms=2), answer(took_ms=20)), ""),
        ((answer(status=503), PAGE, PAGE), ""),
        ((PAGE, answer(50), PAGE), "another size"),
        ((answer(4990), answer(9000), answer(5010)), "another size"),
        ((answer(status=403), PAGE, answer(status=403)), "another status"),
        ((PAGE, answer(kind="application/json"), PAGE), "another type"),
        ((answer(took_ms=900), answer(took_ms=2), answer(took_ms=700)), "another time"),
    ],
)
def test_ours_must_lie_with_the_two_of_a_browser(trio: tuple[Answer, Answer, Answer], note: str) -> None:
    evidence = Evidence(Probes(), Readings({}, True), agents={"/": trio})
    (measured,) = user_agent.same(evidence)
    assert measured.value == (not note)
    assert [detail.note for detail in measured.details] == [note]


def test_each_path_is_asked_as_a_browser_as_ourselves_and_as_a_browser_again(site: Site) -> None:
    site.paths["/"] = lambda handler: reply(200, str(handler.headers["User-Agent"]))(handler)
    window = Window()
    found = user_agent.ask_all(site.target, ("/", "/"), window, Meter())
    trio = found["/"]
    assert isinstance(trio, tuple)
    assert [one.body.split(b"/")[0] for one in trio] == [b"Mozilla", b"readiness", b"Mozilla"]
    assert site.seen == ["/", "/", "/"]


@pytest.mark.parametrize(
    ("agents", "reason"), [({"/": "/: connection refused"}, "connection refused"), ({}, "names no path")]
)
def test_what_did_not_answer_or_is_not_declared_is_not_measured(agents: dict[str, str], reason: str) -> None:
    settings = Probes(user_agent=UserAgent(()))
    with pytest.raises(NotMeasured, match=reason):
        user_agent.same(Evidence(settings, Readings({}, True), agents=agents))


@pytest.mark.parametrize(("good_after", "asked"), [(0, 3), (1, 6), (2, 9), (9, 9)])
def test_a_difference_must_show_each_time(site: Site, good_after: int, asked: int) -> None:
    def run(handler: BaseHTTPRequestHandler) -> None:
        favoured = str(handler.headers["User-Agent"]).startswith("readiness/") and len(site.seen) <= 3 * good_after
        reply(200 if favoured else 503)(handler)

    site.paths["/"] = run
    found = user_agent.ask_all(site.target, ("/",), Window(), Meter())
    assert len(site.seen) == asked
    (measured,) = user_agent.same(Evidence(Probes(), Readings({}, True), agents=found))
    assert measured.value == (good_after < 3)
