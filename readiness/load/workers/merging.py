"""Events of several engines -> the events of one: counts are added, and a gap is one only where it was everybody's.

Adding histograms is exact and does not depend on the order (readiness/measurements/histogram.py), so the merged
events carry the same counts as if one engine had driven the whole load.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from readiness.load.engine_events import NO_ARRIVALS, ArrivalCounts, Batch, Cell, CellCounts, Done, Hello, StallSeen
from readiness.load.recorder import STALL_S
from readiness.measurements.connections import merge_connections as connected_together
from readiness.measurements.generator_health import calibrated_together, side_by_side
from readiness.measurements.histogram import merge
from readiness.measurements.lost_time import sum_lost_time
from readiness.measurements.pace import merge_workers

K = TypeVar("K", str, Cell)


def hello(parts: Sequence[Hello]) -> Hello:
    """All users of all workers; the scenarios are the same everywhere."""
    calibration = calibrated_together(part.calibration for part in parts)
    compiled = all(part.compiled for part in parts)
    sessions = any(part.sessions for part in parts)
    return Hello(parts[0].locust, _added(part.users for part in parts), calibration, compiled, sessions)


def batch(seq: int, parts: Sequence[Batch], before: Sequence[Batch]) -> Batch:
    """One batch of all workers. `parts` are those of this step; `before` the last ones of the workers that have none.

    Totals are taken over both, what is new in this step over `parts` alone. Gaps are left out: see `common_gaps`.
    """
    everybody = [*parts, *before]
    instruments = [part.instrument for part in parts if part.instrument is not None]
    moments = sorted({moment for part in parts for moment in part.moments})
    return Batch(
        seq=seq,
        at_s=max(part.at_s for part in parts),
        users=sum(part.users for part in everybody),
        begun=sum(part.begun for part in everybody),
        ended=sum(part.ended for part in everybody),
        arrivals=_arrivals(part.arrivals for part in everybody),
        in_flight=sum(part.in_flight for part in everybody),
        cells=_together(part.cells for part in parts),
        moments={moment: _together(part.moments.get(moment, {}) for part in parts) for moment in moments},
        details=_added(part.details for part in parts),
        instrument=side_by_side(instruments) if instruments else None,
        paces=merge_workers(pace for part in parts for pace in part.paces),
        seen=tuple(seen for part in parts for seen in part.seen),
        writes=tuple(marks for part in parts for marks in part.writes),
    )


def done(batches: int, parts: Sequence[Done]) -> Done:
    """The end of all of them; the measurement window ends when the first one's ended."""
    return Done(
        batches=batches,
        begun=sum(part.begun for part in parts),
        ended=sum(part.ended for part in parts),
        arrivals=_arrivals(part.arrivals for part in parts),
        in_flight=_added(part.in_flight for part in parts),
        moments_in_flight={
            moment: _added(part.moments_in_flight.get(moment, {}) for part in parts)
            for moment in sorted({moment for part in parts for moment in part.moments_in_flight})
        },
        judged_until_s=min(part.judged_until_s for part in parts),
        stopped_s=max(part.stopped_s for part in parts),
        script_errors=_added(part.script_errors for part in parts),
        writes=_pair(part.writes for part in parts),
        idle=tuple(sorted(set.intersection(*(set(part.idle) for part in parts)))) if parts else (),
        connections=connected_together(part.connections for part in parts),
        unanswered=sum_lost_time(part.unanswered for part in parts),
    )


def common_gaps(workers: Sequence[tuple[Hello, Sequence[StallSeen]]]) -> tuple[StallSeen, ...]:
    """Gaps without an answer that every worker with such users saw at the same time: only those were the service's.

    One worker's users may wait together by chance, or behind a connection of their own; their requests are still
    charged with their age.
    """
    whole = [[gap for gap in gaps if not gap.endpoint] for hello, gaps in workers if any(hello.users.values())]
    found = _common(whole)
    for scope in sorted({gap.scopes for _, gaps in workers for gap in gaps if gap.endpoint}):
        found += _common(
            [
                [gap for gap in gaps if gap.endpoint and gap.scopes == scope]
                for hello, gaps in workers
                if hello.users.get(scope[0])
            ]
        )
    return tuple(sorted(found, key=lambda gap: (gap.start_s, gap.scopes)))


def _common(by_worker: Sequence[Sequence[StallSeen]]) -> list[StallSeen]:
    common = list(by_worker[0]) if by_worker else []
    for others in by_worker[1:]:
        common = [
            StallSeen(
                max(one.start_s, other.start_s),
                min(one.end_s, other.end_s),
                one.in_flight + other.in_flight,
                one.users + other.users,
                one.scopes if one.endpoint else tuple(sorted({*one.scopes, *other.scopes})),
                one.answered or other.answered,
                one.endpoint,
            )
            for one in common
            for other in others
            if min(one.end_s, other.end_s) - max(one.start_s, other.start_s) >= STALL_S
        ]
    return common


def _together(parts: Iterable[Mapping[Cell, CellCounts]]) -> dict[Cell, CellCounts]:
    cells: dict[Cell, list[CellCounts]] = {}
    for part in parts:
        for cell, counts in part.items():
            cells.setdefault(cell, []).append(counts)
    return {cell: _counts(found) for cell, found in cells.items()}


def _counts(found: Sequence[CellCounts]) -> CellCounts:
    return CellCounts(
        merge(*(one.ok for one in found)),
        _added(one.failed for one in found),
        merge(*(one.failed_latency for one in found)),
        merge(*(one.service for one in found)),
    )


def _arrivals(tables: Iterable[ArrivalCounts]) -> ArrivalCounts:
    found: ArrivalCounts = {}
    for table in tables:
        for step, (intended, dropped, unanswered) in table.items():
            before = found.get(step, NO_ARRIVALS)
            found[step] = (before[0] + intended, before[1] + dropped, before[2] + unanswered)
    return dict(sorted(found.items()))


def _pair(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    found = list(pairs)
    return sum(first for first, _ in found), sum(second for _, second in found)


def _added(tables: Iterable[Mapping[K, int]]) -> dict[K, int]:
    total: Counter[K] = Counter()
    for table in tables:
        total.update(table)
    return dict(sorted(total.items()))
