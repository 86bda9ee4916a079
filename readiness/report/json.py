"""report.json <-> Verdict, schema "readiness.report/1": the verdict for machines, complete and strict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from readiness.errors import ConfigError, ExitCode
from readiness.judge.judge import SIGNAL_EXIT
from readiness.judge.verdict import CheckResult, Decision, Outcome, Score, Verdict
from readiness.measurements import strict
from readiness.measurements.codec import Codec
from readiness.measurements.histogram import Histogram
from readiness.measurements.json import check_ledger, check_rate, check_value, schema_of
from readiness.measurements.packed import HISTOGRAM, SLICES
from readiness.measurements.run import Ledger, Measurement, Rate, Run, Slice
from readiness.measurements.strict import Malformed
from readiness.numbers import moment
from readiness.text import clean

SCHEMA = "readiness.report/1"
NAMES: Mapping[tuple[type, str], str] = {(CheckResult, "pass_limit"): "pass", (CheckResult, "warn_limit"): "warn"}

EXITS: Mapping[Decision, frozenset[ExitCode]] = {
    Decision.READY: frozenset({ExitCode.READY, ExitCode.REPORT_FAILED}),
    Decision.CONDITIONAL: frozenset({ExitCode.READY, ExitCode.CONDITIONAL, ExitCode.REPORT_FAILED}),
    Decision.NOT_READY: frozenset({ExitCode.NOT_READY}),
    Decision.INCONCLUSIVE: frozenset({ExitCode.INCONCLUSIVE, *SIGNAL_EXIT.values()}),
}
"""The codes that go with a decision."""
_GOOD = frozenset({Outcome.PASS, Outcome.WARN, Outcome.NOT_APPLICABLE})


def render(verdict: Verdict, run: Run | None = None) -> str:
    """The whole file. `run` is not used: report.json is the verdict alone."""
    del run
    facts: dict[str, Any] = {"schema": SCHEMA, **_VERDICT.write(verdict)}
    facts["thresholds"] = {"file": facts.pop("thresholds_file"), "sha256": facts.pop("thresholds_sha256")}
    return strict.lines(facts)


def loads(text: str, name: str) -> Verdict:
    """The verdict in `text`; `name` is the file as the user gave it.

    Raises ConfigError that names the file, the JSON path and what is wrong.
    """
    try:
        facts = strict.parse(text)
        schema_of(facts, SCHEMA)
        thresholds = facts.pop("thresholds", None)
        if not isinstance(thresholds, dict) or thresholds.keys() != {"file", "sha256"}:
            raise Malformed('"thresholds" must be an object with file and sha256')
        facts |= {f"thresholds_{key}": value for key, value in thresholds.items()}
        verdict: Verdict = _VERDICT.read(facts)
    except Malformed as error:
        raise ConfigError(f"{name}: {error.path}: {error}") from error
    return verdict


def _check_score(score: Score) -> str | None:
    if not (0 <= score.low <= score.value <= score.high <= 100):
        return f"low {score.low:g}, value {score.value:g} and high {score.high:g} must rise and lie within 0 and 100"
    return None if 0 <= score.coverage <= 1 else f"coverage is {score.coverage:g}, but must lie between 0 and 1"


def _check(verdict: Verdict) -> str | None:
    """What contradicts the decision: a verdict is not believed against its own checks."""
    if problem := _check_waivers(verdict):
        return problem
    decision = verdict.decision
    code = int(verdict.exit_code)
    if verdict.exit_code not in EXITS[decision]:
        return f'the decision "{decision}" does not go with exit_code {code}'
    allowed = any(note.startswith("--allow-conditional") for note in verdict.notes)
    if decision is Decision.CONDITIONAL and verdict.exit_code is ExitCode.READY and not allowed:
        return 'the decision "CONDITIONAL" has exit_code 0, but no note that --allow-conditional was given'
    if decision not in (Decision.READY, Decision.CONDITIONAL):
        return None
    if verdict.doubts:
        return f'the decision "{decision}" does not go with doubts'
    # READY has no open condition either.
    strict_kinds = ("block", "condition") if decision is Decision.READY else ("block",)
    for check in verdict.checks:
        if check.effect in strict_kinds and check.outcome not in _GOOD:
            return f'the decision "{decision}" does not go with {clean(check.name, 60)}, which is "{check.outcome}"'
    return None


def _check_waivers(verdict: Verdict) -> str | None:
    """A check is waived by a waiver that counted when the run ended, or not at all."""
    ended = moment(verdict.ended_at)
    waived = {waiver.check: waiver for waiver in verdict.waivers}
    for check in verdict.checks:
        if check.waived is not (check.key in waived):
            return f"{clean(check.key, 60)} is marked waived without a waiver, or the other way round"
    for waiver in verdict.waivers:
        if not (waiver.owner and waiver.reason):
            return f"the waiver of {clean(waiver.check, 60)} has no owner or no reason"
        if ended and waiver.expires < ended.date().isoformat():
            return f"the waiver of {clean(waiver.check, 60)} expired on {clean(waiver.expires, 20)}, before the run"
    return None


_VERDICT = Codec(
    special={Histogram: HISTOGRAM, tuple[Slice, ...]: SLICES},
    names=NAMES,
    checks={Ledger: check_ledger, Measurement: check_value, Rate: check_rate, Score: _check_score, Verdict: _check},
).pair(Verdict)
