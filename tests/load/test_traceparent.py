"""`traceparent` lines: valid, never twice, as many as the share says; what is worth reading is kept and bounded."""

from __future__ import annotations

import re
import time
from itertools import islice, pairwise

import pytest

from readiness.load.ticket import OpenCall
from readiness.load.traced_calls import UNTRACED, TracedCalls
from readiness.load.traceparent import parent_id, trace_id, trace_lines
from readiness.measurements.traced import STILL_OPEN, TracedRequest, is_trace_id, most_telling
from readiness.text.trace_links import trace_link, wrong_trace_url

LINE = re.compile(rb"traceparent: 00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01\r\n")


def test_every_line_is_a_traceparent_and_no_id_comes_twice() -> None:
    lines = [*islice(trace_lines(), 20_000), *islice(trace_lines(), 20_000)]
    assert all(LINE.fullmatch(line) for line in lines)
    ids = {trace_id(line) for line in lines}
    assert len(ids) == 40_000
    assert all(map(is_trace_id, ids))
    lower = sorted(int(one[16:], 16) / 2**64 for one in {trace_id(line) for line in lines[:4096]})
    assert max(b - a for a, b in pairwise(lower)) < 0.001, "a sampler by ratio would take all or none"


@pytest.mark.parametrize("share", [0.001, 0.05, 0.333, 1.0])
def test_a_share_of_the_requests_has_a_line(share: float) -> None:
    calls = TracedCalls(share, Window())
    places = [number for number in range(1, 12_001) if calls.line()]
    assert abs(len(places) - share * 12_000) <= 1
    assert {b - a for a, b in pairwise(places)} <= {int(1 / share), int(1 / share) + 1}, "evenly"


def test_a_load_that_is_not_traced_has_no_line() -> None:
    assert not any(UNTRACED.line() for _ in range(10))


class Window:
    judged_from_s, judged_until_s = 100.0, 200.0


def call(name: str, start_s: float, status: int = 200) -> OpenCall:
    made = OpenCall("shop", name, start_s)
    made.status_code = status
    return made


def test_the_slowest_and_some_of_each_failure_are_kept_whatever_comes() -> None:
    calls = TracedCalls(1.0, Window())
    merged: dict[str, tuple[TracedRequest, ...]] = {}
    for number, line in enumerate(calls.line() for _ in range(50_000)):
        failure = ("http_5xx", "timeout", None, None)[number % 4]
        calls.ended(call(f"GET /{number % 300}", 100.0), line, 100.0 + number / 1000, failure)
        if number % 5000 == 4999:
            for facts in calls.take():
                merged[facts.name] = most_telling((*merged.get(facts.name, ()), *facts.traces))
    assert len(merged) == 200
    for kept in merged.values():
        assert len(kept) <= 9
        slow = [one.latency_ms for one in kept if one.failure is None]
        assert slow == sorted(slow, reverse=True)
    last = 49_999 - (49_999 - 2) % 4
    name = f"GET /{last % 300}"
    if name in merged:
        assert merged[name][0].latency_ms == pytest.approx(last, abs=1200)


def test_only_the_measurement_window_counts_and_who_still_waits_is_told() -> None:
    calls = TracedCalls(1.0, Window())
    line = calls.line()
    calls.ended(call("GET /", 99.9), line, 150.0, "timeout")
    calls.leave([call("GET /", 150.0)], 201.0)  # a client of Locust's: without a trace
    assert calls.take() == ()
    calls.ended(call("GET /", 150.0), line, 151.0, STILL_OPEN)
    (facts,) = calls.take()
    (kept,) = facts.traces
    assert kept == TracedRequest(trace_id(line), 1000.0, 200, STILL_OPEN, kept.start_us)
    assert abs(kept.start_us / 1e6 - (time.time() - time.perf_counter() + 150.0)) < 5, "by the clock on the wall"
    assert parent_id(kept.trace_id) == line.split(b"-")[2].decode()
    assert calls.take() == ()


def test_an_address_of_traces_is_a_url_that_cannot_leave_its_place_in_the_report() -> None:
    good = "https://traces.example.org/explore?left=%7B%22id%22:%22{trace_id}%22%7D&orgId=1#x"
    assert wrong_trace_url(good) is None
    assert trace_link(good, "a" * 32) == good.replace("{trace_id}", "a" * 32)
    for bad in (
        "https://traces.example.org/", "https://x.org/{trace_id}/{trace_id}", "javascript:alert(1)//{trace_id}",
        "ftp://x.org/{trace_id}", "https://{trace_id}.example.org/", "https://user:secret@x.org/{trace_id}",
        'https://x.org/"><script>{trace_id}', "https://x.org/a)b{trace_id}", "https://x.org/{trace_id} x",
        "https://x.org/|{trace_id}", "https:///{trace_id}", "https://x.org/\u202e{trace_id}", "{trace_id}",
    ):  # fmt: skip
        assert wrong_trace_url(bad), bad
        assert trace_link(bad, "a" * 32) is None
