"""When answers began to come, by endpoint: samples beside those of the recorder, where the plan asks for them.

A moment has the requests of the recorder's judged cells, with another time for each success. Failed requests and those
in flight count as they do there: slower than any other.
"""

from __future__ import annotations

from collections.abc import Mapping

from readiness.load.engine_events import Cell, CellCounts
from readiness.load.recorder import Recorder
from readiness.load.samples import Samples
from readiness.load.ticket import AnswerWatch, Ticket
from readiness.metrics.moments import FIRST_BYTE


class Moments:
    """Sees every call of the measurement window; `take` gives what came since the last take."""

    def __init__(self, recorder: Recorder, watch: AnswerWatch | None) -> None:
        """`watch` sees the calls too, and says whether it sees those outside the window."""
        self._recorder = recorder
        self._watch = watch
        self.everywhere = watch is not None and watch.everywhere
        self._first_bytes: dict[tuple[str, str], Samples] = {}

    def see(self, call: Ticket, end_s: float, failure: str | None) -> None:
        """See AnswerWatch."""
        try:
            samples = self._first_bytes[call.identity]
        except KeyError:
            samples = self._first_bytes.setdefault(self._recorder.counted_as(call), Samples())
        if failure is not None:
            samples.failed[failure] += 1
        elif call.first_s >= 0.0:
            samples.ok_s.append((call.first_s or end_s) - call.start_s)
        if self._watch is not None:
            self._watch.see(call, end_s, failure)

    def pack(self) -> None:
        """See AnswerWatch."""
        for samples in self._first_bytes.values():
            samples.pack()

    def take(self) -> Mapping[str, Mapping[Cell, CellCounts]]:
        """By moment and cell."""
        step, first_bytes, self._first_bytes = self._recorder.judged_step, self._first_bytes, {}
        return {FIRST_BYTE: {Cell(*identity, step): samples.fold() for identity, samples in first_bytes.items()}}
