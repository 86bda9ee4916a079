"""Counts, queries and invariants of thresholds.yaml: exact numbers, all of one snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial

from readiness.config.database import ACKNOWLEDGED, CHANGE
from readiness.config.model import Count, Database, Invariant, Query
from readiness.database import queries
from readiness.database.connect import Session
from readiness.database.counts import count_together, estimate
from readiness.database.fact_names import SOURCE
from readiness.database.identifiers import split_name
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement

DataFound = Fraction | str
"""An exact number, or the reason why there is none."""
_WHOLE = 2**53
"""From here on not every whole number is a float, and limits are floats."""
DataTask = Callable[[Session], Mapping[str, DataFound]]


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of one snapshot, by the name of the count or query."""

    found: Mapping[str, DataFound] = field(default_factory=dict)
    estimated: frozenset[str] = frozenset()


def changing(database: Database, wanted: AbstractSet[str]) -> frozenset[str]:
    """Counts and queries whose value before the load is needed."""
    direct = {
        name[len("data.") : -len(CHANGE)] for name in wanted if name.startswith("data.") and name.endswith(CHANGE)
    }
    for name, invariant in database.invariants.items():
        if f"data.{name}" in wanted:
            direct |= {term.removesuffix(CHANGE) for _, term in invariant.terms if term.endswith(CHANGE)}
    return frozenset(direct & {*database.counts, *database.queries})


def tasks(database: Database, names: AbstractSet[str]) -> list[DataTask]:
    """What has to be asked for the counts and queries in `names`; each may run on a connection of its own."""
    by_table: dict[object, dict[str, Count]] = {}
    for name, count in database.counts.items():
        if name in names:
            key: object = name if count.estimate else _table(count)
            by_table.setdefault(key, {})[name] = count
    found: list[DataTask] = [_counting(counts) for counts in by_table.values()]
    found += [_asking(name, query) for name, query in database.queries.items() if name in names]
    return found


def numbers(database: Database, parts: list[Mapping[str, DataFound]]) -> Numbers:
    """The answers of all tasks together."""
    found: dict[str, DataFound] = {}
    for part in parts:
        found.update(part)
    return Numbers(found, frozenset(name for name, count in database.counts.items() if count.estimate))


def measurements(
    database: Database, now: Numbers, before: Mapping[str, DataFound], acknowledged: DataFound
) -> tuple[Measurement, ...]:
    """One for every count, query, change and invariant, in the order of the file.

    `before` are the numbers before the load, where they are needed; `acknowledged` writes are those of the load.
    """
    known: dict[str, DataFound] = {**now.found, ACKNOWLEDGED: acknowledged}
    estimated = set(now.estimated)
    data = [_measurement(name, now.found[name], name in estimated) for name in now.found]
    for name, value in now.found.items():
        if name not in before:
            continue
        change = _difference(value, before[name])
        known[f"{name}{CHANGE}"] = change
        if name in estimated:
            estimated.add(f"{name}{CHANGE}")
        details = (_detail("before the load", before[name]), _detail("after the load", value))
        data.append(_measurement(f"{name}{CHANGE}", change, name in estimated, details))
    return (*data, *(_invariant(name, one, known, estimated) for name, one in database.invariants.items()))


def _table(count: Count) -> object:
    try:
        return split_name(count.table)
    except NotMeasured:
        return id(count)


def _counting(counts: dict[str, Count]) -> DataTask:
    def count(session: Session) -> Mapping[str, DataFound]:
        if len(counts) > 1:
            try:
                return count_together(session, counts)
            except NotMeasured:  # one of them is wrong; find out which, and count the others
                pass
        return {
            name: _attempt(f"count {name}{_line(one.line)}", partial(_one, session, one))
            for name, one in counts.items()
        }

    return count


def _one(session: Session, count: Count) -> Fraction:
    return estimate(session, count) if count.estimate else count_together(session, {"": count})[""]


def _asking(name: str, query: Query) -> DataTask:
    what = f"query {name}{_line(query.line)}"
    return lambda session: {name: _attempt(what, lambda: queries.answer(session, query))}


def _attempt(what: str, ask: Callable[[], Fraction]) -> DataFound:
    try:
        return ask()
    except NotMeasured as error:
        return f"{what}: {error}"


def _difference(now: DataFound, then: DataFound) -> DataFound:
    missing = [one for one in (now, then) if isinstance(one, str)]
    if isinstance(now, Fraction) and isinstance(then, Fraction):
        return now - then
    return "; ".join(dict.fromkeys(missing))


def _measurement(name: str, value: DataFound, estimated: bool, details: tuple[Detail, ...] = ()) -> Measurement:
    metric = f"data.{name}"
    if estimated:
        details = (*details, Detail("exact", "no", None, "the planner's estimate"))
    if isinstance(value, str):
        return Measurement(metric, None, None, SOURCE, reason=value, details=details)
    if unclear := _inexact(value):
        return Measurement(metric, None, None, SOURCE, reason=unclear, details=details)
    return Measurement(metric, None, float(value), SOURCE, details=details, estimated=estimated)


def _inexact(value: Fraction) -> str:
    """Why a limit could not be compared with the value exactly; empty where it can."""
    if abs(value) >= _WHOLE:
        return f"the number is beyond 2^53 ({_WHOLE:,}), where limits are no longer exact; count in a larger unit"
    if value.denominator != 1 and float(value).is_integer():
        return f"the number is nearer to {float(value):,.0f} than can be told apart from it; round it in the query"
    return ""


def _invariant(
    name: str, invariant: Invariant, known: Mapping[str, DataFound], estimated: AbstractSet[str]
) -> Measurement:
    """Left minus right, exact; a term without a value leaves none for the whole."""
    total, missing = Fraction(invariant.constant), []
    details: dict[str, Detail] = {}
    for factor, term in invariant.terms:
        value = known.get(term, f"{term} was not measured")
        details[term] = _detail(term, value)
        if isinstance(value, str):
            missing.append(value)
        else:
            total += factor * value
    reason = "; ".join(dict.fromkeys(missing))
    is_estimate = any(term in estimated for _, term in invariant.terms)
    return _measurement(name, reason or total, is_estimate, tuple(details.values()))


def _detail(subject: str, value: DataFound) -> Detail:
    if isinstance(value, str):
        return Detail(subject, "not measured", None, value)
    return Detail(subject, _shown(value), None)


def _shown(value: Fraction) -> str:
    return f"{value.numerator:,}" if value.denominator == 1 else f"{float(value):,.6g}"


def _line(line: int) -> str:
    return f" (line {line})" if line else ""
