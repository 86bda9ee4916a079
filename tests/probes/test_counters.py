from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from readiness.config.probes import CacheSettings, PoolSettings, Probes
from readiness.measurements.run import Measurement, Rate
from readiness.probes.window import Window
from tests.probes.conftest import Script, Site, document, in_turn, observe, raw, reply

Judged = Callable[..., Window]
AT = CacheSettings(statistics="/stats")


def stats(hits: object, misses: object, **more: object) -> Script:
    return document({"cache": {"hits": hits, "misses": misses}, **more})


def refused(site: Site, window: Window, *scripts: Script) -> str:
    site.paths["/stats"] = in_turn(*scripts)
    return str(hit_rate(site, AT, window).reason)


def hit_rate(site: Site, settings: CacheSettings, window: Window) -> Measurement:
    return observe(site.target, Probes(cache=settings), {"cache.hit_rate"}, window)["cache.hit_rate"]


def error_rate(site: Site, settings: PoolSettings, window: Window) -> Measurement:
    return observe(site.target, Probes(pool=settings), {"pool.error_rate"}, window)["pool.error_rate"]


def test_the_hit_rate_is_the_growth_in_the_window_and_not_since_boot(site: Site, looked_at: Judged) -> None:
    site.paths["/stats"] = in_turn(stats(1_000_000, 0), stats(1_000_003, 2), stats(1_000_006, 6))
    measured = hit_rate(site, AT, looked_at(site, "/stats", 2))
    assert measured.value == 50.0
    assert measured.samples == 12
    assert measured.evidence == Rate(6, 12, ((3, 5), (3, 7)))
    assert measured.source == "probe cache"


@pytest.mark.parametrize(
    "script",
    [
        reply(404),
        reply(500, "{}"),
        reply(200, "<html>"),
        reply(200, "[" * 100_000),
        document({"pool": {}}),
        document([1, 2]),
        stats(1.2, 1),
        stats(-1, 1),
        stats("80%", 1),
        stats(float("nan"), 1),
        stats(float("inf"), 1),
        stats(True, 1),
        stats(None, 1),
        stats({}, 1),
        stats(10**30, 1),
    ],
    ids=[
        *("404", "500", "not JSON", "nested too deep", "key missing", "list", "fraction", "negative", "text"),
        *("NaN", "Infinity", "boolean", "null", "object", "too large"),
    ],
)
def test_what_is_no_counter_gives_a_reason_with_path_and_pointer(site: Site, looked_at: Judged, script: Script) -> None:
    reason = refused(site, looked_at(site, "/stats", 1), script)
    assert "/stats" in reason
    assert "/cache/hits" in reason


def test_nothing_of_nothing_is_not_a_rate(site: Site, looked_at: Judged) -> None:
    assert "0 of 0" in refused(site, looked_at(site, "/stats", 1), stats(900, 100))


def test_a_counter_that_goes_down_gives_a_reason(site: Site, looked_at: Judged) -> None:
    reason = refused(site, looked_at(site, "/stats", 1), stats(900, 100), stats(10, 200))
    assert "/cache/hits: the counter went down from 900 to 10" in reason


def test_a_reset_that_was_caught_up_by_the_end_is_still_seen(site: Site, looked_at: Judged) -> None:
    reason = refused(site, looked_at(site, "/stats", 2), stats(900, 100), stats(10, 100), stats(2000, 200))
    assert "went down" in reason


def test_another_instance_gives_a_reason(site: Site, looked_at: Judged) -> None:
    reason = refused(site, looked_at(site, "/stats", 1), stats(1, 1, instance="a"), stats(9, 9, instance="b"))
    assert "another instance" in reason


def test_a_last_reading_without_an_answer_gives_a_reason(site: Site, looked_at: Judged) -> None:
    assert "closed without an answer" in refused(site, looked_at(site, "/stats", 1), stats(1, 1), raw(b""))


def test_a_last_reading_that_fails_once_is_asked_for_again(site: Site, looked_at: Judged) -> None:
    site.paths["/stats"] = in_turn(stats(10, 0), raw(b""), raw(b""), stats(13, 1))  # a lost connection is tried twice
    settings, window = Probes(cache=AT), looked_at(site, "/stats", 1)
    measured = observe(site.target, settings, {"cache.hit_rate"}, window, duration_s=200.0)["cache.hit_rate"]
    assert measured.value == 75.0
    assert site.seen.count("/stats") == 4


def test_a_window_that_never_began_gives_a_reason(site: Site) -> None:
    window = Window()
    window.end()
    assert "did not begin" in refused(site, window, stats(1, 1))
    assert "/stats" not in site.seen


def test_without_a_source_the_reason_tells_what_to_configure(site: Site) -> None:
    window = Window()
    window.end()
    assert "probes.cache.statistics" in str(hit_rate(site, CacheSettings(), window).reason)
    assert "probes.pool.statistics" in str(error_rate(site, PoolSettings(), window).reason)


def test_pointers_reach_into_lists_and_escaped_names(site: Site, looked_at: Judged) -> None:
    def caches(hits: int) -> Script:
        return document({"a/b": [{"~h": hits, "m": 0}]})

    site.paths["/stats"] = in_turn(caches(1), caches(5))
    settings = CacheSettings(statistics="/stats", hits="/a~1b/0/~0h", misses="/a~1b/0/m")
    assert hit_rate(site, settings, looked_at(site, "/stats", 1)).value == 100.0


def pool_stats(requests: int, errors: int) -> Script:
    return document({"pool": {"requests": requests, "errors": errors}})


@pytest.mark.parametrize(
    ("end", "expected"), [((1100, 55), 5.0), ((1100, 50), 0.0), ((1000, 50), "no request"), ((1001, 60), "10 errors")]
)
def test_pool_errors_are_judged_by_growth(site: Site, looked_at: Judged, end: tuple[int, int], expected: Any) -> None:
    site.paths["/stats"] = in_turn(pool_stats(1000, 50), pool_stats(*end))
    if isinstance(expected, str):
        assert expected in str(error_rate(site, PoolSettings(statistics="/stats"), looked_at(site, "/stats", 1)).reason)
        return
    measured = error_rate(site, PoolSettings(statistics="/stats"), looked_at(site, "/stats", 1))
    assert measured.value == expected
    assert isinstance(measured.evidence, Rate)
