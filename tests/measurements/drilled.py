"""A run.json with what a real run has that was given `--drills`, a Prometheus and a process to watch."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

from readiness.measurements.json import decode

Facts = dict[str, Any]
POINT = {"duration_s": 5.0, "users": 5, "ok": 10**6, "failed": 0, "p50_ms": 1.0, "p95_ms": 2.0, "p99_ms": 3.0}


def with_drill(document: Facts) -> Facts:
    """One drill that happened: its points, and what was measured in its fault."""
    answered = max(document["endpoints"], key=lambda one: one["judged"].get("ok", {}).get("total", 0))["judged"]
    document["plan"]["drills"] = "slow"
    whole = {"plan": document["plan"], "scenarios": document["provenance"]["scenarios"]}
    document["plan_hash"] = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
    series = [{**POINT, "at_s": 5.0 * number} for number in range(3)]
    document["drills"] = [
        {"name": "slow", "what": "database hung for 3 s", "begin_s": 5.0, "end_s": 8.0, "series": series}
    ]
    load = decode(json.dumps(document), "run.json").load
    assert load is not None
    record = max((one.judged for one in load.endpoints), key=lambda one: one.ok.total)
    n, p95_ms = record.requests, record.ok.quantile_ms(0.95, infinite=record.failures + record.in_flight)
    bad = record.failures + record.in_flight
    for metric, value, more in (
        ("error_rate", 100 * bad / n, {"evidence": {"hits": bad, "total": n}}),
        ("unanswered", 0.0, {"evidence": {"hits": 0, "total": n}}),
        ("latency.p95", p95_ms, {"evidence": copy.deepcopy(answered)}),
        ("longest_answer", record.ok.max_us / 1000, {}),
        ("goodput", 50.0, {}),
        ("requests_lost", 0.0, {}),
    ):
        document["measurements"].append(
            {"metric": f"drill.{metric}", "scope": "slow", "value": value, "source": "drill", "samples": n, **more}
        )
    return document


def with_sources(document: Facts) -> Facts:
    """A process that was watched, PromQL, the service's role, TLS and Kubernetes."""
    document["process"] = {"name": "python (pid 1)", "window_s": 10.0, "cores": 2.0, "cpu_s": 5.0, "memory_mb": 80.0}
    document["definitions"] = {"custom.queue": "ab" * 32, "database.role.owned": "cd" * 32}
    for metric, value, source, more in (
        ("target.cpu", 25.0, "probe process", {"evidence": {"low": 20.0, "high": 30.0}}),
        ("target.memory.max", 80.0, "probe process", {}),
        ("custom.queue", 3.0, "Prometheus", {}),
        ("database.role.owned", 0.0, "database", {}),
        ("tls.days_left", 30.0, "probe tls", {"details": [{"subject": "::1", "observed": "until May", "ok": True}]}),
        ("kubernetes.restarts", 2.0, "Kubernetes", {"details": [{"subject": "web", "observed": "2", "ok": False}]}),
    ):
        document["measurements"].append({"metric": metric, "value": value, "source": source, **more})
    return document
