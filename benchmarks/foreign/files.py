# ruff: noqa: E501 (samples)
"""Files that a user or a pull request gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.foreign.parser import JSON, Parser

_EXAMPLE = Path("reports/example/conditional")


def parsers() -> tuple[Parser, ...]:
    """Those of this room; imports what they need."""
    from readiness.cli.attempts import _attempts
    from readiness.config.load import parse
    from readiness.config.trust import Trust
    from readiness.errors import ConfigError
    from readiness.judge.history.past_run import of_line
    from readiness.measurements import json as runs
    from readiness.measurements import strict
    from readiness.report import json as reports

    thresholds = Path("thresholds.yaml").read_bytes()
    small = (
        b'version: 1\nservice: a\nload: { users: 5, duration: 30s }\nchecks:\n  latency.p95: { pass: "< 100 ms" }\n'
        b'  http.success_rate: { pass: "> 99 %", on_fail: block }\n',
        b'version: 1\nservice: ${READINESS_VAR_A}\ndatabase: { counts: { a: { table: t } }, invariants: { i: "a == 2 * a"'
        b' , j: "a - 1 == a.change" }, max_scan: 1 GB }\nchecks: { data.a: { pass: ">= 1" } }\n',
        b"version: 1\nservice: &a x\nprobes: { custom: { q: { metrics: /m, metric: 'a{b=\"c\"}' } }, rate_limit: { limit:"
        b" 5 /s } }\nchecks: { custom.q: { pass: '< 1' } }\nbaseline: { run: b.json, worse_by: '> 10 %' }\n",
        b"version: 1\nservice: a\nproxies: { d: { listen: '127.0.0.1:6432', to: '127.0.0.1:5432' } }\ndrills: { x: { proxy: d,"
        b" fault: { latency: 300ms, jitter: 1ms }, for: 10s, share: 50 % } }\nchecks: { drill.recovery@x: { pass: '< 5 s' } }\n",
    )
    environ: Mapping[str, str] = {"READINESS_VAR_A": "x"}
    run = (_EXAMPLE / "run.json").read_text("utf-8")
    report = (_EXAMPLE / "report.json").read_text("utf-8")
    run_seeds = (Path("tests/golden/seed-run.json").read_bytes(), _shrunk(run))
    report_seeds = (report.encode(), _shrunk(report))

    def config(data: bytes) -> object:
        return parse(data, "thresholds.yaml", environ, trust=Trust())

    def text(data: bytes) -> str:
        return data.decode("utf-8", "replace")

    yaml = (
        "config.load", "config.tree", "config.limits", "config.sections", "config.waivers", "config.probe_values",
        "config.variables", "config.baseline", "config.durations", "config.database", "config.scalars",
        "config.sums", "config.drills", "config.monitoring", "config.proxies",
    )  # fmt: skip
    facts = ("measurements.json", "measurements.packed", "measurements.strict", "measurements.hdr")
    return (
        Parser("thresholds.yaml", yaml, config, (ConfigError,), small, 3),
        Parser("thresholds.yaml, large", yaml, config, (ConfigError,), (thresholds,), 0),
        Parser("run.json", facts, lambda data: runs.loads(text(data), "run.json"), (ConfigError,), run_seeds, 2, True),
        Parser(
            "report.json",
            ("report.json",),
            lambda data: reports.loads(text(data), "r"),
            (ConfigError,),
            report_seeds,
            2,
            True,
        ),
        Parser(
            "strict JSON", ("measurements.strict",), lambda data: strict.parse(text(data)), (strict.Malformed,), JSON
        ),
        Parser(
            "history",
            ("cli.attempts",),
            lambda data: [of_line(one) for one in _attempts(data.split(b"\n"))],
            (),
            (b'{"run_id": "a", "at": "b", "decision": "READY", "score": 1e3, "requests": 5}\n[1]\nx',),
        ),
    )


def _shrunk(text: str) -> bytes:
    """A file of ours with its long lists and texts cut: mutations then hit its facts."""

    def cut(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: cut(part) for key, part in list(value.items())}
        return [cut(part) for part in value[:2]] if isinstance(value, list) else value

    return json.dumps(cut(json.loads(text))).encode()
