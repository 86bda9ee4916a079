"""`readiness init --measure`: one small run with the usual machinery, whose intervals become limits."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

from readiness.cli.assessment import assess
from readiness.cli.run_request import RunRequest
from readiness.errors import NotMeasured
from readiness.init.limits import MEASURED, ProposedLimit
from readiness.judge.verdict import CheckResult, Verdict

DURATION = "30s"
_USERS = 10


def measured(
    out: Path,
    target: str,
    starters: Sequence[ProposedLimit],
    *,
    scenarios: int,
    allow_hosts: list[str] | None = None,
    allow_env: list[str] | None = None,
    duration: str = DURATION,
) -> tuple[ProposedLimit, ...]:
    """Load `target` with what was written to `out`, and propose limits; the reports of this run are thrown away.

    Raises what `readiness run` raises before a load, and NotMeasured when no answer was measured.
    """
    with tempfile.TemporaryDirectory(prefix="readiness-init-") as folder:
        request = RunRequest(
            target=target,
            thresholds=out / "thresholds.yaml",
            scenarios=out / "scenarios",
            users=str(max(_USERS, scenarios)),
            duration=duration,
            ramp_up="1s",
            warm_up="2s",
            out=Path(folder) / "reports",
            formats="json",
            allow_hosts=allow_hosts,
            allow_env=allow_env,
            allow_conditional=True,
        )
        verdict = assess(request).verdict
    _refuse_nothing(verdict, starters)
    return proposals(verdict.checks, starters)


def _refuse_nothing(verdict: Verdict, starters: Sequence[ProposedLimit]) -> None:
    """One of the limits must have a measurement, and the requests must have been answered well."""
    wanted = {starter.check for starter in starters}
    known = [check for check in verdict.checks if check.key in wanted and check.high is not None]
    success = next((check for check in known if check.name == "http.success_rate"), None)
    if not known:
        raise NotMeasured(f"--measure: nothing was measured, so the starter limits stay. {verdict.reason}")
    if success is not None and success.value is not None and success.value < 50:
        raise NotMeasured(
            f"--measure: only {success.value:.3g} % of the requests succeeded, so what was measured is no limit; the "
            "starter limits stay. Find out why with `readiness try`"
        )


ROOM = 1.5
"""A limit at the edge of what was measured fails every second run: so the upper end, and half as much again."""
_LEAST_MS = 20
"""A limit below this says more about how busy the machine is than about the service."""
_UNKNOWN_END = 2
"""Times the value, where the upper end of its interval is not known."""
_SHARES = (99.9, 99.5, 99, 98, 95, 90, 80, 50)


def proposals(checks: Sequence[CheckResult], starters: Sequence[ProposedLimit]) -> tuple[ProposedLimit, ...]:
    """`starters` with the limits that the run gives; one without a measurement stays as it is."""
    by_key = {check.key: check for check in checks}
    return tuple(_proposed(by_key.get(starter.check), starter) for starter in starters)


def _proposed(check: CheckResult | None, starter: ProposedLimit) -> ProposedLimit:
    if check is None or check.low is None or check.high is None:
        return starter
    said = f"{MEASURED} (measured {check.low:.3g} to {check.high:.3g} {check.unit})"
    if check.unit == "ms":
        high = check.high
        if check.value is not None and check.value < (edge := _number_of(starter.limit)) == high:
            # The run has too few requests for an upper end: what it says is the limit that it was judged by.
            high = min(edge, check.value * _UNKNOWN_END)
            said = f"{MEASURED} (measured {check.value:.3g} ms, with too few requests for an upper end)"
        return ProposedLimit(starter.check, f"< {_rounded(max(high * ROOM, _LEAST_MS))} ms", said, starter.on_fail)
    if check.unit == "%":
        share = next((one for one in _SHARES if one < check.low), None)
        return starter if share is None else ProposedLimit(starter.check, f"> {share:g} %", said, starter.on_fail)
    return starter


def _number_of(limit: str) -> float:
    """The number of a starter limit, `< 1000 ms`."""
    return float(limit.split()[1])


def _rounded(value_ms: float) -> str:
    """Up to two digits: 142.5 is 150."""
    step = 10.0 ** (math.floor(math.log10(value_ms)) - 1)
    return f"{math.ceil(value_ms / step - 1e-9) * step:.10g}"
