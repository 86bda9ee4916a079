"""The `probes:` section: one frozen dataclass per probe, with defaults that fit an ordinary service."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Health:
    """GET `path` again and again while the load runs, and some times before it; a 2xx answer is healthy."""

    path: str = "/health"
    every_ms: float = 200.0
    timeout_ms: float = 5000.0


@dataclass(frozen=True, slots=True)
class Cache:
    """Hit rate over the judged window, from the service's statistics or from a response header.

    `statistics` is the path of a JSON document; `hits` and `misses` are JSON pointers (RFC 6901) to counters in it.
    With `header`, a response to the load counts as a lookup when it carries the header and as a hit when the
    header's value is one of `hit`. The statistics win when both are given.
    """

    statistics: str | None = None
    hits: str = "/cache/hits"
    misses: str = "/cache/misses"
    header: str | None = None
    hit: tuple[str, ...] = ("HIT",)


@dataclass(frozen=True, slots=True)
class Pool:
    """Connection-pool errors over the judged window, from counters in a JSON document of the service."""

    statistics: str | None = None
    requests: str = "/pool/requests"
    errors: str = "/pool/errors"


@dataclass(frozen=True, slots=True)
class Security:
    """Response headers, judged by value on each of `paths`.

    `profile` is `html`, `api` (no rules about framing and content) or `plain_http` (no HSTS, no Secure cookies).
    """

    paths: tuple[str, ...] = ("/",)
    profile: str = "html"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Whether the service declares a rate limit on `path` (RateLimit, RateLimit-Policy or X-RateLimit-Limit)."""

    path: str = "/"


@dataclass(frozen=True, slots=True)
class Probes:
    """Every probe's settings."""

    health: Health = field(default_factory=Health)
    cache: Cache = field(default_factory=Cache)
    pool: Pool = field(default_factory=Pool)
    security: Security = field(default_factory=Security)
    rate_limit: RateLimit = field(default_factory=RateLimit)
    server_timing: str = "ignore"
    """`read` the Server-Timing header of the load's answers, or `ignore` it."""
