"""What follows from a verdict, by hand: outlook, release and facts of the machines, plain or full of one text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from readiness.judge.infrastructure import Observed
from readiness.judge.outcome import Decision
from readiness.judge.outlook import Flip, Need, NeedKind, Outlook, Shift, Tail, TailPart, WhatIf
from readiness.judge.release import Deployment, Horizon, Issue, NextStep, Release
from readiness.judge.robustness import Detectable, Sensitivity
from readiness.judge.verdict import Attested, DrillResult, Latency, Outcome, StepResult, Waived
from readiness.measurements.database import Activity, Sessions
from readiness.measurements.histogram import Histogram, highest_us, lowest_us, merge
from readiness.measurements.response_facts import ResponseFacts, TimeParts
from readiness.measurements.run import Drilled, Recording, Second, Slice

OUTLOOK = Outlook(
    needs=(
        Need(
            "latency.p95", None, NeedKind.VALUE, "3,986 of 12,040 requests must come under 100 ms.", 100.0, 3986, 13.8
        ),
        Need("cache.hit_rate", None, NeedKind.VALUE, "At most 1,580 of 8,000 may miss, 1,603 did.", 80.0, 23),
    ),
    flips=(
        Flip(
            Decision.READY,
            ("latency.mean", "latency.p95", "latency.p99"),
            True,
            "READY when Average Response Time, P95 Response Time and P99 Response Time pass.",
        ),
    ),
    what_ifs=(
        WhatIf(
            ("POST /login",),
            7.0,
            1750.0,
            250.0,
            (Shift("latency.p95", None, "ms", 1378.7, 88.0, True),),
            90.0,
            Decision.READY,
            "With POST /login 7.0× as fast (P95 250.0 ms, not 1,750.0 ms) overall P95 would be 88.0 ms instead of "
            "1,378.7 ms, the score 90.0 and the decision would be READY.",
        ),
    ),
    tail=Tail(
        100.0,
        "at or over 100.0 ms",
        12040,
        4587,
        (TailPart("POST /login", 1200, 1200, 0.26), TailPart("GET /api/dashboard-stats", 1806, 1700, 0.37)),
        "GET /api/dashboard-stats carries 37 % of the requests at or over 100.0 ms, and is 15 % of all requests.",
    ),
)
RELEASE = Release(
    steps=(
        NextStep(
            "P95 Response Time: cut its slowest part.", Horizon.SHORT_TERM, ("latency.p95",), 10.0, "lifts a condition"
        ),
        NextStep("Cache Hit Rate: warm the cache.", Horizon.LONG_TERM, ("cache.hit_rate",), 5.0, "changes no decision"),
    ),
    issues=(
        Issue(
            "Slow answers",
            ("latency.p95", "latency.p99"),
            ("P95 Response Time: 1,378.7 ms, needs under 100 ms.",),
            ("POST /login: 1,200 slow requests, 26 % of all",),
            ("P95 Response Time: cut its slowest part.",),
        ),
    ),
    deployment=Deployment(
        "No measured load: at 50 users (301.0 /s answered) P95 Response Time did not keep the limit.",
        ("P95 Response Time: 1,378.7 ms, needs under 100 ms",),
        "Until a run by the same plan passes what is a condition now.",
    ),
)
INFRASTRUCTURE = (
    Observed("Database server", "PostgreSQL 18.1"),
    Observed("Database connections", "at most 30 of 97 in use (80 samples)"),
)


SENSITIVITY = Sensitivity(0.97, 500, (Detectable("latency.p95", "bag_lookup", 83.1, "ms", 1.35),))


def outlook_of(text: str) -> Outlook:
    """`text` wherever an outlook can hold any; the first need is of the check data.x in the scope `text`."""
    return Outlook(
        (Need("data.x", text, NeedKind.VALUE, text),),
        (Flip(Decision.READY, (text,), True, text),),
        (WhatIf((text,), 2.0, None, None, (Shift(text, text, text, None, None, False),), 1.0, Decision.READY, text),),
        Tail(1.0, text, 3, 1, (TailPart(text, 3, 1, 1.0),), text),
    )


def release_of(text: str) -> Release:
    """`text` wherever a release can hold any."""
    return Release(
        (NextStep(text, Horizon.IMMEDIATE, (text,), 1.0, text), NextStep(text, Horizon.LONG_TERM, (text,), 1.0, text)),
        (Issue(text, (text,), (text,), (text,), (text,)),),
        Deployment(text, (text, text), text),
    )


def waived(check: str, text: str) -> tuple[Waived, ...]:
    """A waiver of `check` by and for `text`."""
    return (Waived(check, text, text, text),)


def attested(text: str) -> tuple[Attested, ...]:
    """What `text` says."""
    return (Attested(text, text, text, text, False), Attested(text, text, text, text, True))


def sliced(whole: Histogram, failed: Mapping[str, int], start_s: float, seconds: int) -> Recording:
    """A recording whose samples are dealt out over the seconds, the same in each as far as they go."""
    blocks = []
    for second in range(seconds):
        counts = whole.counts // seconds + (whole.counts % seconds > second)
        kept = counts > 0
        us = np.repeat([(lowest_us(int(i)) + highest_us(int(i))) // 2 for i in whole.indices[kept]], counts[kept])
        blocks.append(Slice(start_s + second, 1.0, Histogram.of_us(us.astype(np.int64)), 0))
    blocks[0] = replace(blocks[0], failed=sum(failed.values()))
    return Recording(ok=merge(*(block.ok for block in blocks)), failed=failed, slices=tuple(blocks))


def seen_of(text: str) -> tuple[ResponseFacts, ...]:
    """Server-Timing of one endpoint: of all answers, and of the slow ones."""
    timing = TimeParts(100, 3000.0, {text: 1200.0, "db": 800.0, "total": 2500.0})
    return (ResponseFacts("login", text, timing=timing, slow=TimeParts(5, 900.0, {text: 500.0, "db": 100.0})),)


ACTIVITY = Activity(
    "PostgreSQL 18.1",
    97,
    40.0,
    tuple(Sessions(float(at), 10 + at % 21, at % 7, 1, at % 3, 12.0) for at in range(40)),
)
STEPS = tuple(
    StepResult(height, "users", height == 50, 20.0, 4000, 3, 200.0, at, outcome, "")
    for height, at, outcome in (
        (10.0, Latency(1.0, 6.0, 5.0, 9.0, 12.0, 20.0, 40.0), Outcome.PASS),
        (50.0, Latency(1.0, 16.0, 15.0, 39.0, 112.0, 220.0, 240.0), Outcome.FAIL),
        (100.0, Latency(2.0, 160.0, 150.0, 390.0, 512.0, 900.0, 1240.0), Outcome.FAIL),
    )
)
DRILLS = (
    DrillResult(
        "database_hangs",
        "database hung for 10 s",
        "18 % of requests failed, the slowest answer took 3 s, service back 1.2 s after",
    ),
    DrillResult(
        "cache_refuses",
        "cache refused connections for 5 s",
        "96 % of requests failed, 412 requests had no answer after 30 s, service not back within 15 s",
        ("Renew broken connections, retry with back-off and jitter, and let no queue outlive its callers.",),
    ),
    DrillResult("slow", "database answered 300 ms later for 5 s", "it proves nothing: nothing went through the proxy"),
)


def drilled(drills: Sequence[DrillResult]) -> tuple[Drilled, ...]:
    """The course of each drill: the first recovers, the second does not, the third has no points."""
    return tuple(
        Drilled(
            one.name,
            one.what,
            5.0,
            15.0,
            tuple(_second(at, back=not index) for at in range(30)) if index < 2 else (),
            None if index < 2 else "nothing went through the proxy",
        )
        for index, one in enumerate(drills)
    )


def _second(at: int, *, back: bool) -> Second:
    bad = 5 <= at < 16 if back else at >= 5
    if bad and at > 8:
        return Second(float(at), 1.0, 40, 0, 20, None, None, None, {"http_5xx": 20})
    waits = 600.0 if bad else 0.0
    return Second(
        float(at),
        1.0,
        40,
        20 - 6 * bad,
        6 * bad,
        12.0 + at % 3,
        40.0 + waits,
        60.0 + waits,
        {"timeout": 6} if bad else {},
    )


def drill_of(text: str) -> tuple[DrillResult, ...]:
    """A drill that is called `text`."""
    return (DrillResult(text, text, text, (text, text)),)
