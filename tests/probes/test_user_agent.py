"""Row H16: answers that differ for a browser, and those that only differ as answers do."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler

import pytest

from readiness.config.probes import Probes, UserAgent
from readiness.errors import NotMeasured
from readiness.probes import user_agent
from readiness.probes.evidence import AnswerPairs, Evidence
from readiness.probes.http import ProbeAnswer
from readiness.probes.sampler import Readings
from tests.probes.conftest import Script, Site, in_turn, raw, reply


def answer(size: int = 5000, *, status: int = 200, kind: str = "text/html", took_ms: float = 10.0) -> ProbeAnswer:
    return ProbeAnswer(status, (("content-type", kind),), b"x" * size, took_ms, "http://127.0.0.1/")


PAGE = answer()


def took(*times_ms: float) -> Iterable[ProbeAnswer]:
    return [answer(took_ms=time_ms) for time_ms in times_ms]


@pytest.mark.parametrize(
    ("ours", "browser", "note"),
    [
        ([PAGE] * 3, [PAGE] * 3, ""),
        ([PAGE] * 3, [answer(5400)] * 3, ""),
        ([answer(100), answer(9000), PAGE], [PAGE, answer(100), answer(7000)], ""),
        ([answer(100), answer(9000), PAGE], [PAGE] * 3, "another size"),
        ([PAGE] * 3, [answer(100), answer(9000), PAGE], "another size"),
        ([PAGE] * 3, [answer(status=503), PAGE, PAGE], ""),
        ([PAGE] * 3, [answer(status=503), PAGE, answer(status=500)], "another status"),
        ([PAGE, answer(status=503), PAGE], [answer(status=503), PAGE, answer(status=503)], ""),
        ([PAGE, answer(status=503), PAGE], [answer(status=503)] * 3, "another status"),
        ([PAGE] * 3, [answer(0), PAGE, answer(0)], "another size"),
        ([PAGE] * 3, [answer(kind="text/json"), PAGE, answer(kind="text/json")], "another type"),
        ([answer(50)] * 3, [PAGE] * 3, "another size"),
        ([answer(9000)] * 3, [answer(4990), answer(5010), PAGE], "another size"),
        ([PAGE] * 3, [answer(status=403)] * 3, "another status"),
        ([answer(kind="application/json")] * 3, [PAGE] * 3, "another type"),
        ([answer(50, status=500)] * 3, [PAGE] * 3, "another status and size"),
        (took(2, 3, 2, 90, 2), took(80, 81, 90, 79, 85), "another time"),
        (took(2, 3, 2, 90, 88), took(80, 81, 90, 79, 85), ""),
        (took(2, 3, 2, 3, 2), took(21, 20, 20, 21, 20), ""),
        (took(100, 100, 100, 100, 100), took(140, 141, 142, 143, 149), ""),
        (took(80, 90, 80, 90, 80), took(2, 2, 2, 2, 2), ""),
        (took(2, 3, 2, 3, 2), took(3000, 2, 3001, 3, 3002), "another time"),
        (took(2, 3, 2, 3, 2), took(3000, 2, 2, 3, 3002), ""),
    ],
)
def test_ours_must_lie_with_those_of_a_browser(ours: list[ProbeAnswer], browser: list[ProbeAnswer], note: str) -> None:
    pairs: AnswerPairs = tuple(zip(ours, browser, strict=True))
    evidence = Evidence(Probes(), Readings({}, True), agents={"/": pairs})
    (measured,) = user_agent.same(evidence)
    assert measured.value == (not note)
    assert [detail.note for detail in measured.details] == [note]


def asked(site: Site) -> tuple[float | None, str]:
    found = user_agent.ask_all(site.target, ("/", "/"), lambda: False)
    (measured,) = user_agent.same(Evidence(Probes(), Readings({}, True), agents=found))
    return measured.value, measured.details[0].note


def where(header: str, other: Script, otherwise: Script) -> Script:
    """`other` for who sends the header, as a browser does."""
    return lambda handler: (other if header in handler.headers else otherwise)(handler)


def two_of_three(script: Script) -> Script:
    """`script` for two of three browsers, the page for all others."""
    return where("Priority", in_turn(reply(200, "x" * 600), script, script, forever=True), reply(200, "x" * 600))


@pytest.mark.parametrize(
    ("script", "note", "shown"),
    [
        (reply(500, "x" * 600), "another status", "a browser: 200 or 500, 600 bytes"),
        (reply(200), "another size", "a browser: 200, 0 to 600 bytes"),
        (lambda handler: slowly(handler, "x" * 600), "another time", "a browser: 200, 600 bytes, 30"),
        (raw(b""), "another status and size", "a browser: no answer or 200, 0 to 600 bytes"),
    ],
    ids=["500", "empty", "slow", "none"],
)
def test_h16_two_browsers_of_three_who_get_something_else_are_seen(
    site: Site, script: Script, note: str, shown: str
) -> None:
    site.paths["/"] = two_of_three(script)
    found = user_agent.ask_all(site.target, ("/",), lambda: False)
    (measured,) = user_agent.same(Evidence(Probes(), Readings({}, True), agents=found))
    assert (measured.value, measured.details[0].note) == (0, note)
    assert shown in str(measured.details[0].observed)


def test_a_path_that_differs_is_told_although_another_did_not_answer() -> None:
    pairs = ((PAGE, answer(0)),) * 3
    evidence = Evidence(Probes(), Readings({}, True), agents={"/gone": "/gone: refused", "/": pairs})
    (measured,) = user_agent.same(evidence)
    assert (measured.value, measured.samples) == (0, 6)


def slowly(handler: BaseHTTPRequestHandler, page: str = "page") -> None:
    time.sleep(0.3)
    reply(200, page)(handler)


def test_each_path_is_asked_as_ourselves_and_as_a_browser_in_turn_with_all_its_headers(site: Site) -> None:
    seen: list[dict[str, str]] = []

    def run(handler: BaseHTTPRequestHandler) -> None:
        seen.append(dict(handler.headers.items()))
        reply(200, "page")(handler)

    site.paths["/"] = run
    assert asked(site) == (1.0, "")
    order = ["readiness", "Mozilla", "Mozilla", "readiness"]
    assert [one["User-Agent"].split("/")[0] for one in seen] == (order * 3)[:10]
    for one in seen:
        if "Mozilla" in one["User-Agent"]:
            assert user_agent.BROWSER.items() <= one.items()
        else:
            assert "Accept-Language" not in one


@pytest.mark.parametrize("header", ["Accept-Language", "Sec-Fetch-Mode", "Upgrade-Insecure-Requests", "Priority"])
def test_a_service_that_is_slow_only_for_who_sends_a_browsers_header_is_seen(site: Site, header: str) -> None:
    site.paths["/"] = where(header, slowly, reply(200, "page"))
    assert asked(site) == (0.0, "another time")
    assert len(site.seen) == 20


def test_a_page_that_comes_packed_for_a_browser_is_the_same_page(site: Site) -> None:
    packed = reply(200, gzip.compress(b"page " * 5000), ("Content-Encoding", "gzip"))
    plain = reply(200, "page " * 5000)
    site.paths["/"] = lambda handler: (packed if "gzip" in handler.headers["Accept-Encoding"] else plain)(handler)
    assert asked(site) == (1.0, "")


def test_a_service_that_has_a_page_for_browsers_and_json_for_others_is_compared_where_it_gives_the_same(
    site: Site,
) -> None:
    page, data = reply(200, "<p>" * 900, ("Content-Type", "text/html")), reply(200, "{}", ("Content-Type", "text/json"))
    site.paths["/"] = lambda handler: (page if "html" in handler.headers["Accept"] else data)(handler)
    assert asked(site) == (1.0, "")
    site.paths["/"] = where("Accept-Language", page, data)
    assert asked(site) == (0.0, "another type and size")


@pytest.mark.parametrize(
    "body", [b"\x1f\x8b" + b"x" * 50, gzip.compress(b"x" * 50_000_000), b""], ids=["broken", "bomb", "none"]
)
def test_what_cannot_be_unpacked_is_no_difference_and_takes_no_memory(site: Site, body: bytes) -> None:
    site.paths["/"] = where("Priority", reply(200, body, ("Content-Encoding", "gzip")), reply(200, "x" * (1 << 20)))
    assert asked(site)[0] == (0.0 if not body else 1.0)


@pytest.mark.parametrize(
    ("agents", "reason"), [({"/": "/: connection refused"}, "connection refused"), ({}, "names no path")]
)
def test_what_did_not_answer_or_is_not_declared_is_not_measured(agents: dict[str, str], reason: str) -> None:
    settings = Probes(user_agent=UserAgent(()))
    with pytest.raises(NotMeasured, match=reason):
        user_agent.same(Evidence(settings, Readings({}, True), agents=agents))


def test_a_run_that_is_ended_asks_no_more(site: Site) -> None:
    found = user_agent.ask_all(site.target, ("/",), lambda: True)
    assert "after the load" in str(found["/"])
