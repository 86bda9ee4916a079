"""Spans of the load: what a collector on a socket gets from the standard exporter, and collectors that misbehave."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from readiness.measurements.traced import TracedRequest
from readiness.run.spans import export
from readiness.text.redaction import secrets_in
from tests.faultd.client import free_port
from tests.run.collector import Collector, collector

__all__ = ["collector"]

pytest.importorskip("opentelemetry.exporter.otlp.proto.http")

TRACE = "4bf92f3577b34da6" + "a3ce929d0e0e4736"
SPANS = (
    ("lookup", "GET /bags", TracedRequest(TRACE, 12.5, 200, None, 1_700_000_000_000_000)),
    ("lookup", "POST /bags", TracedRequest(TRACE[:-1] + "7", 5000.0, 0, "timeout", 1_700_000_000_500_000)),
)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str | None]:
    """Exports SPANS to a URL, which the exporter finds where every SDK does."""

    def send(url: str) -> str | None:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20s3cr"}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return export(SPANS, "run-1", environment, lambda: None)

    return send


def test_a_collector_gets_the_spans_that_the_services_spans_hang_below(
    collector: Collector, sent: Callable[[str], str | None]
) -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    assert sent(collector.url) == "2 spans of traced requests exported (OTEL_EXPORTER_OTLP_ENDPOINT)."
    assert collector.heads == ["Bearer s3cr"]
    (told,) = ExportTraceServiceRequest.FromString(collector.bodies[0]).resource_spans
    assert {one.key: one.value.string_value for one in told.resource.attributes}["service.name"] == "readiness"
    good, late = told.scope_spans[0].spans
    assert (good.trace_id.hex(), good.span_id.hex(), good.name) == (TRACE, TRACE[16:], "GET /bags")
    assert good.end_time_unix_nano - good.start_time_unix_nano == 12_500_000
    assert good.kind == 3, "a client's"
    assert late.status.code == 2, "an error"
    assert {one.key for one in late.attributes} == {"readiness.run.id", "readiness.scenario", "error.type"}
    here = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    assert export(SPANS, "run-1", {}, lambda: None) is None
    assert export((), "run-1", here, lambda: None) is None
    assert export(SPANS, "run-1", here | {"OTEL_SDK_DISABLED": "true"}, lambda: None) is None
    assert len(collector.bodies) == 1


def test_a_collector_that_is_away_refuses_leads_elsewhere_or_lies_costs_a_sentence(
    collector: Collector, sent: Callable[[str], str | None], capfd: pytest.CaptureFixture[str]
) -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    def told(url: str = collector.url) -> str:
        return str(sent(url)).removeprefix("2 spans of traced requests ").removesuffix("(OTEL_EXPORTER_OTLP_ENDPOINT).")

    assert told(f"http://127.0.0.1:{free_port()}/s3cr") == "not exported: nobody answered "
    assert told("nonsense://s3cr") == "not exported: nobody answered "
    collector.status = 401
    assert told() == "not exported: the answer was 401 "
    other = Collector()
    try:
        collector.status, collector.location = 307, other.url
        assert told() == "not exported: the answer was 307 "
        assert other.heads == [], "its headers are for one collector"
    finally:
        other.close()
    collector.status, collector.location = 200, ""
    for lie in (b"<html>ok</html>", b"ok", b'{"error": "no"}', b"0" * 10_000_000, b"\x00" * 10_000_000):
        collector.answer = lie
        assert told().startswith("sent, but the answer, 200, is not that of a collector"), lie[:20]
    some = ExportTraceServiceResponse()
    some.partial_success.rejected_spans = 1
    collector.answer = some.SerializeToString()
    assert told() == "exported, of which the collector refused 1 "
    assert "s3cr" not in capfd.readouterr().err


def test_a_collector_that_hangs_or_drips_ends_with_the_time_or_with_the_signal(
    collector: Collector, sent: Callable[[str], str | None], capfd: pytest.CaptureFixture[str]
) -> None:
    collector.answer, collector.drip_s = b"0" * 1000, 0.5
    assert sent(collector.url) == (
        "2 spans of traced requests not exported: no answer in time (OTEL_EXPORTER_OTLP_ENDPOINT)."
    )
    collector.answer, collector.drip_s, collector.pause_s = b"", 0.0, 60
    seen: list[str | None] = []

    def interrupted() -> str | None:
        seen.extend(collector.heads[1:])  # it hangs for this request too
        return "SIGTERM" if seen else None

    here = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    assert export(SPANS, "run-1", here, interrupted) == (
        "2 spans of traced requests not exported: no answer in time (OTEL_EXPORTER_OTLP_ENDPOINT; "
        "sent as http/protobuf, not as OTEL_EXPORTER_OTLP_PROTOCOL says)."
    )
    assert "s3cr" not in capfd.readouterr().err


def test_headers_of_the_exporter_are_secrets() -> None:
    found = secrets_in({"OTEL_EXPORTER_OTLP_HEADERS": "api-key=k3y-of-us,authorization=Bearer%20t0ken-of-us"})
    assert {"k3y-of-us", "Bearer t0ken-of-us", "t0ken-of-us"} <= set(found)


def test_nothing_of_opentelemetry_is_imported_where_nothing_is_exported() -> None:
    code = (
        "import sys; from readiness.run.spans import export; export((), 'r', {}, lambda: None);"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
