"""The numbers of the first screen, each beside the limit that was declared for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from readiness.judge import wording
from readiness.judge.verdict import CheckResult, Outcome, Verdict
from readiness.report.status import OUTCOMES, Status
from readiness.report.view import words
from readiness.report.view.checks import WITHOUT_VALUE, row
from readiness.text import clean, numbers


@dataclass(frozen=True, slots=True)
class KeyNumber:
    """One figure: `P95`, `644 ms`, `limit < 100 ms`, failed."""

    label: str
    value: str
    note: str
    status: Status | None
    """None where no limit was declared."""


def key_numbers(verdict: Verdict) -> tuple[KeyNumber, ...]:
    """P95, P99, throughput, errors and the load; none without a load."""
    found, judged = verdict.key_numbers, verdict.judged
    if judged is None or not judged.planned:
        return ()
    said = []
    if found is not None:
        said.append(_latency(verdict, "latency.p95", "P95", found.p95_ms, found.successful_p95_ms))
        said.append(_latency(verdict, "latency.p99", "P99", found.p99_ms, found.successful_p99_ms))
        rate = found.throughput_per_s
        said.append(_figure(verdict, ("throughput",), "Answered", "–" if rate is None else _rough(rate, "req/s")))
    bad = judged.planned - judged.ok
    errors = f"{numbers.share(bad, judged.planned)}"
    said.append(
        _figure(
            verdict,
            ("http.error_rate", "http.success_rate"),
            "Failed",
            errors,
            f"{bad:,} of {numbers.count(judged.planned, 'request')}",
        )
    )
    height, _, lasted = words.load(verdict).partition(" for ")
    said.append(KeyNumber("Load", height, f"for {lasted}" if lasted else "", None))
    return tuple(said)


def _latency(verdict: Verdict, name: str, label: str, value: float | None, alone: float | None) -> KeyNumber:
    if value is None:
        shown, note = numbers.NOT_BOUNDED, "" if alone is None else f"{_rough(alone, 'ms')} of the successful"
    else:
        shown, note = _rough(value, "ms"), ""
    return _figure(verdict, (name,), label, shown, note)


def _figure(verdict: Verdict, names: Sequence[str], label: str, shown: str, note: str = "") -> KeyNumber:
    check = _declared(verdict, names)
    if check is None:
        return KeyNumber(label, shown, note, None)
    limit = f"limit {clean(check.pass_limit)}" if check.name == names[0] else _limit_of_other(check)
    if check.outcome not in WITHOUT_VALUE and check.value is not None and check.name == names[0]:
        shown = row(check).current if check.unit not in ("ms", "/s") else _rough(check.value, _UNITS[check.unit])
    dead = check.failures is not None and check.failures.dead  # this figure is not what is wrong
    why = "" if dead else re.split(r"[;,] ", clean(wording.despite(check)), maxsplit=1)[0]
    said = "; ".join(part for part in (limit, note, why) if part)
    return KeyNumber(label, shown, said, None if dead else OUTCOMES[check.outcome])


_UNITS = {"ms": "ms", "/s": "req/s"}


def _limit_of_other(check: CheckResult) -> str:
    return f"success {clean(check.pass_limit)}"


def _declared(verdict: Verdict, names: Sequence[str]) -> CheckResult | None:
    for name in names:
        for check in verdict.checks:
            if (check.name, check.scope) == (name, None) and check.outcome is not Outcome.NOT_APPLICABLE:
                return check
    return None


def _rough(value: float, unit: str) -> str:
    """Three digits are all that a first reading needs: `644 ms`, `17,990 ms` as in the tables, `11.4 req/s`."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value else 0
    return f"{value:,.{digits}f} {unit}"
