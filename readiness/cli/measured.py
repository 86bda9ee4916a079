"""`readiness init --measure`: one small run with the usual machinery, whose intervals become limits."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from readiness.cli.assessment import assess
from readiness.cli.proposals import proposals
from readiness.cli.run import RunRequest
from readiness.errors import NotMeasured
from readiness.init.limits import ProposedLimit
from readiness.judge.verdict import Verdict

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
