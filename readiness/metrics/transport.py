"""Metrics of the way to the service: its name, its TLS, and the ids that go with a request."""

from __future__ import annotations

from readiness.metrics.metric import Kind, Metric

TLS_METRICS: tuple[Metric, ...] = (
    Metric(
        "tls.days_left",
        "Certificate Expires In",
        "days",
        "higher",
        Kind.EXACT,
        "security",
        "Days until the server's certificate ends, of the address whose certificate ends first; negative after it.",
        "An expired certificate takes the whole service down at a minute that was known for months.",
        "Renew it by a job that runs well before the end, and alert on the days that are left.",
    ),
    Metric(
        "tls.chain_complete",
        "Certificate Chain Complete",
        "",
        "equal",
        Kind.EXACT,
        "security",
        "1 when the certificates that the server sends lead to a root that is trusted here, else 0.",
        "Browsers may know a missing intermediate from elsewhere; other clients refuse the connection.",
        "Let the server send its intermediates after its own certificate; name a private root in target.tls.ca.",
        yes_no=True,
    ),
    Metric(
        "tls.host_matches",
        "Certificate Names the Host",
        "",
        "equal",
        Kind.EXACT,
        "security",
        "1 when the certificate of every address is for the target's host name, else 0.",
        "A client that verifies refuses a certificate for another name; one that does not verify is no defence.",
        "Issue the certificate for the name that clients use, in its subjectAltName.",
        yes_no=True,
    ),
    Metric(
        "tls.old_versions",
        "Old TLS Versions",
        "",
        "lower",
        Kind.EXACT,
        "security",
        "Old protocol versions that the server still takes: TLS 1.0 and TLS 1.1, each counts 1.",
        "Both were deprecated in 2021 (RFC 8996); payment and other audits refuse a service that takes them.",
        "Set the lowest version of the server, proxy or load balancer to TLS 1.2.",
    ),
    Metric(
        "tls.redirects_http",
        "HTTP Leads to HTTPS",
        "",
        "equal",
        Kind.EXACT,
        "security",
        "1 when / over plain http is answered by a redirect to https, else 0.",
        "Who types the name without https is served without it, and everybody on the way reads along.",
        "Answer every request on the http port with 301 or 308 to the same path over https.",
        yes_no=True,
    ),
)
TRACING_METRICS: tuple[Metric, ...] = (
    Metric(
        "service.tracing",
        "Requests Can Be Traced",
        "",
        "equal",
        Kind.EXACT,
        "reliability",
        "1 when an answer shows the trace id (traceparent) or the X-Request-ID that its request brought, else 0.",
        "Without an id that both sides know, a user's slow request cannot be found in the service's traces and logs.",
        "Continue the caller's traceparent, and send X-Request-ID or traceresponse back in each answer.",
        yes_no=True,
    ),
)
DNS_METRICS: tuple[Metric, ...] = (
    Metric(
        "dns.addresses",
        "Addresses of the Name",
        "",
        "higher",
        Kind.EXACT,
        "reliability",
        "Addresses that the target's host name had when the run began.",
        "One address is one place that can fail, unless something behind it moves.",
        "Publish the addresses of at least two entries, or state which one moves.",
    ),
    Metric(
        "dns.unreachable",
        "Addresses That Do Not Answer",
        "",
        "lower",
        Kind.EXACT,
        "reliability",
        "Addresses of the target that took no connection when each was asked once before the load.",
        "Clients that draw the dead address wait for a time-out first.",
        "Take the address out of DNS, or start what should listen there.",
    ),
)
