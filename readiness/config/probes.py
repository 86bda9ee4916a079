"""The `probes:` section: one frozen dataclass per probe, with defaults that fit an ordinary service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

from readiness.config.form import Complaint, Form, described, items, mapping, section_of
from readiness.config.monitoring import KUBERNETES, PROMETHEUS, KubernetesSettings, PrometheusSettings
from readiness.config.probe_values import (
    HEADER,
    INFO_FIELD,
    PATH,
    POINTER,
    SERIES_NAME,
    WORD,
    Quota,
    header_name,
    quota_form,
)
from readiness.config.scalars import (
    block_form,
    duration_form,
    flag_form,
    milliseconds_form,
    named,
    share_form,
    text_form,
    whole_form,
    word_form,
)

NUMBER = "{n}"
"""Stands in a write for a whole number that is larger with every write."""
SAMPLES = 90.0
SHORTEST_MS, _LONGEST_MS = 100.0, 10_000.0
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_EVERY = milliseconds_form(least_s=0.01, most_s=3600)
_WORDS = items(WORD, least=1)
_PORT = whole_form(least=1, most=65_535)
_TIMING = described(word_form(("read", "ignore")), "Whether the load reads Server-Timing, for root causes.")


@dataclass(frozen=True, slots=True)
class Health:
    """GET `path` again and again while the load runs, and some times before it; a 2xx answer is healthy.

    `path` may be as shallow as a liveness check should be; `ready` is the deep one, where the service has two.
    """

    path: Annotated[str, PATH] = "/health"
    ready: Annotated[str | None, PATH] = None
    every_ms: Annotated[float | None, ("every", _EVERY)] = None
    """Time between two samples, at least; None: `samples` of them over the window."""
    timeout_ms: Annotated[float, ("timeout", _EVERY)] = 5000.0
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

    path: Annotated[str, PATH]
    method: Annotated[str, word_form(_METHODS)] = "GET"
    headers: Annotated[Mapping[str, str], mapping(text_form(most=4000), key=header_name)] = field(default_factory=dict)
    body: Annotated[str, block_form()] = ""
    pointer: Annotated[str, POINTER] = ""
    form: Annotated[str | None, PATH] = None
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


_REQUEST = section_of(RequestSettings, without=("form",))


@dataclass(frozen=True, slots=True)
class Consistency:
    """A write and a read that must show it within `within_s`. It writes to the target, so it is never a default."""

    write: Annotated[RequestSettings, _REQUEST]
    read: Annotated[RequestSettings, _REQUEST]
    within_s: Annotated[float, ("within", duration_form(least_s=0, most_s=600))]
    times: Annotated[int, whole_form(least=1, most=100)] = 3
    sign_in: Annotated[RequestSettings | None, section_of(RequestSettings)] = None
    """Sent once before; its cookies go with the others."""


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """Hit rate over the measurement window, from every source that is named; the first that can speak gives the value.

    With `header`, an answer to the load counts as a look-up when it carries the header and as a hit when the header's
    value is one of `hit` (`Cache-Status` and `Age` have rules of their own). `statistics` is the path of a JSON
    document, `hits` and `misses` are pointers (RFC 6901) to counters in it. `metrics` is the path of Prometheus text,
    `hits_metric` and `misses_metric` are samples in it. READINESS_CACHE_URL adds INFO of the cache server.
    """

    statistics: Annotated[str | None, PATH] = None
    hits: Annotated[str, POINTER] = "/cache/hits"
    misses: Annotated[str, POINTER] = "/cache/misses"
    header: Annotated[str | None, HEADER] = None
    hit: Annotated[tuple[str, ...], _WORDS] = ("HIT",)
    metrics: Annotated[str | None, PATH] = None
    hits_metric: Annotated[str, SERIES_NAME] = "cache_hits_total"
    misses_metric: Annotated[str, SERIES_NAME] = "cache_misses_total"
    backend: Annotated[str | None, POINTER] = None
    """Pointer to the name of what serves now; another than `expect` is a fall-back."""
    expect: Annotated[tuple[str, ...], _WORDS] = ("redis", "valkey")
    tolerance: Annotated[float, share_form(least=0, most=100)] = 0.05
    """How far (0 to 1) two sources may lie apart before they disagree."""
    consistency: Annotated[Consistency | None, section_of(Consistency)] = None


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Connection pool over the measurement window, from counters and gauges in a JSON document of the service."""

    statistics: Annotated[str | None, PATH] = None
    requests: Annotated[str, POINTER] = "/pool/requests"
    errors: Annotated[str, POINTER] = "/pool/errors"
    waited_ms: Annotated[str | None, POINTER] = None
    """Counter of all time that requests waited for a connection."""
    size: Annotated[str | None, POINTER] = None
    available: Annotated[str | None, POINTER] = None
    max: Annotated[str | None, POINTER] = None


