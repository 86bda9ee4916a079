"""What is noted of streams before their end, by endpoint: samples beside those of the recorder, where the plan asks.

A moment has requests of the recorder's judged cells, with another time for each success: the first byte has all of
them, and the recorder notes it itself; the moments of a stream have its streams alone. Failed requests and those in
flight count as they do there: slower than any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from readiness.load.engine_events import Cell, CellCounts
from readiness.load.recorder import Recorder
from readiness.load.samples import Samples
from readiness.load.ticket import AnswerWatch, StreamTimes, Ticket
from readiness.metrics.moments import FIRST_BYTE, FIRST_EVENT, LONGEST_GAP

_STREAMED = (FIRST_EVENT, LONGEST_GAP)


class Moments:
    """Sees every call of the measurement window; `take` gives what came since the last take."""

    def __init__(self, wanted: Sequence[str], recorder: Recorder, watch: AnswerWatch | None) -> None:
        """`wanted` are moments; `watch` sees the calls too, and says whether it sees those outside the window."""
        self._wanted = frozenset(wanted)
        self._recorder = recorder
        recorder.first_bytes = FIRST_BYTE in self._wanted
        self._watch = watch
        self.everywhere = watch is not None and watch.everywhere
        self._streamed = self._wanted.intersection(_STREAMED)
        self.idle = not self._streamed
        """Whether there is nothing to see."""
        self._samples: dict[str, dict[tuple[str, str], Samples]] = {moment: {} for moment in self._streamed}
        self._waiting: dict[str, Counter[Cell]] = {}

    def see(self, call: Ticket, end_s: float, failure: str | None) -> None:
        """See AnswerWatch."""
        if call.streams:
            self._see_stream(call, call.stream, failure)
        if self._watch is not None:
            self._watch.see(call, end_s, failure)

    def _see_stream(self, call: Ticket, stream: StreamTimes | None, failure: str | None) -> None:
        if FIRST_EVENT in self._wanted:
            samples = self._of(FIRST_EVENT, call)
            if failure is None and stream is not None and stream.events:
                samples.ok_s.append(stream.first_event_s - call.start_s)
            else:  # the scenario may take a stream without an event for a success
                samples.failed[failure or "assertion"] += 1
        if LONGEST_GAP in self._wanted:
            samples = self._of(LONGEST_GAP, call)
            if failure is not None:
                samples.failed[failure] += 1
            elif stream is not None and stream.events > 1:
                samples.ok_s.append(stream.longest_gap_s)

    def _of(self, moment: str, call: Ticket) -> Samples:
        found = self._samples[moment]
        try:
            return found[call.identity]
        except KeyError:
            return found.setdefault(self._recorder.counted_as(call), Samples())

    def pack(self) -> None:
        """See AnswerWatch."""
        for found in self._samples.values():
            for samples in found.values():
                samples.pack()

    def leave(self, calls: Iterable[Ticket]) -> None:
        """The load ended, and these calls are in flight."""
        recorder = self._recorder
        judged = [call for call in calls if recorder.judged_from_s <= call.start_s < recorder.judged_until_s]
        for moment in self._wanted:
            self._waiting[moment] = Counter(
                Cell(*recorder.counted_as(call), recorder.judged_step)
                for call in judged
                if moment == FIRST_BYTE or call.streams
            )

    @property
    def waiting(self) -> Mapping[str, Mapping[Cell, int]]:
        """By moment, the calls that were left."""
        return self._waiting

    def take(self) -> Mapping[str, Mapping[Cell, CellCounts]]:
        """By moment and cell."""
        step, taken = self._recorder.judged_step, self._samples
        self._samples = {moment: {} for moment in self._streamed}
        return {
            moment: {Cell(*identity, step): samples.fold() for identity, samples in found.items()}
            for moment, found in taken.items()
        }
