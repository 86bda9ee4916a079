"""service.tracing: whether an answer shows the trace or the request id that its request brought. Asked before the load.

One GET with `traceparent` (W3C Trace Context) and `X-Request-ID`. What tells: the trace id or the request id in any
field of the answer, such as `traceresponse`, `Server-Timing: traceparent;desc=…` or `X-Request-ID`. An id that the
service made itself is no answer to ours, and a service that continues the trace in silence looks like one
that does not.
"""

from __future__ import annotations

import secrets

from readiness.config.probes import TracingSettings
from readiness.errors import NotMeasured
from readiness.measurements.provenance import Target
from readiness.measurements.run import Detail, Measurement
from readiness.probes.http import Getter, Message
from readiness.text import clean

TRACING = "service.tracing"
_SOURCE = "probe tracing"
_OWN_IDS = ("x-request-id", "x-correlation-id", "x-trace-id", "traceresponse", "traceparent", "request-id")


def measure(settings: TracingSettings, target: Target) -> Measurement:
    """1 when an id of ours comes back, else 0. Raises NotMeasured when there is no answer."""
    trace, request = secrets.token_hex(16), secrets.token_hex(16)
    message = Message(headers={"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01", "X-Request-ID": request})
    with Getter(target) as getter:
        got = getter.get(settings.path, message=message)
    if got.status >= 500:
        raise NotMeasured(f"{settings.path}: answered HTTP {got.status}, which says nothing of a service that works")
    wanted = (("the trace id", trace), ("the request id", request))
    shows = [(name, what) for name, value in got.headers for what, ours in wanted if ours in value.lower()]
    if shows:
        details = [Detail(clean(name, 60), what, True) for name, what in shows]
    else:
        own = [name for name, _ in got.headers if name.lower() in _OWN_IDS]
        said = f"{clean(own[0], 60)} holds an id of its own" if own else "no field of the answer holds an id of ours"
        details = [Detail(settings.path, said, False)]
    return Measurement(TRACING, None, float(bool(shows)), _SOURCE, 1, details=tuple(details[:5]))
