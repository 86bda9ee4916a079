"""When the service was well again: the first moment from which on its limits are proven to hold until the end. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from readiness.config.drill_notes import limits_of_all
from readiness.config.model import Check
from readiness.measurements.run import Recording, Slice
from readiness.stats import share
from readiness.text.numbers import quantity, share_words

_FEW = 1
"""So many bad requests in a second are no outage, whatever share of that second they are."""


@dataclass(frozen=True, slots=True)
class Wellness:
    """What holds while the service is well: the limits of the file for all of its requests."""

    errors: float
    """Share (0 to 1) of the requests that may fail."""
    slower: tuple[tuple[float, float], ...]
    """(limit in ms, share of the requests that may take longer or fail)."""

    def allows(self, ok: int, failed: int, over: Sequence[int]) -> bool:
        """Whether bare counts keep the limits: `over` are the answers over each limit of `slower`."""
        requests = ok + failed
        if not requests:
            return False
        pairs = [(failed, self.errors)] + [
            (failed + count, allowed) for count, (_, allowed) in zip(over, self.slower, strict=True)
        ]
        return all(bad <= max(allowed * requests, _FEW) for bad, allowed in pairs)

    def over(self, blocks: Iterable[Slice]) -> list[int]:
        """Answers of the blocks over each limit of `slower`."""
        found = tuple(blocks)
        return [
            sum(block.ok.count_over_ms(limit_ms, inclusive=True)[1] for block in found) for limit_ms, _ in self.slower
        ]

    def is_proven(self, blocks: Sequence[Slice], lost: int, confidence: float | None) -> bool:
        """Whether the requests of the blocks, and `lost` ones without an end, prove every limit."""
        failed = lost + sum(block.failed for block in blocks)
        requests = failed + sum(block.ok.total for block in blocks)
        counted = [(failed, self.errors)] + [
            (failed + count, allowed) for count, (_, allowed) in zip(self.over(blocks), self.slower, strict=True)
        ]
        if confidence is None:
            return all(bad <= allowed * requests for bad, allowed in counted)
        return all(share.proves_below(bad, requests, allowed, confidence) for bad, allowed in counted)

    def answers(self, record: Recording) -> bool:
        """Whether so few requests of a whole window failed as is allowed, however long the others took."""
        return record.failures + record.in_flight <= max(self.errors * record.requests, _FEW)

    def holds(self, record: Recording) -> bool:
        """Whether the requests of a whole window keep the limits, as they are."""
        over = [record.ok.count_over_ms(limit_ms, inclusive=True)[1] for limit_ms, _ in self.slower]
        return self.allows(record.ok.total, record.failures + record.in_flight, over)

    def missed(self, record: Recording) -> str:
        """The first limit that they did not keep: `12 % of the answers took 100 ms or longer, 5 % may`."""
        failed = record.failures + record.in_flight
        requests = max(record.ok.total + failed, 1)
        for limit_ms, allowed in self.slower:
            over = record.ok.count_over_ms(limit_ms, inclusive=True)[1] + failed
            if over > max(allowed * requests, _FEW):
                words = f"failed or took {quantity(limit_ms, 'ms')} or longer"
                return f"{share_words(over / requests)} of the requests {words}, {share_words(allowed)} may"
        return f"{share_words(failed / requests)} of the requests failed, {share_words(self.errors)} may"


@dataclass(frozen=True, slots=True)
class Recovery:
    """When it was well again, in seconds of the load; None with the reason, or None without: not until the end."""

    at_s: float | None
    reason: str | None = None


def wellness(checks: Iterable[Check]) -> Wellness:
    """The file's own limits for errors and latencies of all requests."""
    return Wellness(*limits_of_all(checks))


def recovery(after: Recording, limits: Wellness, confidence: float | None) -> Recovery:
    """From which block of the window after the fault on the limits hold; `in_flight` of it never ended."""
    blocks = after.slices
    first = len(blocks)
    while first and limits.allows(
        blocks[first - 1].ok.total, blocks[first - 1].failed, limits.over(blocks[first - 1 : first])
    ):
        first -= 1
    if first == len(blocks):
        return Recovery(None)
    for start in range(first, len(blocks)):
        if limits.is_proven(blocks[start:], after.in_flight, confidence):
            return Recovery(blocks[start].start_s)
    if after.in_flight > _FEW:
        return Recovery(None)
    requests = sum(block.ok.total + block.failed for block in blocks[first:])
    return Recovery(
        None,
        f"its last {requests:,} requests kept the limits, but they are too few to prove it; give it a higher rate or a "
        "longer `after`",
    )
