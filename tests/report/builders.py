"""Verdicts and runs by hand: small, complete, and each with one point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from readiness.judge.infrastructure import Observed
from readiness.judge.key_numbers import KeyNumbers
from readiness.judge.outlook import Outlook
from readiness.judge.release import Release
from readiness.judge.verdict import (
    EXIT_OF,
    CheckResult,
    Decision,
    EndpointResult,
    Latency,
    Outcome,
    Risks,
    Score,
    Verdict,
)
from readiness.measurements.histogram import Histogram
from readiness.measurements.provenance import Provenance, Target
from readiness.measurements.run import Detail, Endpoint, Ledger, Load, Measurement, Recording, Run, Second, Stall
from tests.report import parts

TARGET = Target("demo", "http://127.0.0.1:8080", ("127.0.0.1",))
MADE = Provenance("0.1.0", "3.11.9", "Linux x86_64", 2, "2.43.1", {"login": "ab" * 32, "bag_lookup": "cd" * 32})
PLAN: dict[str, str | int | float | None] = {
    "users": 50,
    "rate": None,
    "ramp_up": "5s",
    "warm_up": "5s",
    "duration": "40s",
    "scenarios": "login 1, bag_lookup 6",
}
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "a|b\\|c|",
    "`code` ``` fence",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202eesrever\u202c",
    "nul\x00 nonchar\ufffe lone\ud800",
    "::error::fake",
    "\n::stop-commands::x\n##[set-env name=A]b",
    "[click](javascript:alert(1)) ![x](http://evil.example/x.png)",
    "@everyone #123 http://evil.example www.evil.example",
    "# READY\n\n| READY | 100 |\n|---|---|",
    "<!-- hidden --> <details open>",
    "[/red] [bold]loud[/bold] :rocket:",
    "</style></title></textarea><svg onload=alert(1)>",
    "- [x] done",
    "1. first",
    "x" * 5000,
)


def check(name: str, outcome: Outcome = Outcome.PASS, value: float | None = 1.0, **more: object) -> CheckResult:
    """One check; keyword arguments replace its fields."""
    plain = CheckResult(
        name,
        None,
        name,
        outcome,
        value,
        value,
        value,
        "",
        100,
        "< 2",
        None,
        1.0,
        "condition",
        f"{name} was judged.",
        "load",
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def latency(check_name: str, outcome: Outcome, value: float | None, limit: str, **more: object) -> CheckResult:
    """A latency check with an interval of ± 2 %."""
    low, high = (value * 0.98, value * 1.02) if value is not None else (None, None)
    return check(check_name, outcome, value, low=low, high=high, unit="ms", samples=12034, pass_limit=limit, **more)


SEED_CHECKS = (
    latency("health.latency.p95", Outcome.PASS, 6.2, "< 50 ms", title="Health Check Response", line=17),
    check(
        "cache.hit_rate",
        Outcome.WARN,
        79.96,
        title="Cache Hit Rate",
        unit="%",
        samples=8000,
        pass_limit="> 80 %",
        warn_limit=">= 75 %",
        low=79.1,
        high=80.7,
        line=18,
        message="79.96 % of 8,000 look-ups were hits; more than 80 % are required to pass, 75 % to warn.",
    ),
    check(
        "pool.error_rate",
        Outcome.PASS,
        0.0,
        title="Connection Pool Stability",
        unit="%",
        pass_limit="< 5 %",
        high=0.03,
        samples=12040,
        line=19,
    ),
    check(
        "security.headers", Outcome.PASS, 100.0, title="Security Headers", unit="%", pass_limit="== 100 %", samples=None
    ),
    check(
        "http.success_rate",
        Outcome.PASS,
        99.95,
        title="Success Rate",
        unit="%",
        pass_limit="> 99 %",
        on_fail="block",
        samples=12040,
        low=99.90,
        high=99.98,
    ),
    latency(
        "latency.mean",
        Outcome.FAIL,
        444.6,
        "< 200 ms",
        title="Average Response Time",
        line=22,
        message="The mean of 12,034 successful requests was 444.6 ms; less than 200 ms is required.",
    ),
    latency(
        "latency.p95",
        Outcome.FAIL,
        1378.7,
        "< 100 ms",
        title="P95 Response Time",
        line=23,
        message="38.1 % of 12,040 requests took 100 ms or longer; less than 5 % is required.",
    ),
    latency(
        "latency.p99",
        Outcome.FAIL,
        1545.8,
        "< 200 ms",
        title="P99 Response Time",
        line=24,
        message="21.4 % of 12,040 requests took 200 ms or longer; less than 1 % is required.",
    ),
    latency("latency.p95", Outcome.PASS, 61.4, "< 80 ms", title="P95 of Bag Lookup", scope="bag_lookup", line=25),
    check(
        "data.parents_and_children",
        Outcome.PASS,
        0.0,
        title="Every bag is a parent or a child",
        pass_limit="== 0",
        on_fail="block",
        samples=None,
    ),
)
EVERY_OUTCOME = (
    check(
        "drill.recovery",
        value=1200.0,
        scope="database_hangs",
        title="Recovery after the Drill",
        unit="ms",
        pass_limit="< 5 s",
    ),
    check(
        "drill.recovery",
        Outcome.FAIL,
        None,
        scope="cache_refuses",
        title="Recovery after the Drill",
        unit="ms",
        pass_limit="< 5 s",
        message="not bounded, needs under 5 s; failed.",
    ),
    check(
        "throughput",
        Outcome.INCONCLUSIVE,
        251.2,
        title="Throughput",
        unit="/s",
        low=240.1,
        high=262.3,
        pass_limit="> 250 /s",
        message="251.2/s; the interval spans the limit of 250/s.",
    ),
    check(
        "database.orphans",
        Outcome.ERROR,
        None,
        title="Orphaned Rows",
        pass_limit="== 0",
        on_fail="block",
        samples=None,
        message="The database could not be reached: connection refused.",
    ),
    check(
        "rate_limit.active",
        Outcome.SKIPPED,
        None,
        title="Rate Limiting",
        pass_limit="== 1",
        samples=None,
        message="Deselected on the command line.",
    ),
    check(
        "pool.headroom",
        Outcome.NOT_APPLICABLE,
        None,
        title="Connection Head-room",
        unit="%",
        pass_limit="> 10 %",
        samples=None,
        message="The service has no pool of its own.",
    ),
    latency(
        "latency.max",
        Outcome.FAIL,
        None,
        "< 5 s",
        title="Slowest Response",
        message="6 requests failed or did not finish, so the slowest has no bound.",
    ),
)

MEASUREMENTS = (
    Measurement(
        "health.latency.p95",
        None,
        6.2,
        "probe health",
        210,
        details=(Detail("GET /health while idle", "P95 2.1 ms", None, "20 samples before the load"),),
    ),
    Measurement(
        "security.headers",
        None,
        100.0,
        "probe security",
        None,
        details=(
            Detail("X-Content-Type-Options", "nosniff", True),
            Detail("X-Frame-Options", "SAMEORIGIN", True),
            Detail("Content-Security-Policy", "absent", False, "default-src 'self' would do"),
        ),
    ),
    Measurement("rate_limit.active", None, None, "probe rate_limit", reason="GET / answered 503 Service Unavailable."),
    Measurement("data.bags", None, 25746.0, "database"),
    Measurement("data.parents", None, 843.0, "database"),
    Measurement("data.children", None, 24903.0, "database"),
    Measurement(
        "database.foreign_keys.unvalidated",
        None,
        1.0,
        "database",
        details=(
            Detail("links_child_id_fkey on links", "NOT VALID", False, "alter table links validate constraint …"),
        ),
    ),
)


def endpoint(scenario: str, name: str, scale: float, requests: int = 4000, failures: int = 0) -> EndpointResult:
    """An endpoint whose median is `scale` ms."""
    at = Latency(scale / 4, scale * 1.2, scale, scale * 2, scale * 2.5, scale * 4, scale * 6)
    failed = {"http_5xx": failures - 1, "timeout": 1} if failures > 1 else {}
    bad = Latency(1.0, 2.0, 2.0, 3.0, 3.1, 3.2, 3.3) if failed else Latency(None, None, None, None, None, None, None)
    return EndpointResult(scenario, name, requests, failures, failed, 0, 250, at, bad)


ENDPOINTS = (
    endpoint("login", "POST /login", 700.0, 1200, 6),
    endpoint("bag_lookup", "GET /api/bags/{qr}", 25.0, 7224),
    endpoint("bag_lookup", "POST /api/bags/{qr}/scan", 30.0, 1204),
    endpoint("dashboard", "GET /api/dashboard-stats", 180.0, 1806),
    endpoint("dashboard", "GET /api/dashboard-stats-cached", 4.0, 606),
)


def verdict(decision: Decision = Decision.CONDITIONAL, **more: object) -> Verdict:
    """The seed report's numbers as a verdict; keyword arguments replace its fields."""
    plain = Verdict(
        run_id="20261123T231405Z-7f3a",
        service="bag-tracker",
        decision=decision,
        exit_code=EXIT_OF[decision],
        reason="3 of 10 checks failed, none of them blocking; the score of 65.0 is above the floor of 60.",
        score=Score(65.0, 65.0, 70.0, 1.0),
        checks=SEED_CHECKS,
        conditions=(
            "Average Response Time: 444.6 ms against < 200 ms; release only with this accepted.",
            "P95 Response Time: 1,378.7 ms against < 100 ms; release only with this accepted.",
            "P99 Response Time: 1,545.8 ms against < 200 ms; release only with this accepted.",
        ),
        risks=Risks(
            low=("Data integrity: every invariant held.", "Security headers: every rule held."),
            medium=("Cache Hit Rate is between its warning and its target.",),
            high=("P95 Response Time is 13.8 times its limit.",),
        ),
        next_steps=(
            "POST /login carries 96 % of the slow tail: shorten its slowest part first.",
            "Warm the cache before traffic comes.",
        ),
        doubts=(),
        notes=("The machine that made the load also ran the service.",),
        ledger=Ledger(14540, 14532, {"http_5xx": 5, "timeout": 1}, 2, 0),
        judged=Ledger(12040, 12034, {"http_5xx": 3, "timeout": 1}, 2, 0),
        endpoints=ENDPOINTS,
        measurements=MEASUREMENTS,
        target=TARGET,
        provenance=MADE,
        plan=PLAN,
        started_at="2026-11-23T23:14:05+00:00",
        ended_at="2026-11-23T23:15:02+00:00",
        thresholds_file="thresholds.yaml",
        thresholds_sha256="0f" * 32,
        confidence=0.95,
        stalls=("No request ended from second 31.0 to 33.2 while 50 users waited, all of them in POST /login.",),
        outlook=parts.OUTLOOK,
        release=parts.RELEASE,
        key_numbers=KeyNumbers(1378.7, 1545.8, 1370.2, 1540.1, 301.0, 40.0),
        infrastructure=parts.INFRASTRUCTURE,
        load_steps=parts.STEPS,
        sensitivity=parts.SENSITIVITY,
        drills=parts.DRILLS,
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def ready() -> Verdict:
    """Everything passed."""
    passed = tuple(
        replace(
            c,
            outcome=Outcome.PASS,
            value=100.0 if c.unit == "%" and c.pass_limit.startswith((">", "==")) else 0.0 if c.unit == "" else 0.5,
            low=None,
            high=None,
            message="Held.",
        )
        for c in SEED_CHECKS
    )
    return verdict(
        Decision.READY,
        checks=passed,
        reason="All 10 checks passed with enough evidence; the score is 100.0.",
        score=Score(100.0, 100.0, 100.0, 1.0),
        conditions=(),
        next_steps=(),
        stalls=(),
        notes=(),
        risks=Risks(low=("Every check passed.",)),
        measurements=tuple(m for m in MEASUREMENTS if m.value is not None),
        endpoints=tuple(replace(e, failures=0, failed={}) for e in ENDPOINTS),
        outlook=Outlook(),
        release=Release(),
    )


def every_outcome(decision: Decision = Decision.NOT_READY) -> Verdict:
    """One check at least of each outcome."""
    return verdict(decision, checks=SEED_CHECKS + EVERY_OUTCOME, score=Score(51.2, 40.0, 62.0, 0.87))


def hostile(text: str) -> Verdict:
    """`text` wherever the outside can put any."""
    one = check(
        "data.x", Outcome.FAIL, 3.0, title=text, scope=text, message=text, source=text, pass_limit="== 0", waived=True
    )
    bad = replace(ENDPOINTS[0], name=text, scenario=text, failed={text: 3}, failures=3)
    line = Detail(text, text, False, text)
    return verdict(
        run_id=text, service=text, reason=text, checks=(*SEED_CHECKS, *EVERY_OUTCOME, one), conditions=(text, text),
        risks=Risks((text,), (text,), (text,)), next_steps=(text,), doubts=(text,), notes=(text,), stalls=(text,),
        endpoints=(bad, *ENDPOINTS),
        measurements=(
            Measurement("security.headers", text, 50.0, text, 3, details=(line, line)),
            Measurement("cache.hit_rate", text, None, text, reason=text),
            Measurement("data.x", text, 3.0, text, details=(line,)),
        ),
        target=Target(text, text, (text,)),
        provenance=Provenance(text, text, text, 2, text, {text: text}, text, text),
        plan={text: text},
        started_at=text, thresholds_file=text, thresholds_sha256=text,
        ledger=Ledger(3, 0, {text: 3}, 0, 0),
        waivers=parts.waived(one.key, text), attested=parts.attested(text), outlook=parts.outlook_of(text),
        release=parts.release_of(text), infrastructure=(Observed(text, text),), drills=parts.drill_of(text),
    )  # fmt: skip


def histogram(scale: float, n: int, seed: int = 7) -> Histogram:
    """Lognormal latencies with median `scale` ms."""
    values = np.random.default_rng(seed).lognormal(np.log(scale * 1000), 0.5, n)
    return Histogram.of_us(values.astype(np.int64))


def run(of: Verdict, *, failing: bool = True) -> Run:
    """A run whose endpoints are those of the verdict, with a minute of seconds and a stall."""
    endpoints = tuple(
        Endpoint(
            e.scenario,
            e.name,
            parts.sliced(histogram(e.latency_ms.p50 or 1.0, e.requests - e.failures, i), e.failed, 10.0, 8),
            Recording(),
        )
        for i, e in enumerate(of.endpoints)
    )
    series = tuple(
        Second(
            float(s),
            1.0,
            min(10 * (s + 1), 50),
            0 if 31 <= s < 33 else 240 + s % 9,
            (4 if s in (30, 33) else 0) if failing else 0,
            None if 31 <= s < 33 else 25.0 + s % 4,
            None if 31 <= s < 33 else 600.0 + 40 * (s % 5),
            None if 31 <= s < 33 else 900.0 + 70 * (s % 7),
            {"http_5xx": 3, "timeout": 1} if s in (30, 33) and failing else {},
        )
        for s in range(50)
    )
    load = Load(
        model="closed",
        users=50,
        rate_per_s=None,
        judged_start_s=10.0,
        judged_end_s=50.0,
        planned_s=40.0,
        ledger=of.ledger or Ledger(0, 0, {}, 0, 0),
        endpoints=endpoints,
        series=series,
        stalls=(Stall(31.0, 33.2, 50, 50, ("login", "POST /login")),) if failing else (),
        seen=parts.seen_of(of.service),
    )
    return Run(
        of.run_id, of.service, of.started_at, of.ended_at, of.target, of.provenance, of.plan, "hash", load, (),
        database=parts.ACTIVITY, drills=parts.drilled(of.drills),
    )  # fmt: skip


VERDICTS = {
    "conditional": verdict(),
    "ready": ready(),
    "every outcome": every_outcome(),
    "inconclusive": every_outcome(Decision.INCONCLUSIVE),
}
each_verdict = pytest.mark.parametrize("verdict", VERDICTS.values(), ids=VERDICTS.keys())
