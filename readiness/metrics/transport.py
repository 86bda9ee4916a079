"""Metrics of the way to the service: its name, its TLS, and the ids that go with a request."""

from __future__ import annotations

from functools import partial

from readiness.metrics.metric import Metric

_reliability = partial(Metric, area="reliability")
_security = partial(Metric, area="security")
_yes_no_security = partial(Metric, area="security", better="equal", yes_no=True)

TLS_METRICS: tuple[Metric, ...] = (
    _security(
        "tls.days_left",
        "Certificate Expires In",
        "Days until the server's certificate ends, of the address whose certificate ends first; negative after it.",
        "An expired certificate takes the whole service down at a minute that was known for months.",
        "Renew it by a job that runs well before the end, and alert on the days that are left.",
        unit="days",
        better="higher",
    ),
    _yes_no_security(
        "tls.chain_complete",
        "Certificate Chain Complete",
        "1 when the certificates that the server sends lead to a root that is trusted here, else 0.",
        "Browsers may know a missing intermediate from elsewhere; other clients refuse the connection.",
        "Let the server send its intermediates after its own certificate; name a private root in target.tls.ca.",
    ),
    _yes_no_security(
        "tls.host_matches",
        "Certificate Names the Host",
        "1 when the certificate of every address is for the target's host name, else 0.",
        "A client that verifies refuses a certificate for another name; one that does not verify is no defence.",
        "Issue the certificate for the name that clients use, in its subjectAltName.",
    ),
    _security(
        "tls.old_versions",
        "Old TLS Versions",
        "Old protocol versions that the server still takes: TLS 1.0 and TLS 1.1, each counts 1.",
        "Both were deprecated in 2021 (RFC 8996); payment and other audits refuse a service that takes them.",
        "Set the lowest version of the server, proxy or load balancer to TLS 1.2.",
    ),
    _yes_no_security(
        "tls.redirects_http",
        "HTTP Leads to HTTPS",
        "1 when / over plain http is answered by a redirect to https, else 0.",
        "Who types the name without https is served without it, and everybody on the way reads along.",
        "Answer every request on the http port with 301 or 308 to the same path over https.",
    ),
)
TRACING_METRICS: tuple[Metric, ...] = (
    _reliability(
        "service.tracing",
        "Requests Can Be Traced",
        "1 when an answer shows the trace id (traceparent) or the X-Request-ID that its request brought, else 0.",
        "Without an id that both sides know, a user's slow request cannot be found in the service's traces and logs.",
        "Continue the caller's traceparent, and send X-Request-ID or traceresponse back in each answer.",
        better="equal",
        yes_no=True,
    ),
)
DNS_METRICS: tuple[Metric, ...] = (
    _reliability(
        "dns.addresses",
        "Addresses of the Name",
        "Addresses that the target's host name had when the run began.",
        "One address is one place that can fail, unless something behind it moves.",
        "Publish the addresses of at least two entries, or state which one moves.",
        better="higher",
    ),
    _reliability(
        "dns.unreachable",
        "Addresses That Do Not Answer",
        "Addresses of the target that took no connection when each was asked once before the load.",
        "Clients that draw the dead address wait for a time-out first.",
        "Take the address out of DNS, or start what should listen there.",
    ),
)
