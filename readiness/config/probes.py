"""The `probes:` section: one frozen dataclass per probe, with defaults that fit an ordinary service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from readiness.config.monitoring import KubernetesSettings, PrometheusSettings

NUMBER = "{n}"
"""Stands in a write for a whole number that is larger with every write."""
SAMPLES = 90.0
SHORTEST_MS, _LONGEST_MS = 100.0, 10_000.0


@dataclass(frozen=True, slots=True)
class Health:
    """GET `path` again and again while the load runs, and some times before it; a 2xx answer is healthy.

    `path` may be as shallow as a liveness check should be; `ready` is the deep one, where the service has two.
    """

    path: str = "/health"
    ready: str | None = None
    every_ms: float | None = None
    """Time between two samples, at least; None: `samples` of them over the window."""
    timeout_ms: float = 5000.0
    samples: float = SAMPLES
    """Chosen from the plan (readiness/probes/sampling_interval.py), where the file sets no time."""

    def pace_ms(self, duration_s: float) -> float:
        """Time between two samples of one endpoint in a measurement window of `duration_s`."""
        if self.every_ms is not None:
            return self.every_ms
        return min(max(duration_s * 1000 / self.samples, SHORTEST_MS), _LONGEST_MS)


@dataclass(frozen=True, slots=True)
class RequestSettings:
    """One request of a declared pair; `pointer` is where its JSON answer holds the value that a write changes."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    pointer: str = ""
    form: str | None = None
    """A page whose form this request sends: its hidden fields and its cookies go along."""

    @property
    def varies(self) -> bool:
        """Whether NUMBER stands somewhere in it, so that no two writes are the same."""
        return any(NUMBER in text for text in (self.path, self.body, *self.headers.values()))

    def numbered(self, number: int) -> RequestSettings:
        """The request with `number` in NUMBER's place."""
        headers = {name: value.replace(NUMBER, str(number)) for name, value in self.headers.items()}
        path, body = self.path.replace(NUMBER, str(number)), self.body.replace(NUMBER, str(number))
        return replace(self, path=path, headers=headers, body=body)


@dataclass(frozen=True, slots=True)
class Consistency:
    """A write and a read that must show it within `within_s`. It writes to the target, so it is never a default."""

    write: RequestSettings
    read: RequestSettings
    within_s: float
    times: int = 3
    sign_in: RequestSettings | None = None
    """Sent once before; its cookies go with the others."""


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """Hit rate over the measurement window, from every source that is named; the first that can speak gives the value.

    With `header`, an answer to the load counts as a look-up when it carries the header and as a hit when the header's
    value is one of `hit` (`Cache-Status` and `Age` have rules of their own). `statistics` is the path of a JSON
    document, `hits` and `misses` are pointers (RFC 6901) to counters in it. `metrics` is the path of Prometheus text,
    `hits_metric` and `misses_metric` are samples in it. READINESS_CACHE_URL adds INFO of the cache server.
    """

    statistics: str | None = None
    hits: str = "/cache/hits"
    misses: str = "/cache/misses"
    header: str | None = None
    hit: tuple[str, ...] = ("HIT",)
    metrics: str | None = None
    hits_metric: str = "cache_hits_total"
    misses_metric: str = "cache_misses_total"
    backend: str | None = None
    """Pointer to the name of what serves now; another than `expect` is a fall-back."""
    expect: tuple[str, ...] = ("redis", "valkey")
    tolerance: float = 0.05
    """How far (0 to 1) two sources may lie apart before they disagree."""
    consistency: Consistency | None = None


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Connection pool over the measurement window, from counters and gauges in a JSON document of the service."""

    statistics: str | None = None
    requests: str = "/pool/requests"
    errors: str = "/pool/errors"
    waited_ms: str | None = None
    """Counter of all time that requests waited for a connection."""
    size: str | None = None
    available: str | None = None
    max: str | None = None


@dataclass(frozen=True, slots=True)
class Provocation:
    """Two paths behind one circuit breaker. It disturbs the service, so it is never a default."""

    fails: str
    """A path whose requests fail (5xx) and are counted."""
    works: str
    """A path that answers 2xx while the breaker is closed."""
    requests: int = 10
    """The most failures that are asked for."""
    wait_s: float = 30.0
    """The longest wait for it to let requests through again."""
    state: str | None = None
    """Pointer to its state in the statistics, where the service tells it."""


@dataclass(frozen=True, slots=True)
class CircuitBreakerSettings:
    """States of circuit breakers in a JSON document of the service; with `provoke`, one is opened after the load."""

    statistics: str | None = None
    states: tuple[str, ...] = ()
    """Pointers to the state of each breaker."""
    closed: tuple[str, ...] = ("closed",)
    """Words for a breaker that lets everything through."""
    provoke: Provocation | None = None


@dataclass(frozen=True, slots=True)
class SecuritySettings:
    """Response headers, judged by value on each of `paths` and on the answers to the load.

    `profile` is `html`, `api` (no rules about framing and content) or `plain_http` (no HSTS, no Secure cookies).
    """

    paths: tuple[str, ...] = ("/",)
    profile: str = "html"
    session_cookies: tuple[str, ...] = ()
    """Names of session cookies; without any they are told by their names."""


@dataclass(frozen=True, slots=True)
class Quota:
    """So many requests of one client in a window of so many seconds; `text` is as the user wrote it."""

    requests: int
    window_s: int
    text: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Whether the service declares a rate limit on `path` (RateLimit, RateLimit-Policy or X-RateLimit-Limit).

    With `provoke` it is asked for, after the load and with at most `most` requests. `limit` is what is known of it
    beforehand: a load that would reach it is told before it starts.
    """

    path: str = "/"
    limit: Quota | None = None
    provoke: bool = False
    most: int = 200


