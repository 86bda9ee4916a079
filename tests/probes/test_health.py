from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from readiness.config.probes import Health
from readiness.measurements.run import Recording
from readiness.probes import health
from readiness.probes.cost import Meter
from readiness.probes.window import Window
from tests.faultd.client import free_port
from tests.probes.conftest import Site, in_turn, raw, reply, target

Judged = Callable[..., Window]
OFTEN = Health(every_ms=30, timeout_ms=20_000)


def measured(url: str, window: Window, settings: Health = OFTEN) -> tuple[float | None, Recording, str]:
    found, _ = health.measure(target(url), settings, window, Meter())
    assert isinstance(found.evidence, Recording)
    assert found.samples == found.evidence.requests
    return found.value, found.evidence, "\n".join(f"{line.subject} = {line.observed}" for line in found.details)


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


def test_a_flapping_health_check_has_no_bounded_p95(site: Site, looked_at: Judged) -> None:
    site.paths["/health"] = in_turn(reply(200), reply(503), forever=True)
    value, record, details = measured(site.url, looked_at(site, "/health", 10))
    assert value is None
    assert record.failed["http_5xx"] >= 3
    assert "http_5xx" in details


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


def test_a_hanging_check_is_sampled_on_time_and_ends_soon_after_the_window(site: Site, looked_at: Judged) -> None:
    site.paths["/health"] = raw(b"", pause_s=100)
    window = looked_at(site, "/health", 8, answered=False)
    value, record, _ = measured(site.url, window, Health(every_ms=50, timeout_ms=60_000))
    assert window.end_s is not None
    assert time.monotonic() - window.end_s < 40, "it waited for the answers"
    assert value is None
    assert record.in_flight == record.requests >= 5


def test_a_window_that_never_began_gives_a_reason(site: Site) -> None:
    window = Window()
    window.end()
    assert all("did not begin" in str(found.reason) for found in health.measure(site.target, OFTEN, window, Meter()))


def test_the_ready_check_is_looked_at_beside_the_live_one_and_both_count_for_success(
    site: Site, looked_at: Judged
) -> None:
    site.paths["/live"] = reply(200)
    site.paths["/ready"] = in_turn(reply(200), reply(503), forever=True)
    settings = Health("/live", "/ready", every_ms=30, timeout_ms=20_000)
    live, ready, success = health.measure(site.target, settings, looked_at(site, "/ready", 12), Meter())
    assert (live.metric, ready.metric, success.metric) == (health.LIVE, health.READY, health.SUCCESS)
    assert live.value is not None
    assert ready.value is None
    assert isinstance(ready.evidence, Recording)
    assert success.value is not None
    assert 60 < success.value < 90
    assert success.samples == (live.samples or 0) + (ready.samples or 0)
