"""Headers of answers, and what is read from them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from benchmarks.foreign.parser import Parser

_FIELDS = (
    b"Set-Cookie: sid=abc; Path=/; Max-Age=60; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly; SameSite=Lax",
    b"Content-Security-Policy: default-src 'self'; script-src 'nonce-abc' https: ; frame-ancestors 'none'",
    b"Permissions-Policy: camera=(), geolocation=(self \"https://x\"), fullscreen=*;report-to=a",
    b"Strict-Transport-Security: max-age=31536000; includeSubDomains",
    b"RateLimit-Policy: \"burst\";q=100;w=60, 10;w=1\r\nRateLimit: \"burst\";r=50;t=30\r\nX-RateLimit-Limit: 100",
    b"Retry-After: 120\r\nX-RateLimit-Reset: 1700000000\r\nRateLimit-Limit: 10, 10;w=1",
    b"Server-Timing: db;dur=53.2;desc=\"a, b\", cache;dur=1, total;desc=x;dur=60",
    b"Cache-Status: edge; hit, origin; fwd=miss\r\nAge: 60\r\nX-Cache: HIT",
    b"Referrer-Policy: no-referrer, strict-origin\r\nX-Frame-Options: DENY\r\nAccess-Control-Allow-Origin: *",
    b"Location: https://other:99/a?token=b\r\nRefresh: 0;url=/x\r\nVary: *\r\nContent-Type: text/html; charset=x",
)  # fmt: skip


def parsers() -> tuple[Parser, ...]:
    """Those of this room; imports what they need."""
    from readiness.load.http.cookies import Cookies
    from readiness.load.http.failures import Failure
    from readiness.load.http.request import Origin
    from readiness.load.response_watch import Watch
    from readiness.load.watch_plan import WatchPlan
    from readiness.probes import header_rules, observatory, rate_limit
    from readiness.probes.http import ProbeAnswer
    from readiness.probes.overhead import service_ms

    def probed(data: bytes) -> ProbeAnswer:
        lines = data.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return ProbeAnswer(200, tuple((key, value.strip()) for key, _, value in pairs), b"<html>", 1.0, "http://x/")

    def rules(data: bytes) -> object:
        answer = probed(data)
        return (
            header_rules.findings(answer, "html", https=True, sessions=("sid",)),
            observatory.score(answer, "html", https=True),
        )

    def watch(data: bytes) -> object:
        for kind in ("age", "cache-status", "x-cache"):
            one = Watch(WatchPlan(kind, ("HIT",), server_timing=True, heads=True))
            ticket: Any = SimpleNamespace(
                identity=("s", "n"), start_s=0.0, status_code=200, raw_head=b"HTTP/1.1 200 OK\r\n" + data + b"\r\n\r\n"
            )
            one.see(ticket, 0.1, None)
            one.take()
        return None

    def cookies(data: bytes) -> object:
        jar = Cookies("shop.example")
        for line in data.decode("latin-1").split("\r\n"):
            jar.store(line.partition(":")[2] or line, "/a/b")
        return jar.header("/a/b/c", secure=False)

    def redirect(data: bytes) -> object:
        return Origin("http://shop.example:8000").redirect_target("/a/b?c", data.decode("latin-1"))

    places = (b"/next?x=1", b"../up#f", b"//other/x", b"http://shop.example:8000/a", b"http://[::1]/", b"?q", b"a:b")
    through = ("probes.header_rules", "probes.observatory", "probes.content_security_policy", "probes.response_headers")
    return (
        Parser("rules about headers", through, rules, (), _FIELDS, 12),
        Parser("watched answers", ("load.response_watch",), watch, (), _FIELDS, 12),
        Parser(
            "server timing",
            ("text.server_timing", "probes.overhead"),
            lambda data: service_ms(data.decode("latin-1")),
            (),
            (b'db;dur=53.2;desc="a, b", cache;dur="1", x;desc=y;dur=1e9, total;dur=.5',),
        ),
        Parser("cookies and dates", ("load.http.cookies",), cookies, (), _FIELDS[:1] + _FIELDS[-1:]),
        Parser(
            "rate limits",
            ("probes.rate_limit",),
            lambda data: tuple(rate_limit.declarations(probed(data))),
            (),
            _FIELDS[4:6],
        ),
        Parser("redirects", ("load.http.request",), redirect, (Failure,), places),
    )