@dataclass(frozen=True, slots=True)
class Provocation:
    """Two paths behind one circuit breaker. It disturbs the service, so it is never a default."""

    fails: Annotated[str, PATH]
    """A path whose requests fail (5xx) and are counted."""
    works: Annotated[str, PATH]
    """A path that answers 2xx while the breaker is closed."""
    requests: Annotated[int, whole_form(least=1, most=100)] = 10
    """The most failures that are asked for."""
    wait_s: Annotated[float, ("wait", duration_form(least_s=0, most_s=600))] = 30.0
    """The longest wait for it to let requests through again."""
    state: Annotated[str | None, POINTER] = None
    """Pointer to its state in the statistics, where the service tells it."""


@dataclass(frozen=True, slots=True)
class CircuitBreakerSettings:
    """States of circuit breakers in a JSON document of the service; with `provoke`, one is opened after the load."""

    statistics: Annotated[str | None, PATH] = None
    states: Annotated[tuple[str, ...], items(POINTER, least=1)] = ()
    """Pointers to the state of each breaker."""
    closed: Annotated[tuple[str, ...], _WORDS] = ("closed",)
    """Words for a breaker that lets everything through."""
    provoke: Annotated[Provocation | None, section_of(Provocation)] = None


@dataclass(frozen=True, slots=True)
class SecuritySettings:
    """Response headers, judged by value on each of `paths` and on the answers to the load.

    `profile` is `html`, `api` (no rules about framing and content) or `plain_http` (no HSTS, no Secure cookies).
    """

    paths: Annotated[tuple[str, ...], items(PATH, least=1)] = ("/",)
    profile: Annotated[str, word_form(("html", "api", "plain_http"))] = "html"
    session_cookies: Annotated[tuple[str, ...], _WORDS] = ()
    """Names of session cookies; without any they are told by their names."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Whether the service declares a rate limit on `path` (RateLimit, RateLimit-Policy or X-RateLimit-Limit).

    With `provoke` it is asked for, after the load and with at most `most` requests. `limit` is what is known of it
    beforehand: a load that would reach it is told before it starts.
    """

    path: Annotated[str, PATH] = "/"
    limit: Annotated[Quota | None, quota_form()] = None
    provoke: Annotated[bool, described(flag_form(), "Ask for a refusal after the load; never by default.")] = False
    most: Annotated[int, whole_form(least=1, most=10_000)] = 200


@dataclass(frozen=True, slots=True)
class Instance:
    """Where the service tells which process answers; more than `instances` different ones are a restart."""

    json: Annotated[str | None, PATH] = None
    pointer: Annotated[str, POINTER] = "/instance"
    metrics: Annotated[str | None, PATH] = None
    metric: Annotated[str, SERIES_NAME] = "process_start_time_seconds"
    header: Annotated[str | None, HEADER] = None
    path: Annotated[str, PATH] = "/"
    """Where the header is read."""
    instances: Annotated[int, whole_form(least=1, most=10_000)] = 1


@dataclass(frozen=True, slots=True)
class UserAgent:
    """Paths that must answer our User-Agent as they answer a browser's."""

    paths: Annotated[tuple[str, ...], items(PATH)] = ("/",)


