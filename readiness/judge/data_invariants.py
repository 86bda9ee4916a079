"""What is always true of the counts of a run under the thresholds.yaml that says what they count.

run.json alone does not tell a count of rows from the answer of a query, nor what an invariant is made of.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from readiness.config.database import ACKNOWLEDGED
from readiness.config.model import Database, Invariant
from readiness.measurements.law import Broken, Law, laws_of
from readiness.measurements.run import Measurement, Run
from readiness.text import clean

BOOK = "database.writes.lost"
"""Its samples are the acknowledged writes."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A run, and the section that says what was counted in it."""

    run: Run
    database: Database


def counts_are_whole(counted: Counted) -> Broken:
    """A count of rows is a whole number that is not negative."""
    for index, one in enumerate(counted.run.measurements):
        count = counted.database.counts.get(one.metric.removeprefix("data."))
        if count is None or count.estimate or one.value is None or not one.metric.startswith("data."):
            continue
        if one.value < 0 or not one.value.is_integer():
            yield f"$.measurements[{index}]", f"{clean(one.metric, 60)} is {one.value:g}"


def invariants_are_left_minus_right(counted: Counted) -> Broken:
    """The value of an invariant is its left side less its right side, by the counts of the same run."""
    known = {one.metric: one for one in counted.run.measurements if one.scope is None}
    for index, one in enumerate(counted.run.measurements):
        invariant = counted.database.invariants.get(one.metric.removeprefix("data."))
        if invariant is None or one.value is None or not one.metric.startswith("data."):
            continue
        expected = _expected(invariant, known)
        if expected is not None and not math.isclose(one.value, expected, rel_tol=1e-9, abs_tol=1e-6):
            name = clean(one.metric, 60)
            yield f"$.measurements[{index}]", f"{name} is {one.value:g}, but by the file its terms give {expected:g}"


def _expected(invariant: Invariant, known: dict[str, Measurement]) -> float | None:
    """Left minus right; None when a term was not measured."""
    total = float(invariant.constant)
    for factor, term in invariant.terms:
        one = known.get(BOOK if term == ACKNOWLEDGED else f"data.{term}")
        value = None if one is None else one.samples if term == ACKNOWLEDGED else one.value
        if value is None:
            return None
        total += float(factor) * value
    return total


DATA_LAWS: tuple[Law[Counted], ...] = laws_of(globals())