@dataclass(frozen=True, slots=True)
class Instance:
    """Where the service tells which process answers; more than `instances` different ones are a restart."""

    json: str | None = None
    pointer: str = "/instance"
    metrics: str | None = None
    metric: str = "process_start_time_seconds"
    header: str | None = None
    path: str = "/"
    """Where the header is looked for."""
    instances: int = 1


@dataclass(frozen=True, slots=True)
class UserAgent:
    """Paths that must answer our User-Agent as they answer a browser's."""

    paths: tuple[str, ...] = ("/",)


@dataclass(frozen=True, slots=True)
class Custom:
    """One number by name: from JSON, Prometheus text, a field of Redis's INFO, or a response header."""

    json: str | None = None
    pointer: str | None = None
    metrics: str | None = None
    metric: str | None = None
    info: str | None = None
    header: str | None = None
    path: str | None = None
    take: str = "last"
    """`last`, `max`, `min` or `mean` of the window, or `delta`: by how much it grew."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """Which process of this machine serves, with its children: by one of these, or by the target's own port."""

    port: int | None = None
    pid: int | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Where plain http is answered, for the check of the redirect; None: port 80 beside 443."""

    http_port: int | None = None


@dataclass(frozen=True, slots=True)
class TracingSettings:
    """Which path is asked whether the service shows the ids that it was sent."""

    path: str = "/"


@dataclass(frozen=True, slots=True)
class Probes:
    """Every probe's settings."""

    health: Health = field(default_factory=Health)
    cache: CacheSettings = field(default_factory=CacheSettings)
    pool: PoolSettings = field(default_factory=PoolSettings)
    circuit_breaker: CircuitBreakerSettings = field(default_factory=CircuitBreakerSettings)
    security: SecuritySettings = field(default_factory=SecuritySettings)
    rate_limit: RateLimit = field(default_factory=RateLimit)
    instance: Instance = field(default_factory=Instance)
    user_agent: UserAgent = field(default_factory=UserAgent)
    custom: Mapping[str, Custom] = field(default_factory=dict)
    prometheus: PrometheusSettings = field(default_factory=PrometheusSettings)
    kubernetes: KubernetesSettings | None = None
    process: ProcessSettings | None = None
    """Read only where it is asked for."""
    tracing: TracingSettings = field(default_factory=TracingSettings)
    tls: TlsSettings = field(default_factory=TlsSettings)
    server_timing: str = "ignore"
    """`read` the Server-Timing header of the load's answers, or `ignore` it."""