@dataclass(frozen=True, slots=True)
class Custom:
    """One number by name: from JSON, Prometheus text, a field of Redis's INFO, or a response header."""

    json: Annotated[str | None, PATH] = None
    pointer: Annotated[str | None, POINTER] = None
    metrics: Annotated[str | None, PATH] = None
    metric: Annotated[str | None, SERIES_NAME] = None
    info: Annotated[str | None, INFO_FIELD] = None
    header: Annotated[str | None, HEADER] = None
    path: Annotated[str | None, PATH] = None
    take: Annotated[str, word_form(("last", "max", "min", "mean", "delta"))] = "last"
    """`last`, `max`, `min` or `mean` of the window, or `delta`: by how much it grew."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """Which process of this machine serves, with its children: by one of these, or by the target's own port."""

    port: Annotated[int | None, _PORT] = None
    pid: Annotated[int | None, whole_form(least=1, most=2**22)] = None
    name: Annotated[str | None, WORD] = None


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Where plain http is answered, for the check of the redirect; None: port 80 beside 443."""

    http_port: Annotated[int | None, _PORT] = None


@dataclass(frozen=True, slots=True)
class TracingSettings:
    """Which path is asked whether the service shows the ids that it was sent."""

    path: Annotated[str, PATH] = "/"


def _breaker(**given: object) -> CircuitBreakerSettings:
    provoke = given.get("provoke")
    if isinstance(provoke, Provocation) and provoke.state is not None and "statistics" not in given:
        raise Complaint("provoke.state is a pointer into statistics, which is not given", "provoke")
    return CircuitBreakerSettings(**given)  # type: ignore[arg-type]


def _custom(**given: object) -> Custom:
    sources = [name for name in ("json", "metrics", "info", "header") if name in given]
    if len(sources) != 1:
        raise Complaint("needs exactly one of json, metrics, info and header: where the number is")
    needs = {"json": "pointer", "metrics": "metric", "header": "path"}.get(sources[0])
    if needs is not None and needs not in given:
        raise Complaint(f"{sources[0]} needs {needs} beside it", sources[0])
    for name, owner in (("pointer", "json"), ("metric", "metrics"), ("path", "header")):
        if name in given and owner != sources[0]:
            raise Complaint(f"belongs to {owner}, which is not given", name)
    return Custom(**given)  # type: ignore[arg-type]


def _process(**given: object) -> ProcessSettings:
    if len(given) > 1:
        raise Complaint(f"needs one of port, pid and name, not {' and '.join(given)}", list(given)[1])
    return ProcessSettings(**given)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Probes:
    """Every probe's settings."""

    health: Annotated[Health, section_of(Health)] = field(default_factory=Health)
    cache: Annotated[CacheSettings, section_of(CacheSettings)] = field(default_factory=CacheSettings)
    pool: Annotated[PoolSettings, section_of(PoolSettings)] = field(default_factory=PoolSettings)
    circuit_breaker: Annotated[CircuitBreakerSettings, section_of(CircuitBreakerSettings, _breaker)] = field(
        default_factory=CircuitBreakerSettings
    )
    security: Annotated[SecuritySettings, section_of(SecuritySettings)] = field(default_factory=SecuritySettings)
    rate_limit: Annotated[RateLimit, section_of(RateLimit)] = field(default_factory=RateLimit)
    instance: Annotated[Instance, section_of(Instance)] = field(default_factory=Instance)
    user_agent: Annotated[UserAgent, section_of(UserAgent)] = field(default_factory=UserAgent)
    custom: Annotated[Mapping[str, Custom], named(section_of(Custom, _custom))] = field(default_factory=dict)
    prometheus: Annotated[PrometheusSettings, PROMETHEUS] = field(default_factory=PrometheusSettings)
    kubernetes: Annotated[KubernetesSettings | None, KUBERNETES] = None
    process: Annotated[ProcessSettings | None, section_of(ProcessSettings, _process)] = None
    """Read only where it is asked for."""
    tracing: Annotated[TracingSettings, section_of(TracingSettings)] = field(default_factory=TracingSettings)
    tls: Annotated[TlsSettings, section_of(TlsSettings)] = field(default_factory=TlsSettings)
    server_timing: Annotated[str, _TIMING] = "ignore"
    """`read` the Server-Timing header of the load's answers, or `ignore` it."""


def _make_probes(**given: object) -> Probes:
    probes = Probes(**given)  # type: ignore[arg-type]
    if twice := probes.custom.keys() & probes.prometheus.queries.keys():
        raise Complaint(f"{min(twice)} stands under custom too; each is a metric custom.<name>", "prometheus")
    return probes


def probes_form() -> Form[Probes]:
    """The `probes:` section."""
    return section_of(Probes, _make_probes)
