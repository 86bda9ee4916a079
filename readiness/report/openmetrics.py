"""metrics.txt: OpenMetrics text, for GitLab's metrics report and whatever else reads it.

A number that does not exist is left out, never written as 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from readiness.judge.verdict import Outcome, Verdict
from readiness.measurements.run import Run
from readiness.report.view.checks import key_of
from readiness.text import clean

_Sample = tuple[Mapping[str, str], float | None]
QUANTILES = {"0.5": "p50", "0.9": "p90", "0.95": "p95", "0.99": "p99"}
JUDGED = {Outcome.PASS: 1.0, Outcome.WARN: 0.5, Outcome.FAIL: 0.0}


def render(verdict: Verdict, run: Run | None = None) -> str:
    """The verdict's numbers; `run` adds nothing."""
    del run
    known = verdict.score.coverage > 0
    families: Iterable[tuple[str, str, Iterable[_Sample]]] = (
        ("readiness_exit_code", "Exit code of the decision.", [({}, float(verdict.exit_code))]),
        ("readiness_score", "Score, 0 to 100.", [({}, verdict.score.value if known else None)]),
        ("readiness_score_low", "Lower end of the score.", [({}, verdict.score.low)]),
        ("readiness_score_high", "Upper end of the score.", [({}, verdict.score.high)]),
        ("readiness_coverage", "Share of the declared weight that was measured.", [({}, verdict.score.coverage)]),
        ("readiness_check_value", "Value of a check in its unit.", _values(verdict)),
        ("readiness_check_result", "1 passed, 0.5 warned, 0 failed; absent: not known.", _results(verdict)),
        ("readiness_endpoint_requests", "Requests in the measurement window.", _requests(verdict)),
        ("readiness_endpoint_failures", "Requests that failed or did not finish.", _failures(verdict)),
        ("readiness_endpoint_latency_ms", "Latency of successful requests.", _latencies(verdict)),
    )
    lines: list[str] = []
    for name, text, samples in families:
        found = [f"{name}{_labels(labels)} {value!r}" for labels, value in samples if value is not None]
        if found:
            lines += [f"# TYPE {name} gauge", f"# HELP {name} {text}", *dict.fromkeys(found)]
    return "\n".join([*lines, "# EOF"]) + "\n"


def _values(verdict: Verdict) -> Iterator[_Sample]:
    for check in verdict.checks:
        finite = check.value is not None and math.isfinite(check.value)
        yield {"check": key_of(check), "unit": check.unit}, check.value if finite else None


def _results(verdict: Verdict) -> Iterator[_Sample]:
    for check in verdict.checks:
        yield {"check": key_of(check)}, JUDGED.get(check.outcome)


def _requests(verdict: Verdict) -> Iterator[_Sample]:
    for one in verdict.endpoints:
        yield {"scenario": one.scenario, "endpoint": one.name}, float(one.requests)


def _failures(verdict: Verdict) -> Iterator[_Sample]:
    for one in verdict.endpoints:
        yield {"scenario": one.scenario, "endpoint": one.name}, float(one.failures)


def _latencies(verdict: Verdict) -> Iterator[_Sample]:
    for one in verdict.endpoints:
        for quantile, name in QUANTILES.items():
            yield (
                {"scenario": one.scenario, "endpoint": one.name, "quantile": quantile},
                getattr(one.latency_ms, name),
            )


def _labels(labels: Mapping[str, str]) -> str:
    written = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{written}}}" if written else ""


def _escaped(text: str) -> str:
    return clean(text).replace("\\", "\\\\").replace('"', '\\"')
