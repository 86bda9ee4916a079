"""Statements that the service repeats for each request of an endpoint ("N+1"), by the counts of both. Pure.

The counters of the database say nothing of requests. So calls must be a multiple of one endpoint's requests, and of no
other's, nearly to the call; and more than all requests together, which one call for each request never is.
"""

from __future__ import annotations

from dataclasses import dataclass

from readiness.judge.outlook import Diagnosis, DiagnosisKind
from readiness.judge.slow_requests import by_name
from readiness.measurements.database import Statement
from readiness.measurements.run import Recording, Run
from readiness.text import clean
from readiness.text.numbers import count

_LEAST_TIMES = 5
_LEAST_REQUESTS = 30
_NEAR = 0.01
"""The part of the requests by which a multiple may be missed: so few match by chance."""
_MOST_TEXT = 120
_FIX = "Fetch what the loop asks for with one statement: a join, or what your library has to load related rows at once."


@dataclass(frozen=True, slots=True)
class Repeated:
    """Statements with so many calls for each request."""

    endpoint: str
    """"" where the counts do not tell which."""
    text: str


def repeated(run: Run) -> tuple[Repeated, ...]:
    """One for each endpoint and number of calls, those that took most time first."""
    if run.load is None or run.database is None:
        return ()
    records = by_name(run.load.endpoints)
    requests = sum(one.requests for one in records.values())
    found: dict[tuple[str, int], list[Statement]] = {}
    for statement in run.database.statements:
        if statement.calls <= requests or requests < _LEAST_REQUESTS:
            continue
        its = [(name, times) for name, one in records.items() if (times := _times(statement, one))]
        if len(its) == 1:
            found.setdefault(its[0], []).append(statement)
        elif statement.calls >= _LEAST_TIMES * requests:
            found.setdefault(("", round(statement.calls / requests)), []).append(statement)
    return tuple(
        Repeated(name, _text(name, times, group, records[name].requests if name else requests))
        for (name, times), group in found.items()
    )


def in_a_loop(found: Repeated) -> Diagnosis:
    """The cause where that endpoint is slow; how much of its time it takes was not measured."""
    return Diagnosis(DiagnosisKind.DATABASE, "A statement in a loop", None, found.text, _FIX)


def notes(run: Run, diagnoses: tuple[Diagnosis, ...]) -> tuple[str, ...]:
    """Those that are not said as a cause."""
    said = {one.text for one in diagnoses}
    return tuple(f"A statement in a loop: {one.text}" for one in repeated(run) if one.text not in said)


def _times(statement: Statement, record: Recording) -> int:
    """Calls for each request; 0 where they are no such multiple, or would take longer than its answers usually do."""
    requests, usual_ms = record.requests, record.ok.quantile_ms(0.5)
    if requests < _LEAST_REQUESTS or usual_ms is None:
        return 0
    times = round(statement.calls / requests)
    near = abs(statement.calls - times * requests) <= _NEAR * requests
    return times if near and times >= _LEAST_TIMES and times * statement.mean_ms <= usual_ms else 0


def _text(name: str, times: int, group: list[Statement], requests: int) -> str:
    first, more = group[0], len(group) - 1
    also = f" (and of {count(more, 'more statement')})" if more else ""
    each = f"each {clean(name, 80)}" if name else "each request"
    about = "" if name else "about "
    return (
        f"{about}{times:,} calls of `{clean(first.text, _MOST_TEXT)}`{also} for {each}: {first.calls:,} calls, "
        f"{count(requests, 'request')}."
    )
