"""The streams of all workers' events -> one stream, step by step. No sockets, no clocks: it only counts.

Workers run the same phases by their own clocks, so their streams have the same marks (WindowBegan, WindowEnded …) in
the same order, with about one batch a second between them. Batches are merged as they come; a mark passes when
everybody has reached it, and so never overtakes a batch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from readiness.load import engine_events
from readiness.load.workers import merging


class Contradiction(Exception):
    """A worker's numbers do not add up; the text names it."""


@dataclass(slots=True)
class Stream:
    """What came from one worker."""

    name: str
    hello: engine_events.Hello | None = None
    waiting: deque[engine_events.Event] = field(default_factory=deque)
    batches: int = 0
    recorded: int = 0
    """Requests that ended, added up from the batches."""
    last: engine_events.Batch | None = None
    """The newest that was merged."""
    done: engine_events.Done | None = None
    lost: bool = False
    gaps: list[engine_events.StallSeen] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Nothing more will come, and everything that came was merged."""
        return (self.done is not None or self.lost) and not self.waiting


class Merger:
    """Feed it every worker's events; it gives what may be passed on."""

    def __init__(self, names: Sequence[str]) -> None:
        self.streams = [Stream(name) for name in names]
        self._seq = 0
        self._at_s = 0.0
        self.greeted = False
        """Whether every worker has loaded the scenarios."""
        self.ended = False
        """Whether every worker handed in its end marker, and all was merged."""

    @property
    def heard(self) -> int:
        """Workers that have loaded the scenarios."""
        return sum(stream.hello is not None for stream in self.streams)

    def feed(self, index: int, event: engine_events.Event) -> list[engine_events.Event]:
        """Events to pass on. Raises Contradiction."""
        stream = self.streams[index]
        if stream.done is not None:
            raise Contradiction(f"{stream.name} went on after its end marker")
        match event:
            case engine_events.Hello():
                stream.hello = event
            case engine_events.Batch():
                self._check_batch(stream, event)
                stream.waiting.append(event)
            case engine_events.Done():
                self._check_done(stream, event)
                stream.done = event
            case _:
                stream.waiting.append(event)
        return self._advance()

    def lose(self, index: int) -> list[engine_events.Event]:
        """Go on without this worker: what it sent counts, nothing more is expected."""
        self.streams[index].lost = True
        return self._advance()

    def _check_batch(self, stream: Stream, batch: engine_events.Batch) -> None:
        if batch.seq != stream.batches:
            raise Contradiction(f"{stream.name} sent batch {batch.seq} where {stream.batches} was due")
        stream.batches += 1
        stream.recorded += sum(counts.ok.total + sum(counts.failed.values()) for counts in batch.cells.values())
        if batch.ended != stream.recorded or not batch.ended <= batch.begun:
            raise Contradiction(
                f"{stream.name} contradicts itself: {batch.begun} begun, {batch.ended} ended, "
                f"{stream.recorded} recorded"
            )

    def _check_done(self, stream: Stream, done: engine_events.Done) -> None:
        waiting = sum(done.in_flight.values())
        if done.batches != stream.batches or done.ended != stream.recorded or done.begun != done.ended + waiting:
            raise Contradiction(
                f"{stream.name} contradicts itself at its end: {done.begun} begun, {done.ended} ended, {waiting} in "
                f"flight, {stream.recorded} recorded in {stream.batches} of {done.batches} batches"
            )

    def _advance(self) -> list[engine_events.Event]:
        found: list[engine_events.Event] = []
        hellos = [stream.hello for stream in self.streams if stream.hello is not None]
        if not self.greeted and len(hellos) == len(self.streams):
            self.greeted = True
            found.append(merging.hello(hellos))
        while step := self._step():
            found.append(step)
        if not self.ended and all(stream.over and stream.done for stream in self.streams):
            self.ended = True
            found += self._end()
        return found

    def _step(self) -> engine_events.Event | None:
        running = [stream for stream in self.streams if not stream.over]
        if not running or any(not stream.waiting for stream in running):
            return None
        ahead = [stream for stream in running if isinstance(stream.waiting[0], engine_events.Batch)]
        if not ahead:
            marks = [stream.waiting.popleft() for stream in running]
            return marks[0]
        parts = [part for stream in ahead if isinstance(part := stream.waiting.popleft(), engine_events.Batch)]
        for stream, part in zip(ahead, parts, strict=True):
            stream.last = part
            stream.gaps.extend(part.stalls)
        others = [stream.last for stream in self.streams if stream not in ahead and stream.last is not None]
        merged = merging.batch(self._seq, parts, others)
        self._at_s = max(self._at_s, merged.at_s)  # clocks differ by a little; time does not go back
        return self._numbered(replace(merged, at_s=self._at_s))

    def _end(self) -> list[engine_events.Event]:
        workers = [(stream.hello, stream.gaps) for stream in self.streams if stream.hello is not None]
        lasts = [stream.last for stream in self.streams if stream.last is not None]
        ends = [stream.done for stream in self.streams if stream.done is not None]
        gaps: list[engine_events.Event] = []
        if lasts:
            empty = merging.batch(
                self._seq,
                [replace(last, cells={}, details={}, instrument=None, paces=(), seen=(), writes=()) for last in lasts],
                [],
            )
            gaps.append(self._numbered(replace(empty, stalls=merging.common_gaps(workers))))
        return [*gaps, merging.done(self._seq, ends)]

    def _numbered(self, batch: engine_events.Batch) -> engine_events.Batch:
        self._seq += 1
        return batch
