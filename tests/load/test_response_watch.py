"""What answers say beside their latency, seen in the bytes of their heads."""

from __future__ import annotations

import pytest

from readiness.load.recorder import Recorder
from readiness.load.response_watch import MAX_ENDPOINTS, Watch
from readiness.load.ticket import OpenCall
from readiness.load.watch_plan import WatchPlan
from readiness.measurements.response_facts import ResponseFacts


def head(*lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join(("HTTP/1.1 200 OK", *lines)).encode("latin-1") + b"\r\n\r\n" + body


def seen(
    watch: Watch, *heads: bytes, status: int = 200, start_s: float = 11.0, took_s: float = 0.01
) -> ResponseFacts | None:
    """What `watch` tells of calls that the recorder saw; its measurement window is from 10 to 20 s."""
    recorder = Recorder()
    recorder.start_s, recorder.judged_from_s, recorder.judged_until_s = 0.0, 10.0, 20.0
    recorder.watch = watch
    for raw in heads:
        call = recorder.begin("shop", "GET /", start_s)
        call.status_code, call.raw_head = status, raw
        recorder.end(call, start_s + took_s)
    return next(iter(watch.take()), None)


@pytest.mark.parametrize(
    ("header", "lines", "hits"),
    [
        ("X-Cache", ["x-cache: hit", "X-CACHE: HIT", "X-Cache: MISS", "X-Other: HIT"], (2, 1)),
        ("X-Cache", ["X-Cache: HIT2", "X-Cache:", "Not-X-Cache: HIT"], (0, 2)),
        ("Cache-Status", ["Cache-Status: Edge; hit; ttl=3", 'Cache-Status: "a"; fwd=miss'], (1, 1)),
        ("Cache-Status", ["Cache-Status: A; fwd=miss, B;hit", "Cache-Status: hit"], (1, 1)),
        ("Age", ["Age: 7", "Age: 0", "Date: now", "Age: -1"], (2, 2)),
    ],
)
def test_a_cache_header_is_read_by_its_own_rules(header: str, lines: list[str], hits: tuple[int, int]) -> None:
    watch = Watch(WatchPlan(cache_header=header, hits=("HIT",)))
    found = seen(watch, *(head(line) for line in lines))
    assert found is not None
    assert (found.hit.total, found.miss.total) == hits


@pytest.mark.parametrize(
    ("status", "counted"), [(200, (0, 0)), (302, (0, 0)), (404, (0, 0)), (429, (1, 1)), (503, (1, 1))]
)
def test_only_refusals_are_asked_when_to_come_back(status: int, counted: tuple[int, int]) -> None:
    watch = Watch(WatchPlan(cache_header="Retry-After", everywhere=True))
    found = seen(watch, head("Retry-After: 5"), head("Server: x"), status=status)
    assert found is not None
    assert (found.hit.total, found.miss.total) == counted


def test_a_body_and_the_time_outside_the_window_say_nothing() -> None:
    watch = Watch(WatchPlan(cache_header="X-Cache", hits=("HIT",), heads=True))
    assert seen(watch, head("X-Cache: HIT"), start_s=9.9) is None
    assert seen(watch, head("X-Cache: HIT"), start_s=20.0) is None
    found = seen(watch, head("Server: x", body=b"\r\nX-Cache: HIT\r\n"))
    assert found is not None
    assert found.hit.total == 0


def test_server_timing_is_summed_by_part_and_each_sample_stands_for_its_stride() -> None:
    watch = Watch(WatchPlan(server_timing=True))
    timed = head('Server-Timing: db;dur=4.5, cache;desc="a b";dur=1, miss, bad;dur=x', "server-timing: app;dur=2")
    for _ in range(2):
        one = seen(watch, *[timed] * 200)
        assert one is not None
        assert 190 <= one.timing.samples <= 200  # but for those after the last one that was read
        each_ms = {name: spent_ms / one.timing.samples for name, spent_ms in one.timing.parts_ms.items()}
        assert each_ms == pytest.approx({"db": 4.5, "cache": 1, "app": 2})
        assert one.timing.total_ms == pytest.approx(10 * one.timing.samples)
    slow = seen(watch, timed, took_s=1.0)
    assert slow is not None
    assert slow.slow.samples == 1
    assert slow.slow.total_ms == pytest.approx(1000)


@pytest.mark.parametrize(
    "value", ["db;dur=1e400", "db;dur=-5", "db;dur=nan", "db;dur=99999999999", "x" * 60_000, ",;,;dur=", "\x00;dur=1"]
)
def test_a_hostile_server_timing_adds_nothing_that_is_no_number(value: str) -> None:
    found = seen(Watch(WatchPlan(server_timing=True)), head(f"Server-Timing: {value}"))
    assert found is not None
    assert all(0 <= spent < 1e7 for spent in found.timing.parts_ms.values())


def test_one_head_of_each_status_is_kept_and_never_a_cookies_value() -> None:
    watch = Watch(WatchPlan(heads=True))
    first = seen(watch, head("Server: a\x1b[2J"), head("Server: b"), head("Set-Cookie: session=s3cret; HttpOnly"))
    assert first is not None
    assert [one.headers for one in first.heads] == [
        (("Server", "a[2J"),),
        (("Set-Cookie", "session=…; HttpOnly"),),
    ]
    assert seen(watch, head("Server: c"), status=404) is not None


def test_endpoints_beyond_the_cap_cost_no_memory() -> None:
    watch = Watch(WatchPlan(cache_header="X-Cache", hits=("HIT",)))
    for number in range(MAX_ENDPOINTS + 50):
        call = OpenCall("shop", f"GET /{number}", 11.0)
        call.status_code, call.raw_head = 200, head("X-Cache: HIT")
        watch.see(call, 11.1, None)
    assert len(watch.take()) == MAX_ENDPOINTS
