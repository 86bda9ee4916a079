"""Metrics of drills: what the service does while something is broken, and after it. Their scope is the drill's name."""

from __future__ import annotations

from functools import partial

from readiness.metrics.metric import Kind, Metric

_drills = partial(Metric, area="drills")
_rate = partial(_drills, unit="%", kind=Kind.RATE)
_p95 = partial(_drills, unit="ms", kind=Kind.QUANTILE, quantile=0.95)
_yes_no = partial(_drills, better="equal", yes_no=True)

DRILL_PREFIX = "drill."
DRILLS_FACT = "drills"
"""Of the plan of a run: which drills it did; a run without them does not have it."""
DRILL_ERRORS, UNANSWERED, LATENCY_P95 = "drill.error_rate", "drill.unanswered", "drill.latency.p95"
LONGEST_ANSWER, FAILS_FAST = "drill.longest_answer", "drill.fails_fast"
RECOVERY, CONNECTIONS_PER_REQUEST = "drill.recovery", "drill.connections_per_request"
DRILL_HEALTH, DRILL_BREAKER = "drill.health", "drill.breaker"
GOODPUT, RETRY_AFTER = "drill.goodput", "drill.retry_after"
REQUESTS_LOST, DRAIN, SESSIONS_KEPT = "drill.requests_lost", "drill.drain", "drill.sessions_kept"
WRITES_LOST, WRITES_DUPLICATED = "drill.writes_lost", "drill.writes_duplicated"

DRILLS: tuple[Metric, ...] = (
    _rate(
        DRILL_ERRORS,
        "Errors during the Drill",
        "Share of the requests that were due during the fault and failed or did not finish: of this fault, and not of "
        "the next one.",
        "It tells how much of the service goes down with one thing that it depends on.",
        "Answer without the dependency where that is possible: from a cache, with less, or later from a queue.",
    ),
    _rate(
        UNANSWERED,
        "Unanswered during the Drill",
        "Share of the requests that were due during the fault and got no HTTP answer at all: timed out, cut off, "
        "refused, or still waiting at the end.",
        "A quick error can be shown or tried again; silence holds the caller, and the caller's caller.",
        "Give each call of a dependency a deadline, and answer 503 with Retry-After when it is over.",
    ),
    _p95(
        LATENCY_P95,
        "P95 during the Drill",
        "95 % of the requests that were due during the fault were answered rightly at least this fast; failed and "
        "unfinished requests count as slower than any other.",
        "A service that waits for what is broken is as broken as that.",
        "Stop asking what does not answer (circuit breaker), and keep its callers from queueing behind it.",
    ),
    _drills(
        LONGEST_ANSWER,
        "Longest Answer during the Drill",
        "How long the slowest request that was due during the fault waited for its answer, good or bad; not bounded "
        "when one of them got none.",
        "It shows whether there is a timeout at all: without one, answers take as long as the fault.",
        "Give each call of a dependency a deadline that is shorter than that of your callers.",
        unit="ms",
    ),
    _p95(
        FAILS_FAST,
        "P95 of Refusals during the Drill",
        "95 % of the requests that failed during the fault were told so at least this fast; requests without an answer "
        "count as slower than any other.",
        "Callers that wait for an error pile up, and the outage goes on to them.",
        "Open a circuit breaker after some failures, and answer 503 at once while it is open.",
    ),
    _drills(
        RECOVERY,
        "Recovery after the Drill",
        "From the end of the fault to the first window from which on the limits of `http.…` and `latency.…` are proven "
        "to hold until the end of the drill; not bounded when they are not.",
        "A service that stays down when its dependency is back needs somebody to be awake.",
        "Renew broken connections, retry with back-off and jitter, and let no queue outlive its callers.",
        unit="ms",
    ),
    _drills(
        CONNECTIONS_PER_REQUEST,
        "Connections for each Request during the Drill",
        "Connections that the service opened at the proxy during the fault, for each request that was due in it.",
        "Retries without back-off multiply the load of a dependency just when it is weakest.",
        "Retry a few times only, with back-off and jitter, and not while the circuit breaker is open.",
    ),
    _yes_no(
        DRILL_HEALTH,
        "Readiness Told the Truth in the Drill",
        "1 when the deep health endpoint (or the only one) answered other than 2xx, or not in time, by the end of a "
        "fault in which the service gave fewer than half of its usual right answers per second; answered 2xx in at "
        "least half of the probe requests where no more requests failed or were too slow than the file allows (between "
        "the two either answer is right); and 2xx again from 10 s after the fault on. Else 0.",
        "Traffic goes to whoever says that it is ready, and stays away from whoever does not say it again.",
        "Let readiness ask what the service cannot do without, with a short deadline, and nothing else.",
    ),
    _yes_no(
        DRILL_BREAKER,
        "Circuit Breaker Opened and Closed in the Drill",
        "1 when a circuit breaker of `probes.circuit_breaker` opened in the fault, and all were closed again at the "
        "end of the drill, else 0.",
        "A breaker that never opens lets every caller wait; one that stays open makes an outage of a hiccup.",
        "Open it after some failures in a row, let one request through now and then, and close it when that succeeds.",
    ),
    _drills(
        GOODPUT,
        "Goodput during the Drill",
        "Right answers per second to the requests that were due during the fault.",
        "Under more load than it can carry a service should go on with what it can, and not fall to nothing.",
        "Refuse early what cannot be served in time, and serve the newest request first when there is a queue.",
        unit="/s",
        better="higher",
    ),
    _rate(
        RETRY_AFTER,
        "Refusals with Retry-After during the Drill",
        "Share of the refusals (429 and 5xx) during the fault whose answer said Retry-After.",
        "Callers that are not told when to come back come back at once.",
        "Send Retry-After with 429 and 503, and spread its values a little.",
        better="higher",
    ),
    _drills(
        REQUESTS_LOST,
        "Requests Lost in the Drill",
        "Requests of the whole drill, before to after, that got no HTTP answer: refused, cut off, timed out.",
        "A restart or a deployment under load should be seen by nobody.",
        "Start the new process first, take the old one out of the balancer, let it answer what it has, then stop it.",
    ),
    _drills(
        DRAIN,
        "Requests Cut Off in the Drill",
        "Requests of the whole drill that the service had taken, and whose connection ended before the answer.",
        "Nobody knows whether such a request was done, so nobody may safely try it again.",
        "At SIGTERM stop to accept, answer what is under way, then end; give it more time than the slowest request.",
    ),
    _rate(
        SESSIONS_KEPT,
        "Sessions Kept in the Drill",
        "Share of the answers after the fault that took the session for a known one: neither 3xx nor 4xx, nor a page "
        "that the scenario's own checks reject; none of these came before it.",
        "A restart that forgets the sessions logs everybody out, and all of them log in again at once.",
        "Keep sessions in a store that outlives the process, or sign them with a key that stays.",
        better="higher",
    ),
    _drills(
        WRITES_LOST,
        "Acknowledged Writes Lost in the Drill",
        "Writes that were sent in the drill and acknowledged, and that are not in the database after it.",
        "An acknowledgement is a promise; a crash must not take it back.",
        "Acknowledge after the commit, keep synchronous_commit on, and replicate before you say yes.",
    ),
    _drills(
        WRITES_DUPLICATED,
        "Writes Duplicated in the Drill",
        "Writes of the drill that are in the database more than once.",
        "Retries after a fault do twice what was done once.",
        "Put a unique constraint on the client's key, and answer a repetition with the first result.",
    ),
)
