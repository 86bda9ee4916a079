"""Acknowledged writes of each drill against the rows of the database after all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from readiness.config.model import Config
from readiness.drills.conduct import Conducted, Happened
from readiness.errors import NotMeasured
from readiness.measurements.run import Drilled, Measurement
from readiness.measurements.writes import WriteBook, WritePart, WritesFound
from readiness.metrics import drills as names

Reconcile = Callable[[WriteBook, Mapping[str, WritePart]], Mapping[str, WritesFound]]
"""What the rows say of the writes of each part; raises NotMeasured."""
_SOURCE = "database"


def measure_writes(
    conducted: Conducted, courses: Iterable[Drilled], config: Config, reconcile: Reconcile
) -> tuple[Measurement, ...]:
    """`drill.writes_lost` and `drill.writes_duplicated` where checks ask for them, of drills that happened."""
    happened = {one.name: one for one in courses if one.problem is None}
    wanted = [
        (check.metric, check.scope)
        for check in config.checks
        if check.metric in (names.WRITES_LOST, names.WRITES_DUPLICATED) and check.scope in happened
    ]
    if not wanted:
        return ()
    unseen = {name: one.unseen for name, one in happened.items() if one.unseen is not None}
    asked = {scope for _, scope in wanted}
    parts = {one.plan.name: _part(one, conducted) for one in conducted.drills if one.plan.name in asked}
    try:
        if conducted.writes is None or not conducted.writes.sent:
            raise NotMeasured("no write was sent: the scenarios took no key from self.write_key()")
        found = reconcile(conducted.writes, parts)
    except NotMeasured as error:
        return tuple(Measurement(metric, scope, None, _SOURCE, reason=str(error)) for metric, scope in wanted)
    return tuple(
        Measurement(metric, scope, None, _SOURCE, reason=unseen[scope])
        if scope in unseen
        else _measured(metric, scope or "", found[scope or ""])
        for metric, scope in wanted
    )


def _measured(metric: str, drill: str, found: WritesFound) -> Measurement:
    one = found.lost if metric == names.WRITES_LOST else found.duplicated
    reason = one.reason or (None if found.acknowledged else "no write was acknowledged in this drill")
    value = None if reason else float(one.count)
    return Measurement(metric, drill, value, _SOURCE, found.acknowledged, reason, None, one.details)


def _part(one: Happened, conducted: Conducted) -> WritePart:
    """Numbers of each user's writes that were sent in the drill, as far as a second tells."""
    start_s, over_s = one.plan.begin_s - one.plan.drill.before_s, one.plan.over_s
    before: Mapping[int, int] = {}
    after: Mapping[int, int] = {}
    for at_s, numbers in conducted.written:
        if at_s <= start_s:
            before = numbers
        after = numbers
        if at_s >= over_s:
            break
    return {user: (before.get(user, 0) + 1, last) for user, last in after.items() if last > before.get(user, 0)}
