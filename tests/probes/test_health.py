from __future__ import annotations

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from threading import Lock

import pytest

from readiness.config.probes import Health
from readiness.measurements.run import Recording
from readiness.probes import health
from readiness.probes.allowance import BUSY
from readiness.probes.window import Window
from tests.faultd.client import free_port
from tests.probes.conftest import Site, in_turn, paid, raw, reply, target

Judged = Callable[..., Window]
OFTEN = Health(every_ms=30, timeout_ms=20_000)


def measured(url: str, window: Window, settings: Health = OFTEN) -> tuple[float | None, Recording, str]:
    found, _ = health.measure(target(url), settings, window, paid(window))
    assert isinstance(found.evidence, Recording)
    assert found.samples == found.evidence.requests
    details = "\n".join(f"{line.subject} = {line.observed} {line.note}" for line in found.details)
    return found.value, found.evidence, details


def test_a_healthy_service_has_a_p95_over_the_judged_window_only(site: Site, looked_at: Judged) -> None:
    site.paths["/health"] = reply(200, "ok")
    value, record, details = measured(site.url, looked_at(site, "/health", 10, before=2))
    assert value is not None
    assert value > 0
    assert record.failures == 0
    assert sum(part.ok.total for part in record.slices) == record.ok.total > 5
    assert len(site.seen) > record.requests
    assert "before the window" in details
    assert "in the window" in details


def test_a_path_behind_the_targets_own_is_told_as_it_was_asked(site: Site, looked_at: Judged) -> None:
    site.paths["/api/v2/health"] = reply(404)
    _, _, details = measured(f"{site.url}/api/v2", looked_at(site, "/api/v2/health", 4))
    assert "/api/v2/health answered 404 to " in details


def test_a_flapping_health_check_has_no_bounded_p95(site: Site, looked_at: Judged) -> None:
    site.paths["/health"] = in_turn(reply(200), reply(503), forever=True)
    value, record, details = measured(site.url, looked_at(site, "/health", 10))
    assert value is None
    assert record.failed["http_5xx"] >= 3
    assert "/health answered 503 to " in details


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (reply(302, b"", ("Location", "/login")), "http_3xx"),
        (reply(404), "http_4xx"),
        (reply(429), "rate_limited"),
        (raw(b""), "reset"),
        (raw(b"", pause_s=30), "timeout"),
    ],
    ids=["redirect", "not found", "rate limited", "closed", "silence"],
)
def test_only_a_2xx_answer_in_time_is_healthy(site: Site, looked_at: Judged, script: object, kind: str) -> None:
    site.paths["/health"] = script  # type: ignore[assignment]
    settings = Health(every_ms=30, timeout_ms=300)
    value, record, _ = measured(site.url, looked_at(site, "/health", 12, answered=False), settings)
    assert value is None
    assert record.ok.total == 0
    assert record.failed[kind] > 0


def test_a_port_that_nobody_listens_on_is_counted_as_refused(judged: Judged) -> None:
    _, record, _ = measured(f"http://127.0.0.1:{free_port()}", judged())
    assert set(record.failed) == {"connect_refused"}


def test_a_hanging_check_holds_one_sample_and_ends_soon_after_the_window(site: Site, looked_at: Judged) -> None:
    site.paths["/health"] = raw(b"", pause_s=100)
    window = looked_at(site, "/health", 1, answered=False)
    value, record, _ = measured(site.url, window, Health(every_ms=50, timeout_ms=60_000))
    assert window.end_s is not None
    assert time.monotonic() - window.end_s < 40, "it waited for the answers"
    assert value is None
    assert record.in_flight == record.requests
    assert site.seen.count("/health") <= 2, "one in flight, and one before the window"


class Pausing:
    """Answers at once, and once after a while; knows how many requests it had at a time."""

    def __init__(self, pauses_at: int, pause_s: float) -> None:
        self.pauses_at, self.pause_s = pauses_at, pause_s
        self.lock = Lock()
        self.requests = self.now = self.most = 0

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        with self.lock:
            self.requests, self.now = self.requests + 1, self.now + 1
            self.most, mine = max(self.most, self.now), self.requests
        time.sleep(self.pause_s if mine == self.pauses_at else 0)
        reply(200)(handler)
        with self.lock:
            self.now -= 1


def test_a_standstill_that_holds_one_sample_weighs_as_much_as_the_samples_that_were_due_in_it(
    site: Site, looked_at: Judged
) -> None:
    site.paths["/health"] = service = Pausing(pauses_at=12, pause_s=2.0)
    _, record, details = measured(site.url, looked_at(site, "/health", 14), Health(every_ms=50, timeout_ms=20_000))
    assert service.most == 1
    assert record.requests > site.seen.count("/health"), "samples that were due and not sent are among them"
    assert (record.ok.max_us or 0) > 1_900_000
    assert record.ok.count_over_ms(100, inclusive=True)[0] > 3
    assert "of them for the time in which one answer was waited for" in details


def test_an_endpoint_that_is_always_slow_is_sampled_seldom_and_only_what_was_sent_counts(
    site: Site, looked_at: Judged
) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.2)
        reply(200)(handler)

    site.paths["/health"] = slow
    window = looked_at(site, "/health", 4)
    _, record, _ = measured(site.url, window, Health(every_ms=100, timeout_ms=20_000))
    assert record.requests <= site.seen.count("/health")
    assert window.end_s is not None
    assert window.begin_s is not None
    assert window.end_s - window.begin_s > 3 * 0.2 / BUSY, "four answers need that long, if they may take a fifth of it"


def test_a_window_that_never_began_gives_a_reason(site: Site) -> None:
    window = Window()
    window.end()
    found = health.measure(site.target, OFTEN, window, paid(window))
    assert all("did not begin" in str(one.reason) for one in found)


def test_the_ready_check_is_looked_at_beside_the_live_one_and_both_count_for_success(
    site: Site, looked_at: Judged
) -> None:
    site.paths["/live"] = reply(200)
    site.paths["/ready"] = in_turn(reply(200), reply(503), forever=True)
    settings = Health("/live", "/ready", every_ms=30, timeout_ms=20_000)
    window = looked_at(site, "/ready", 12)
    live, ready, success = health.measure(site.target, settings, window, paid(window))
    assert (live.metric, ready.metric, success.metric) == (health.LIVE, health.READY, health.SUCCESS)
    assert live.value is not None
    assert ready.value is None
    assert isinstance(ready.evidence, Recording)
    assert success.value is not None
    assert 60 < success.value < 90
    assert success.samples == (live.samples or 0) + (ready.samples or 0)
