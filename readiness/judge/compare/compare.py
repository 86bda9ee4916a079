"""compare(base, head): the one place where two runs become a comparison."""

from __future__ import annotations

import math

from readiness.judge.comparable import cautions, obstacles
from readiness.judge.compare.comparison import Comparison, ComparisonFinding, ComparisonOutcome, Difference, Side
from readiness.judge.compare.differences import MOST_ENDPOINTS, differences, every_endpoint, needed, pairs, too_little
from readiness.judge.compare.loosened import loosened
from readiness.judge.judge import load_doubts
from readiness.judge.verdict import Verdict
from readiness.measurements.run import Run
from readiness.metrics.catalogue import find
from readiness.text import clean
from readiness.text.numbers import count, duration, number, quantity

ONE_PAIR = (
    "one pair of runs does not know how much two runs of the same build differ; repeat it before a decision hangs on it"
)

_STEP_S = 5.0
"""A length is told in steps of this."""


def compare(
    base: Run,
    head: Run,
    *,
    files: tuple[str, str],
    verdicts: tuple[Verdict | None, Verdict | None] = (None, None),
    confidence: float = 0.95,
    worse_by: float = 0.05,
    anyway: bool = False,
) -> Comparison:
    """What changed from `base` to `head`; obstacles become cautions when `anyway` is true."""
    against = obstacles(base, head, (_doubts(base, confidence), _doubts(head, confidence)))
    careful = cautions(base, head)
    if anyway:
        careful, against = (*(f"compared anyway: {line}" for line in against), *careful), ()
    found, each = differences(pairs(base, head), confidence=confidence, worse_by=worse_by)
    before, after = verdicts
    notes = [*_changed(base, head), *_hidden(base, head), ONE_PAIR]
    if before and after:
        looser = loosened(before, after)
        if before.thresholds_sha256 != after.thresholds_sha256:
            careful = (*careful, "the thresholds are not the same file in both")
    else:
        looser = ()
        missing = " and ".join(name for name, verdict in (("base", before), ("head", after)) if verdict is None)
        notes.insert(0, f"limits were not compared: no report.json of the same run lies beside {missing}")
    outcome, reason = _outcome(found, against, min(one.load.judged_s if one.load else 0.0 for one in (base, head)))
    return Comparison(
        base=_side(base, files[0]),
        head=_side(head, files[1]),
        outcome=outcome,
        reason=reason,
        differences=found,
        obstacles=against,
        cautions=careful,
        loosened=looser,
        notes=tuple(notes),
        worse_by=worse_by,
        confidence=confidence,
        each_confidence=each,
    )


def _doubts(run: Run, confidence: float) -> tuple[str, ...]:
    return run.doubts + (load_doubts(run.load, (), confidence) if run.load else ())


def _side(run: Run, file: str) -> Side:
    return Side(clean(file), clean(run.id), clean(run.service), clean(run.started_at))


def _outcome(
    found: tuple[Difference, ...], against: tuple[str, ...], shorter_s: float
) -> tuple[ComparisonOutcome, str]:
    if against:
        more = f" (and {len(against) - 1} more)" if len(against) > 1 else ""
        return ComparisonOutcome.NOT_COMPARABLE, f"The runs cannot be compared: {against[0]}{more}."
    worse = [one for one in found if one.finding is ComparisonFinding.REGRESSION]
    if worse:
        return ComparisonOutcome.REGRESSION, f"{_names(worse)} got worse."
    unknown = too_little(found)
    if unknown:
        return (
            ComparisonOutcome.TOO_LITTLE,
            f"Too little data to say: {_names(list(unknown))}. {_run_longer(unknown, shorter_s)}",
        )
    better = sum(one.finding is ComparisonFinding.IMPROVEMENT for one in found)
    improved = f"; {count(better, 'metric')} got better" if better else ""
    return ComparisonOutcome.NO_REGRESSION, f"{_excluded(found)}, among {count(len(found), 'comparison')}{improved}."


def _run_longer(unknown: tuple[Difference, ...], shorter_s: float) -> str:
    """How long both runs should be, as far as that can be told."""
    times = [one.longer for one in unknown if one.longer is not None]
    if not times or not shorter_s:
        return "Run longer."
    wanted_s = math.ceil(max(times) * shorter_s / _STEP_S) * _STEP_S
    rest = "" if len(times) == len(unknown) else "; for the others no length can be told"
    return (
        f"Run both longer: measure for about {duration(wanted_s)} at least, not {duration(shorter_s)}, or send "
        f"{max(times):.1f} times as many requests{rest}."
    )


def _excluded(found: tuple[Difference, ...]) -> str:
    """The size of a worsening that is excluded in everything that must be known."""
    sizes: dict[str, float] = {}
    for one in found:
        if needed(one) and one.excluded is not None:
            sizes[one.change.unit] = max(sizes.get(one.change.unit, 0.0), one.excluded)
    told = " and ".join(quantity(size, unit) for unit, size in sorted(sizes.items()))
    return f"A worsening of more than {told} is excluded" if told else "Nothing got worse"


def _names(found: list[Difference]) -> str:
    names = [one.title if one.scope is None else f"{one.title} of {one.scope}" for one in found]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _changed(base: Run, head: Run) -> list[str]:
    """Numbers without a better direction, where they are not the same."""
    before = {(one.metric, one.scope): one.value for one in base.measurements}
    found = []
    for one in head.measurements:
        metric, old = find(one.metric), before.get((one.metric, one.scope))
        directionless = metric is not None and metric.better == "equal"
        if metric and directionless and None not in (old, one.value) and old != one.value:
            found.append(
                f"{clean(one.metric)}: {number(old, metric.unit)} in base, {number(one.value, metric.unit)} in head"
            )
    return found


def _hidden(base: Run, head: Run) -> list[str]:
    hidden = len(every_endpoint(base, head)) - MOST_ENDPOINTS
    if hidden <= 0:
        return []
    return [f"{hidden:,} endpoints with the fewest requests were left out (at most {MOST_ENDPOINTS:,})"]
