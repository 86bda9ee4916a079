"""Whether a request makes the database do something: sessions that began a statement while it was answered.

pg_stat_activity shows a statement at once, where the transaction counters of pg_stat_database come up to ten seconds
late. It is asked before the load, while nobody else should be at work; what goes on anyway is told apart by measuring
after each request at a pause of the same length in which nothing was sent.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial

from psycopg import sql

from readiness.database.connect import Sampling, open_sampling
from readiness.database.reasons import statement_reason
from readiness.database.round_trip import FAILURES
from readiness.database.session_settings import LOCK_TIMEOUT_S
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement, Witness

_METRIC = "health.touches_database"
_SOURCE = "database"
_FEWEST, _MOST = 4, 12
"""Requests, and as many pauses; more than _FEWEST only while they do not say the same."""
_APART = 8
"""Of _MOST: so many more requests than pauses must see a statement. By chance alone they do in 2 of 1,000 cases; all of
_FEWEST do, while no pause does, in 4 of 1,000 at most."""
_PAUSE_S = 0.25
"""Between two requests: an answer that the service keeps for a moment must not look like one that asks nobody."""
_TIMEOUT_S = 3.0

_NOW = b"select pg_catalog.clock_timestamp()::text"
_SINCE = sql.SQL("""
select pg_catalog.count(*)::int from pg_catalog.pg_stat_activity
where datname = pg_catalog.current_database() and backend_type = 'client backend'
  and application_name <> 'readiness' and pid <> pg_catalog.pg_backend_pid() and query_start > {}::timestamptz
""")
_ALLOWED = b"select pg_catalog.pg_has_role(session_user, 'pg_read_all_stats', 'USAGE')"


def touches(url: str, path: str, knock: Callable[[], int]) -> Measurement:
    """1 when most requests to `path` were followed by a statement and most pauses were not, 0 when no request was.

    `knock` sends one request and gives its status. Raises NotMeasured when the database or the path does not answer,
    when the role sees no other sessions, or when the statements cannot be told from those of others.
    """
    try:
        sampling = open_sampling(url, timeout_s=_TIMEOUT_S)
    except NotMeasured as error:
        raise NotMeasured(_green_beside(str(error), path, knock)) from None
    statuses: list[int] = []
    asked = idle = 0
    with closing(sampling):
        try:
            if not sampling.rows(_ALLOWED)[0][0]:
                raise NotMeasured("the role cannot see other sessions; grant pg_monitor to it")
            while _is_open(len(statuses), asked, idle):
                began_s = time.monotonic()
                asked += _worked(sampling, lambda: statuses.append(knock()))
                took_s = time.monotonic() - began_s
                _rest()
                idle += _worked(sampling, partial(time.sleep, took_s))
                _rest()
        except FAILURES as error:
            raise NotMeasured(statement_reason(error, _TIMEOUT_S, LOCK_TIMEOUT_S)) from None
    return _measurement(path, statuses, asked, idle)


def _is_open(times: int, asked: int, idle: int) -> bool:
    """Whether more requests could tell what these do not."""
    if times < _FEWEST:
        return True
    said = asked == 0 or (asked == times and idle == 0)
    return not said and times < _MOST and asked - idle + _MOST - times >= _APART


def _rest() -> None:
    """Never the same time: what others do at equal intervals must not fall on each request and on no pause."""
    time.sleep(_PAUSE_S * random.uniform(1, 2))


def _worked(sampling: Sampling, during: Callable[[], object]) -> bool:
    """Whether another session began a statement from just before `during` until just after it."""
    since = sampling.rows(_NOW)[0][0]
    during()
    return bool(sampling.rows(_SINCE.format(sql.Literal(str(since))))[0][0])


def _measurement(path: str, statuses: list[int], asked: int, idle: int) -> Measurement:
    times = len(statuses)
    if not all(200 <= status < 300 for status in statuses):
        raise NotMeasured(
            f"{path}: answered {', '.join(str(status) for status in dict.fromkeys(statuses))} before the load"
        )
    yes = asked - idle >= min(times, _APART)
    if asked and not yes:
        cause = "the database is at work without any request" if idle else "that is not most of them"
        raise NotMeasured(
            f"{path}: statements came with {asked} of {times} requests and with {idle} of {times} pauses of the same "
            f"length; {cause}, so nobody can tell whether the health check asks it"
        )
    label = "readiness: it asks the database" if yes else "liveness: it says only that the process runs"
    note = "" if yes else "it would stay green while the database is down"
    details = (
        Detail(f"{path}: statements after a request", f"{asked} of {times} times", yes, note),
        Detail(f"{path}: statements without one", f"{idle} of {times} times", None),
        Detail(f"{path}: kind of check", label, None),
    )
    witness = Witness("pg_stat_activity", float(yes), note=f"{asked} of {times} requests, {idle} of {times} pauses")
    return Measurement(_METRIC, None, float(yes), _SOURCE, times, details=details, witnesses=(witness,))


def _green_beside(reason: str, path: str, knock: Callable[[], int]) -> str:
    """The reason why nothing was measured, and what the health check said all the same."""
    try:
        status = knock()
    except NotMeasured:
        return reason
    if not 200 <= status < 300:
        return f"{reason}; {path} answered {status}"
    return f"{reason}, yet {path} answered {status}: if this is the service's database, its health check asks nobody"
