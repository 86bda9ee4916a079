"""What did not pass, by what is wrong: failed requests, slow answers, everything else by its check; with causes."""

from __future__ import annotations

from collections.abc import Sequence

from readiness.judge.check import Judged
from readiness.judge.decision import label
from readiness.judge.failed_requests import FailedRequests
from readiness.judge.needs import SETTLED
from readiness.judge.next_steps import FAILED, SLOW, UNKNOWN, UNPROVEN, failing, lacks_proof, most_time
from readiness.judge.outcome import Outcome
from readiness.judge.outlook import Diagnosis, DiagnosisKind, RootCause
from readiness.judge.release import Issue, NextStep
from readiness.judge.verdict import CheckResult
from readiness.judge.wording import against
from readiness.measurements.run import Measurement, Run
from readiness.metrics.catalogue import find, is_drill, is_latency
from readiness.metrics.service import STARTER_METRIC
from readiness.text import clean
from readiness.text.numbers import count, quantity

_MOST_CAUSES = 4
_WRITES = {
    "database.writes.lost": "the write {} was acknowledged and is not stored",
    "database.writes.duplicated": "the write {} was stored more than once",
    "database.writes.phantom": "the write {} failed and is stored all the same",
}
"""What the key of a write is an example of."""
_TITLES = (FAILED, SLOW, UNPROVEN)
"""Of groups whose checks each have a sentence of their own."""


def issues(
    judged: Sequence[Judged],
    planned: Sequence[NextStep],
    run: Run,
    roots: Sequence[RootCause],
    failed: Sequence[FailedRequests],
    stalls: Sequence[str],
    diagnoses: Sequence[Diagnosis] = (),
) -> tuple[Issue, ...]:
    """What did not pass, by what is wrong: failed requests and slow answers as one each, everything else by check."""
    groups: dict[str, list[Judged]] = {}
    for item in judged:
        if item.result.outcome not in SETTLED:
            groups.setdefault(_group(item), []).append(item)
    found = []
    for name, items in groups.items():
        items.sort(key=lambda item: item.result.because_failed)
        results = [item.result for item in items]
        keys = tuple(check.key for check in results)
        title = label(results[0]) + (f" and {count(len(items) - 1, 'more check')}" if len(items) > 1 else "")
        problems = [f"{label(check)}: {_problem(check)}" for check in results]
        if len(items) > 1 and name not in _TITLES and not items[0].not_ready:  # all for the same reason
            problems = [f"{title}: {name}"]
        found.append(
            Issue(
                name if name in _TITLES else title,
                keys,
                tuple(problems),
                _causes(name, items, run, roots, failed, stalls, diagnoses),
                tuple(step.text for step in planned if set(step.checks) & set(keys)),
            )
        )
    return tuple(found)


def _problem(check: CheckResult) -> str:
    """A failure in a few words, as its whole message stands with the check; else the message."""
    return f"{against(check)}." if check.outcome is Outcome.FAIL and check.value is not None else check.message


def _group(item: Judged) -> str:
    name = item.result.name
    if item.not_ready:
        return item.not_ready.cause
    if failing(item):
        return FAILED
    if item.result.outcome in UNKNOWN:
        return item.result.message
    if lacks_proof(item) and not is_drill(name):  # a drill has a length of its own
        return UNPROVEN
    if is_latency(name):
        return SLOW
    return FAILED if name.startswith("http.") else item.result.key


def _causes(
    name: str,
    items: Sequence[Judged],
    run: Run,
    roots: Sequence[RootCause],
    failed: Sequence[FailedRequests],
    stalls: Sequence[str],
    diagnoses: Sequence[Diagnosis],
) -> tuple[str, ...]:
    first, measurements = items[0], run.measurements
    if first.not_ready:
        return (first.not_ready.cause,)
    if name == FAILED:
        return tuple(one.text for one in failed[:_MOST_CAUSES])
    if first.result.outcome in UNKNOWN:
        missing = (first.result.name, first.result.scope)
        said = [one.reason for one in measurements if (one.metric, one.scope) == missing and one.reason]
        return tuple(said) or (first.result.message,)
    if all(item.remedy for item in items):
        return (f"The measurement itself is in question: {first.remedy}.",)
    if name == "target.memory.growth":
        return tuple(f"{one.named}: {one.text} {one.fix}" for one in diagnoses if one.kind is DiagnosisKind.MEMORY)
    if first.result.name == STARTER_METRIC:
        return ("The limits are the ones that readiness proposes; nobody has chosen them for this service yet.",)
    if lacks_proof(first):
        return ("What was measured is within its limit, but it is too little to prove it.",)
    if name == SLOW:
        told = [f"{one.named}: {one.text} {one.fix}".strip() for one in diagnoses]
        known = any(one.kind is not DiagnosisKind.UNKNOWN for one in diagnoses)  # else the endpoints say more
        means = [item for item in items if item.result.name == "latency.mean"]
        return (
            *(told if known else ()),
            *(f"{root.sentence}." for root in (roots if len(means) < len(items) else ())),
            *([f"{most_time(run.load)}."] if means and most_time(run.load) else []),
            *stalls[:_MOST_CAUSES],
            *_waits(run),
            *(() if known else told),
        )
    if name == "cache.hit_rate" and (unused := _details("cache.fallback", first.result.scope, measurements, False)):
        return (f"The cache itself was not in use, so nothing could be found in it: {unused[0]}. Fix that first.",)
    wanted = dict.fromkeys((item.result.name, item.result.scope) for item in items)
    said = [text for key in wanted for text in _details(*key, measurements, False)]
    if not said and first.result.outcome is Outcome.FAIL and first.result.name.startswith(("database.", "data.")):
        said = [text for key in wanted for text in _details(*key, measurements, None)]  # what was counted
        if name.startswith("data."):
            said = ["; ".join(said[:_MOST_CAUSES])]  # one side alone explains no difference
    return tuple(said[:_MOST_CAUSES])


def _details(name: str, scope: str | None, measurements: Sequence[Measurement], ok: bool | None) -> list[str]:
    """What a probe saw and marked as right, as wrong, or as neither."""
    return [
        _WRITES[name].format(clean(detail.subject))
        if name in _WRITES and detail.ok is False
        else f"{clean(detail.subject)}: {clean(detail.observed)}{f' ({clean(detail.note)})' if detail.note else ''}"
        for measurement in measurements
        if (measurement.metric, measurement.scope) == (name, scope)
        for detail in measurement.details
        if detail.ok is ok
    ]


def _waits(run: Run) -> list[str]:
    """What was seen to wait: for locks, for connections of the database, for those of the service's pool."""
    said = [
        f"{metric.title}: {quantity(one.value, metric.unit)}."
        for one in run.measurements
        if one.metric in ("pool.wait.mean", "pool.saturation") and one.value and (metric := find(one.metric))
    ]
    sessions, limit = (run.database.sessions, run.database.limit) if run.database else ((), 0)
    locked = [sample.waiting_for_lock for sample in sessions if sample.waiting_for_lock]
    full = sum(sample.connected >= limit for sample in sessions)
    if locked:
        where = f"in {len(locked):,} of {len(sessions):,} samples, at most {max(locked):,} at once"
        said.append(f"Database: sessions waited for locks {where}.")
    if full:
        said.append(f"Database: all {limit:,} connections were taken in {full:,} of {len(sessions):,} samples.")
    return said
