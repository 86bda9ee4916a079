"""Several records of requests as one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from readiness.measurements.histogram import merge
from readiness.measurements.run import Recording, Slice


def joined(records: Iterable[Recording], but: Collection[str] = ()) -> Recording:
    """The requests of several records, with their time blocks; failures of the classes `but` are left out."""
    parts = tuple(records)
    by_start: dict[float, list[Slice]] = {}
    for part in parts:
        for block in part.slices:
            by_start.setdefault(block.start_s, []).append(block)
    return replace(totals(parts, but), slices=tuple(_together(by_start[start_s]) for start_s in sorted(by_start)))


def totals(records: Iterable[Recording], but: Collection[str] = ()) -> Recording:
    """The same without time blocks, which cost most."""
    parts = tuple(records)
    failed: dict[str, int] = {}
    for part in parts:
        for name, count in part.failed.items():
            if name not in but:
                failed[name] = failed.get(name, 0) + count
    return Recording(
        ok=merge(*(part.ok for part in parts)),
        failed=failed,
        failed_latency=merge(*(part.failed_latency for part in parts)),
        in_flight=sum(part.in_flight for part in parts),
    )


def without_slices(records: Iterable[Recording]) -> Recording:
    """Those of several phases as one, service times included; of what is not judged no time blocks are kept."""
    parts = tuple(records)
    whole = totals(parts)
    service = merge(*(part.service for part in parts))
    return replace(whole, failed=dict(sorted(whole.failed.items())), service=service)


def _together(blocks: Sequence[Slice]) -> Slice:
    if len(blocks) == 1:
        return blocks[0]
    return Slice(
        blocks[0].start_s,
        max(block.duration_s for block in blocks),
        merge(*(block.ok for block in blocks)),
        sum(block.failed for block in blocks),
    )
