from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

import readiness.probes
from readiness.config.probes import CacheSettings, CircuitBreakerSettings, PoolSettings, Probes
from readiness.metrics import catalogue
from readiness.probes import _HEALTH, PROBES, PROVOKED, observe
from readiness.probes.window import Window
from tests.faultd.client import free_port
from tests.probes.conftest import Site, document, in_turn, paid, raw, reply, target
from tests.probes.conftest import observe as everything

Judged = Callable[..., Window]
PARTS = {
    "__init__", "window", "http", "counters", "json_pointer", "header_rules", "content_security_policy", "sampler",
    "prometheus", "redis_info", "evidence", "observatory", "overhead", "sampling_interval", "lean_httpx", "allowance",
    "download", "fetched_pages", "handshakes", "kubeconfig", "kubernetes_api", "monitoring",
    "prometheus_server", "first_answers", "forms",
    "process_search", "database_process", "self_reports", "thread_states",
}  # fmt: skip
OTHERS = {
    "health", "custom", "prometheus_queries", "kubernetes", "consistency", "dns", "tls", "tracing",
    "process", "provoked_breaker",
}  # fmt: skip
"""Probes that are measured outside PROBES: before or after the load, or by settings of their own."""
EVERYTHING = {*_HEALTH, *(one.metric for one in PROBES)}


def test_the_list_of_probes_is_what_the_folder_holds() -> None:
    files = {path.stem for path in Path(str(readiness.probes.__file__)).parent.glob("*.py")}
    listed = {one.name for one in PROBES} | OTHERS
    assert not files - PARTS - listed, "in no list: a line in PROBES, or a name in OTHERS or PARTS of this file"
    assert not listed - files, "listed, and no file of readiness/probes"


def test_every_metric_of_a_probe_is_in_the_catalogue_once() -> None:
    metrics = [*_HEALTH, *PROVOKED, *(one.metric for one in PROBES)]
    assert len(metrics) == len(set(metrics))
    assert set(metrics) <= set(catalogue.names())


def test_wanted_probes_and_those_that_always_run_measure_side_by_side(site: Site, looked_at: Judged) -> None:
    site.paths |= {"/": reply(), "/health": reply()}
    site.paths["/stats"] = in_turn(*(document({"cache": {"hits": n, "misses": 0}}) for n in range(1, 9)))
    settings = Probes(cache=CacheSettings(statistics="/stats"))
    found = everything(site.target, settings, {"cache.hit_rate", "data.bags"}, looked_at(site, "/stats", 2))
    assert list(found) == [
        "health.latency.p95",
        "health.success_rate",
        "security.headers",
        "security.observatory",
        "cache.hit_rate",
        "service.user_agent",
    ]
    assert [one for one in found.values() if one.value is None or one.reason is not None] == []


def test_a_document_that_several_probes_need_is_asked_for_once_a_second(site: Site, looked_at: Judged) -> None:
    site.paths |= {"/": reply(), "/health": reply()}
    site.paths["/stats"] = document(
        {"instance": "a", "cache": {"hits": 1, "misses": 0}, "pool": {"requests": 1, "errors": 0}, "state": "closed"}
    )
    settings = Probes(
        cache=CacheSettings(statistics="/stats"),
        pool=PoolSettings(statistics="/stats"),
        circuit_breaker=CircuitBreakerSettings(statistics="/stats", states=("/state",)),
    )
    window = looked_at(site, "/stats", 2)
    seen = observe(site.target, settings, EVERYTHING, window, paid(window))
    assert site.seen.count("/stats") == 3
    assert 3 < seen.cost.requests <= len(site.seen)
    assert seen.cost.waited_ms > 0
    assert seen.received_bytes > 100


def test_a_dead_target_gives_a_reason_or_an_unbounded_value_for_everything(judged: Judged) -> None:
    settings = Probes(cache=CacheSettings(statistics="/stats"), pool=PoolSettings(statistics="/stats"))
    where = target(f"http://127.0.0.1:{free_port()}")
    found = everything(where, settings, EVERYTHING, judged(length_s=1.5))
    assert set(found) == EVERYTHING
    assert found["health.success_rate"].value == 0
    assert all(one.value is None for one in found.values() if one.metric != "health.success_rate")
    for metric in ("security.headers", "rate_limit.active", "cache.hit_rate", "pool.error_rate"):
        assert "connection refused" in str(found[metric].reason), metric


def test_a_hanging_target_does_not_hold_the_run(site: Site, judged: Judged) -> None:
    site.paths = dict.fromkeys(("/", "/health", "/stats"), raw(b"", pause_s=200))
    window = judged()
    found = everything(site.target, Probes(cache=CacheSettings(statistics="/stats")), EVERYTHING, window)
    assert window.end_s is not None
    assert time.monotonic() - window.end_s < 60
    assert set(found) == EVERYTHING


def test_a_load_that_stops_before_the_window_leaves_reasons(site: Site) -> None:
    site.paths |= {"/": reply(), "/health": reply()}
    window = Window()
    window.end()
    found = everything(site.target, Probes(), EVERYTHING, window)
    assert "did not begin" in str(found["health.latency.p95"].reason)


def test_a_defect_in_a_probe_is_a_reason_and_not_a_crash(site: Site, judged: Judged) -> None:
    broken = Probes(cache=CacheSettings(statistics=7))  # type: ignore[arg-type]
    found = everything(site.target, broken, {"cache.hit_rate"}, judged())
    assert "the probe broke" in str(found["cache.hit_rate"].reason)


def test_waiting_for_a_window_ends_when_it_begins_or_ends() -> None:
    window = Window()
    assert not window.wait_begin(0.01)
    answers: list[bool] = []
    waiting = Thread(target=lambda: answers.append(window.wait_begin(600)))
    waiting.start()
    window.begin()
    waiting.join()
    assert answers == [True]
    assert window.judging
    assert not window.wait_end(0.01)
    window.end()
    assert window.wait_end(10)
    assert not window.wait_begin(10)
    assert window.ended
    assert not window.judging


def test_a_window_cannot_begin_after_its_end() -> None:
    window = Window()
    window.end()
    window.begin()
    assert window.begin_s is None


@pytest.mark.parametrize("again", ["begin", "end"])
def test_a_second_call_changes_no_stamp(again: str) -> None:
    window = Window()
    window.begin()
    window.end()
    stamps = (window.begin_s, window.end_s)
    getattr(window, again)()
    assert (window.begin_s, window.end_s) == stamps
