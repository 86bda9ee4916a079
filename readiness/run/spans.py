"""Spans of the load's own requests for a collector, by the standard exporter of OpenTelemetry (the extra `otlp`).

The spans of a service hang below the span of its caller, which is the load: without it a trace has no root. Only
requests that are sampled and kept anyway go out, after the load, and at most once. The exporter takes its address,
headers and certificates from OTEL_EXPORTER_OTLP_…, which every SDK reads.

Sources: https://opentelemetry.io/docs/specs/otel/protocol/exporter/,
https://opentelemetry.io/docs/specs/otlp/#otlphttp-response, https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from threading import Thread
from typing import Any, TypeAlias

from readiness import __version__
from readiness.load.traceparent import parent_id
from readiness.measurements.run import Load
from readiness.measurements.traced import TracedRequest, most_telling
from readiness.text.numbers import count

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_TIMEOUT_S, _ALL_S, _TURN_S = 5.0, 12.0, 0.1
_MOST_ANSWER_BYTES = 64 * 1024
_SERVICE_NAME, _PROTOCOL = "readiness", "http/protobuf"

LoadSpan: TypeAlias = tuple[str, str, TracedRequest]
"""Scenario, name of the endpoint, and one request of it."""


def spans_of(load: Load | None) -> tuple[LoadSpan, ...]:
    """Those of the requests that the report lists with their traces."""
    seen = load.seen if load else ()
    return tuple((facts.scenario, facts.name, one) for facts in seen for one in most_telling(facts.traces))


def export(
    spans: Sequence[LoadSpan], run_id: str, environment: Mapping[str, str], interrupted: Callable[[], str | None]
) -> str | None:
    """Send `spans` where the environment names a collector; what became of it, as one sentence, else None.

    Returns within about `_ALL_S`, whatever the collector does, and never raises. `interrupted` names the signal that
    came.
    """
    variable = next((name for name in _ENDPOINTS if environment.get(name)), None)
    if variable is None or not spans or environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    said = f"{count(len(spans), 'span')} of traced requests"
    try:
        import opentelemetry.exporter.otlp.proto.http.trace_exporter  # noqa: F401 - whether it is there
    except ImportError:
        return f"{said} not exported: without the extra, `pip install '.[otlp]'` (or unset {variable})."
    answers: list[str] = []
    sending = Thread(target=lambda: answers.append(_send(spans, run_id)), name="spans", daemon=True)
    sending.start()
    until_s = time.monotonic() + _ALL_S
    while sending.is_alive() and time.monotonic() < until_s and interrupted() is None:
        sending.join(_TURN_S)
    return (
        f"{said} {answers[0] if answers else 'not exported: no answer in time'} ({variable}{_protocol(environment)})."
    )


def _protocol(environment: Mapping[str, str]) -> str:
    """Where the environment asks for another protocol: which one was used."""
    asked = next((name for name in _PROTOCOLS if environment.get(name)), None)
    return "" if asked is None or environment[asked] == _PROTOCOL else f"; sent as {_PROTOCOL}, not as {asked} says"


def _send(spans: Sequence[LoadSpan], run_id: str) -> str:
    """What became of them."""
    import requests
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    log = logging.getLogger("opentelemetry")
    log.addHandler(logging.NullHandler())
    log.propagate = False  # its words hold the address, and are ours to say
    answers: list[str] = []
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxies, no .netrc
            session.stream = True  # an answer has no end that we trust
            session.hooks["response"].append(lambda got, *_, **__: answers.append(_meaning(got, len(spans))))
            exporter = OTLPSpanExporter(timeout=_TIMEOUT_S, session=session)
            exporter.export([_span(one, run_id) for one in spans])
    except Exception:  # of an address or a certificate that is none
        return "not exported: the exporter's variables are wrong"
    return answers[-1] if answers else "not exported: nobody answered"


def _meaning(got: Any, sent: int) -> str:
    """What an answer says, as the protocol defines it: the exporter takes each status below 400 for a success."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # it comes without stubs
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    if not 200 <= got.status_code < 300:
        return f"not exported: the answer was {got.status_code}"
    body = got.raw.read(_MOST_ANSWER_BYTES + 1, decode_content=True)
    try:
        if len(body) > _MOST_ANSWER_BYTES:
            raise DecodeError
        refused = ExportTraceServiceResponse.FromString(body).partial_success.rejected_spans
    except DecodeError:
        return f"sent, but the answer, {got.status_code}, is not that of a collector: whether they arrived is unknown"
    return f"exported, of which the collector refused {min(refused, sent)}" if refused > 0 else "exported"


def _span(span: LoadSpan, run_id: str) -> Any:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
    from opentelemetry.trace.status import Status, StatusCode

    scenario, name, one = span
    attributes: dict[str, str | int] = {"readiness.run.id": run_id, "readiness.scenario": scenario}
    if one.status:
        attributes["http.response.status_code"] = one.status
    if one.failure is not None:
        attributes["error.type"] = one.failure
    ids = int(one.trace_id, 16), int(parent_id(one.trace_id), 16)
    start_ns = one.start_us * 1000
    return ReadableSpan(
        name=name,
        context=SpanContext(*ids, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED)),
        resource=Resource({"service.name": _SERVICE_NAME, "service.version": __version__}),
        attributes=attributes,
        kind=SpanKind.CLIENT,
        status=Status(StatusCode.UNSET if one.failure is None else StatusCode.ERROR),
        start_time=start_ns,
        end_time=start_ns + round(one.latency_ms * 1e6),
    )
