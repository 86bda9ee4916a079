"""service.tracing: an id of ours that comes back is a yes, an id of the service's own is none."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler

import pytest

from readiness import probes
from readiness.config.probes import Probes
from readiness.measurements.run import Measurement
from tests.faultd.client import free_port
from tests.probes.conftest import Script, Site, reply, target

WANTED = {"service.tracing"}


def echo(field: str, of: str, form: str = "{}") -> Script:
    """Sends a field of the request back as `field`."""

    def run(handler: BaseHTTPRequestHandler) -> None:
        reply(200, b"", (field, form.format(handler.headers[of])))(handler)

    return run


def asked(site: Site, script: Script) -> Measurement:
    site.paths["/"] = script
    (found,) = probes.before_load(site.target, Probes(), WANTED, lambda: False)
    return found


@pytest.mark.parametrize(
    ("script", "value", "observed"),
    [
        (echo("traceresponse", "traceparent"), 1, "the trace id"),
        (echo("Server-Timing", "traceparent", 'traceparent;desc="{}"'), 1, "the trace id"),
        (echo("X-Correlation-ID", "X-Request-ID"), 1, "the request id"),
        (reply(200, b"", ("X-Request-ID", "f" * 32)), 0, "X-Request-ID holds an id of its own"),
        (reply(404), 0, "no field of the answer holds an id of ours"),
    ],
    ids=["traceresponse", "Server-Timing", "echo", "an id of its own", "nothing"],
)
def test_what_comes_back_tells(site: Site, script: Script, value: float, observed: str) -> None:
    found = asked(site, script)
    assert (found.value, found.details[0].observed, found.reason) == (value, observed, None)


def test_no_answer_or_a_broken_service_is_a_reason(site: Site) -> None:
    assert "HTTP 503" in (asked(site, reply(503)).reason or "")
    where = target(f"http://127.0.0.1:{free_port()}")
    (found,) = probes.before_load(where, Probes(), WANTED, lambda: False)
    assert (found.value, found.reason) == (None, "/: connection refused")
