"""Metrics of what probes see of the service."""

from __future__ import annotations

from functools import partial

from readiness.metrics.metric import Kind, Metric

_cache = partial(Metric, area="cache")
_pool = partial(Metric, area="pool")
_reliability = partial(Metric, area="reliability")
_health_p95 = partial(_reliability, unit="ms", kind=Kind.QUANTILE, quantile=0.95)
_security = partial(Metric, area="security")
_yes_no_reliability = partial(Metric, area="reliability", better="equal", yes_no=True)

STARTER_METRIC, STARTER_TITLE = "limits.own", "Limits of Your Own"

SERVICE: tuple[Metric, ...] = (
    _health_p95(
        "health.latency.p95",
        "Health Check Response",
        "95th percentile of the health endpoint's own latency while the load ran.",
        "Load balancers take an instance out when its health check is slow.",
        "Keep the check small: bound its database and cache look-ups and let nothing queue before it.",
    ),
    _health_p95(
        "health.ready.latency.p95",
        "Readiness Check Response",
        "95th percentile of the deep health endpoint (probes.health.ready) while the load ran.",
        "Traffic is sent by this answer, and it must not itself wait behind the traffic.",
        "Bound each look-up of the check in time and give it a connection of its own.",
    ),
    _reliability(
        "health.success_rate",
        "Health Check Success",
        "Health checks answered 2xx in time, of all that were sent in the measurement window, live and ready together.",
        "A flapping check takes healthy instances out of traffic and puts sick ones back.",
        "Find what the check waits for under load; answer from a state that is kept, not from a race.",
        unit="%",
        better="higher",
        kind=Kind.RATE,
    ),
    _yes_no_reliability(
        "health.touches_database",
        "Health Check Asks the Database",
        "1 when the deep health endpoint (or the only one) makes the database do something, else 0.",
        "A check that asks nothing says that the process runs: it stays green while the database is down.",
        "Let the readiness check run a small bounded query; keep the liveness check free of it.",
    ),
    _reliability(
        "service.restarts",
        "Restarts During the Run",
        "Process identities that answered in the measurement window, beyond the declared number of instances.",
        "Numbers of two processes are not numbers of one; a restart under load is a crash until shown otherwise.",
        "Find out why the process ended; declare probes.instance.instances where several answer.",
    ),
    _yes_no_reliability(
        STARTER_METRIC,
        STARTER_TITLE,
        "1 when somebody chose the limits; 0 for a URL without a file, and with `starter_limits: true` in it.",
        "Starter limits know neither the service nor its users, so they allow no release.",
        "Choose the limits (`readiness init` writes the file where there is none) and take `starter_limits` out.",
    ),
    _yes_no_reliability(
        "service.user_agent",
        "Same Answers for Every Client",
        "1 when we get the same answers (status, type, size, time) as a browser with all its headers, else 0.",
        "What a load test measures must be what users get; a service that knows the test is measured at its best only.",
        "Find what reads User-Agent, Accept-Language or another header of browsers: a rule, a cache key, a short cut.",
    ),
    _cache(
        "cache.hit_rate",
        "Cache Hit Rate",
        "Look-ups answered by the cache, of all look-ups in the measurement window.",
        "Every miss is paid by the database, and a cold cache is paid by users.",
        "Lengthen the time to live of what rarely changes, and warm the cache before traffic comes.",
        unit="%",
        better="higher",
        kind=Kind.RATE,
    ),
    _cache(
        "cache.fallback",
        "Cache Fall-back",
        "Readings in which another cache backend served than the expected one, of all readings.",
        "A memory fall-back is per process: hit rate and consistency are other than in production.",
        "Bring the cache server back before judging; alert on the fall-back.",
        unit="%",
    ),
    _cache(
        "cache.consistency",
        "Cache Consistency",
        "Writes that a reader saw within the time promised, of the writes that were tried.",
        "A cache that outlives a write shows users what is no longer true.",
        "Invalidate on write, and keep the time to live below what is promised.",
        unit="%",
        better="higher",
    ),
    _pool(
        "pool.error_rate",
        "Connection Pool Stability",
        "Requests for a pooled connection that failed or timed out, of all requests for one.",
        "A pool that runs dry turns load into errors.",
        "Shorten transactions, then size the pool to what the database can serve.",
        unit="%",
        kind=Kind.RATE,
    ),
    _pool(
        "pool.wait.mean",
        "Time Waiting for a Connection",
        "Time that a request for a pooled connection waited, on average over the measurement window.",
        "Waiting comes before errors: it is the pool's part of every latency.",
        "Shorten transactions and hold connections only while they are used.",
        unit="ms",
    ),
    _pool(
        "pool.saturation",
        "Connection Pool Saturation",
        "Connections in use at the busiest reading, of the most that the pool may open.",
        "At 100 % the next request waits, whatever the database could still do.",
        "Shorten transactions first; enlarge the pool only as far as max_connections and the database allow.",
        unit="%",
    ),
    _reliability(
        "circuit_breaker.closed",
        "Circuit Breakers Closed",
        "Readings in which every declared circuit breaker let everything through, of all readings.",
        "An open breaker means that a dependency failed, and that part of the service was refused.",
        "Check what opened it; a breaker is where a failure shows, not where it is.",
        unit="%",
        better="higher",
    ),
    _yes_no_reliability(
        "circuit_breaker.opens",
        "Circuit Breaker Opens",
        "1 when failures in a row made the breaker refuse at once what works (503), else 0. Only where it is allowed.",
        "Without it every request waits for a dependency that is down, and all of them together take the service down.",
        "Count failures in a row around every call to the dependency; once open, answer 503 with Retry-After at once.",
    ),
    _yes_no_reliability(
        "circuit_breaker.recovers",
        "Circuit Breaker Recovers",
        "1 when a breaker that was provoked lets requests through again within the declared time, else 0.",
        "A breaker that stays open turns a short failure of a dependency into an outage that somebody must end.",
        "After the recovery time let one request through; close when it succeeds, open again when it fails.",
    ),
    _pool(
        "pool.headroom",
        "Connection Head-room",
        "Connections still free on the database at the busiest sample, of those that clients may use.",
        "At zero the next instance that starts cannot connect.",
        "Lower the pool size per process, or put a pooler in front of the database.",
        area="database",
        unit="%",
        better="higher",
    ),
    _security(
        "security.headers",
        "Security Headers",
        "Required response-header rules that hold by value, of all that apply.",
        "Headers are the cheapest defence of a browser session.",
        "Set the headers that the findings list, with the value that they name.",
        unit="%",
        better="higher",
    ),
    _security(
        "security.observatory",
        "Security Headers Score",
        "Lowest score of any answer by the weights of MDN HTTP Observatory; 100 is faultless, more is better.",
        "One number to compare with other services and with last month.",
        "Fix the rule that costs the most points first; the findings name it.",
        better="higher",
    ),
    _security(
        "rate_limit.active",
        "Rate Limiting",
        "1 when the service declares a rate limit in its answers, else 0.",
        "Without a limit one client can take the service from all others.",
        "Limit requests per client and say so in RateLimit headers.",
        better="higher",
        yes_no=True,
    ),
    _security(
        "rate_limit.enforced",
        "Rate Limit Enforced",
        "1 when asking in a row was answered 429 within the allowed number of requests, else 0.",
        "A limit that is declared and not kept protects nobody.",
        "Count in a store that all processes share, and refuse with 429 and Retry-After.",
        better="equal",
        yes_no=True,
    ),
)

_UNITS = (("_ms", "ms"), ("_percent", "%"), ("_per_s", "/s"))
CUSTOM = Metric(
    "custom",
    "Number of the service",
    "What `probes.custom.<name>` reads (JSON, Prometheus text, a field of Redis's INFO or a response header), or what "
    "the PromQL of `probes.prometheus.queries.<name>` gives.",
    "The service knows things that no probe measures.",
    "Check what the number counts; its definition is in thresholds.yaml.",
    area="custom",
    better="equal",
)


def custom_unit(name: str) -> str:
    """The unit that ends a name: `wait_ms` is in ms, `used_percent` in %, `jobs_per_s` in /s; else a plain number."""
    return next((unit for ending, unit in _UNITS if name.endswith(ending)), "")
