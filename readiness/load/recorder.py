"""The recorder: every request, from its start to its end, once.

Nothing else in the engine counts requests. A call that began is in the ledger: it ends as ok, as failed with a class
of FAILURE_CLASSES, or it is still in flight when the load ends. Latencies are appended to plain lists and folded into
histograms about once a second, so memory does not grow with requests.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from readiness.load.engine_events import NO_ARRIVALS, ArrivalCounts, Batch, Cell, CellCounts, StallSeen
from readiness.load.phases import OUTSIDE
from readiness.load.samples import Samples, first_bytes
from readiness.load.ticket import AnswerWatch, GoodAnswerWatch, OpenCall, Ticket, answer_came
from readiness.load.unanswered_time import UnansweredTime
from readiness.metrics.moments import FIRST_BYTE

STALL_S = 1.0
"""A gap this long without any answer, while requests wait, is recorded as a stall."""
_MAX_NAMES = 2000
"""Endpoints kept apart; a scenario that puts ids into its names ends in OTHER instead of in all the memory."""
OTHER = "(other)"


@dataclass(slots=True)
class _Silence:
    """An endpoint that answers nothing while requests to it wait; seconds since the load started."""

    start_s: float
    end_s: float
    in_flight: int


class Recorder:
    """Counts every call of the engine and gives what came since the last batch."""

    def __init__(self) -> None:
        self.watch: AnswerWatch | None = None
        """Who reads the answers' headers."""
        self.examiner: GoodAnswerWatch | None = None
        """Who examines a few good ones."""
        self.first_bytes = False
        """Whether first bytes of the judged answers are wanted."""
        self.arrivals: ArrivalCounts = {}
        """Of an open load, by step; see ArrivalCounts."""
        self.open = False
        """Whether requests may be sent later than they were due."""
        self.start_s = math.inf
        """When the load started; `perf_counter` seconds like every time here."""
        self.judged_from_s = math.inf
        self.judged_until_s = math.inf
        self.judged_step = 0
        self.other_steps: tuple[tuple[int, float, float], ...] = ()
        """(step, from_s, until_s) of the holds that are measured and not judged."""
        self.users = 0
        self._open_calls: set[Ticket] = set()
        self._answered: dict[Ticket, tuple[float, str | None, str]] = {}
        """Calls that ended and that the scenario still judges: when, and what counts if it never does."""
        self._heard: set[tuple[str, str]] = set()
        """Endpoints that answered since the last take; those with good answers alone stand in the cells."""
        self.forgotten: list[Ticket] = []
        """Such calls that nobody can judge any more; they count from the next take on."""
        self._left = 0
        """Calls that were still open when the recorder was closed."""
        self._folded = 0
        """Calls that ended before the last take."""
        self._cells: dict[int, dict[tuple[str, str], Samples]] = {OUTSIDE: {}}
        self._judged_cells: dict[tuple[str, str], Samples] = {}
        """By scenario and name: calls that were due in the measurement window; above, by step, all others."""
        self._names: set[tuple[str, str]] = set()
        self._quiet_since_s = math.inf
        self._stalls: list[StallSeen] = []
        self.scenario_users: dict[str, int] = {}
        """Users of each scenario, to know how many of them wait."""
        self._silent: dict[tuple[str, str], _Silence] = {}
        self._taken_s = 0.0
        self.unanswered = UnansweredTime()
        self._details: Counter[str] = Counter()

    @property
    def in_flight(self) -> int:
        """Calls that began and are not counted as ended: they wait for the service, or for the scenario's judgement."""
        return len(self._open_calls) + len(self._answered)

    @property
    def open_calls(self) -> Iterable[Ticket]:
        """Those of them that wait for the service, each."""
        return self._open_calls

    @property
    def waiting(self) -> int:
        """Those of them that wait for the service."""
        return len(self._open_calls)

    @property
    def ended(self) -> int:
        """Calls that ended."""
        cells = chain(self._judged_cells.values(), *(cells.values() for cells in self._cells.values()))
        return self._folded + sum(cell.ended for cell in cells)

    @property
    def begun(self) -> int:
        """Calls that began."""
        return self.ended + self.in_flight + self._left

    def begin(self, scenario: str, name: str, start_s: float) -> OpenCall:
        """A call of a client that has no ticket of its own was started, or in an open load was due, at `start_s`."""
        call = OpenCall(scenario, name, start_s)
        self.enter(call)
        return call

    def enter(self, call: Ticket) -> None:
        """See CallRecorder."""
        if self.open:
            call.sent_s = time.perf_counter()
        waiting = self._open_calls
        if not waiting:
            self._quiet_since_s = time.perf_counter()
        waiting.add(call)

    def end(self, call: Ticket, end_s: float, failure: str | None = None, detail: str = "") -> None:
        """See CallRecorder; a second end of the same call is ignored, and so is the time of one that was answered."""
        if end_s - self._quiet_since_s >= STALL_S and call in self._open_calls:
            self._note_stall(end_s, answered=answer_came(call, failure))
        try:
            self._open_calls.remove(call)
        except KeyError:
            answered = self._answered.pop(call, None)
            if answered is None:
                return
            end_s = answered[0]
        else:
            self._quiet_since_s = end_s
        start_s = call.start_s
        judged = self.judged_from_s <= start_s < self.judged_until_s
        cells = self._judged_cells if judged else self._cells.setdefault(self.step(start_s), {})
        try:
            cell = cells[call.identity]
        except KeyError:
            cell = cells.setdefault(counted := self.counted_as(call), Samples())
            if judged and failure is None and self.examiner is not None and counted == call.identity:
                self.examiner.see(call)  # once in a second, so it may cost something
        if failure is None:
            if self.first_bytes and judged and call.first_s:
                cell.add_parted(end_s - start_s, call.first_s - start_s)
            else:
                cell.ok_s.append(end_s - start_s)
            if self.open:
                cell.service_s.append(end_s - call.sent_s)
        else:
            cell.failed[failure] += 1
            cell.failed_s.append(end_s - start_s)
            if answer_came(call, failure):
                self._heard.add(self.counted_as(call))
            elif not self.open:
                self.unanswered.note(call, end_s, (self.judged_from_s, self.judged_until_s), failure)
            if detail and len(self._details) < 100:
                self._details[f"{call.identity[1]}\t{failure}\t{detail}"] += 1
        if self.watch is not None and (judged or self.watch.everywhere):
            self.watch.see(call, end_s, failure)  # last: whatever it makes of the answer, the request is counted

    def answer(self, call: Ticket, end_s: float, failure: str | None = None, detail: str = "") -> None:
        """See CallRecorder: what the scenario does from now on is not the service's time."""
        if call not in self._open_calls:
            return
        if end_s - self._quiet_since_s >= STALL_S:
            self._note_stall(end_s, answered=answer_came(call, failure))
        self._open_calls.remove(call)
        self._quiet_since_s = end_s
        self._answered[call] = (end_s, failure, detail)
        if failure is None or answer_came(call, failure):
            self._heard.add(call.identity)

    def heard(self, call: Ticket, at_s: float) -> None:
        """See CallRecorder."""
        if at_s - self._quiet_since_s >= STALL_S and call in self._open_calls:
            self._note_stall(at_s, answered=True)
        self._quiet_since_s = at_s
        self._heard.add(call.identity)

    def withdraw(self, call: Ticket) -> None:
        """`call` came to nothing before anything was sent: it was never begun."""
        self._open_calls.discard(call)

    def _settle(self, calls: Iterable[Ticket]) -> None:
        for call in calls:
            if call in self._answered:
                self.end(call, *self._answered[call])

    @property
    def dropped(self) -> tuple[int, int]:
        """Arrivals that were never sent: in all, and of the measurement window."""
        judged = self.arrivals.get(self.judged_step, NO_ARRIVALS)[1]
        return sum(dropped for _, dropped, _ in self.arrivals.values()), judged

    def intend(self, due_s: float) -> None:
        """An arrival of an open load is due at `due_s`."""
        self._arrive(due_s, 1, 0, 0)

    def drop(self, due_s: float, *, unanswered: bool = False) -> None:
        """An arrival that was due at `due_s` was never sent: no user was free, or the load ended before its turn.

        `unanswered` when that is because every user waited for an answer.
        """
        self._arrive(due_s, 0, 1, int(unanswered))

    def _arrive(self, due_s: float, intended: int, dropped: int, unanswered: int) -> None:
        step = self.step(due_s)
        before = self.arrivals.get(step, NO_ARRIVALS)
        self.arrivals[step] = (before[0] + intended, before[1] + dropped, before[2] + unanswered)

    def step(self, at_s: float) -> int:
        """The step in whose hold `at_s` lies, or OUTSIDE."""
        if self.judged_from_s <= at_s < self.judged_until_s:
            return self.judged_step
        for step, from_s, until_s in self.other_steps:
            if from_s <= at_s < until_s:
                return step
        return OUTSIDE

    def pack(self) -> None:
        """Ready many samples for the next take: what is done at once there lets every user wait."""
        for cells in (self._judged_cells, *self._cells.values()):
            for cell in cells.values():
                cell.pack()
        if self.watch is not None:
            self.watch.pack()

    def peek(self) -> tuple[Mapping[Cell, CellCounts], Mapping[str, int]]:
        """What the next take will give at least, and the texts of its failures."""
        return self._fold(), self._details

    def _fold(self) -> dict[Cell, CellCounts]:
        by_step = {**self._cells, self.judged_step: self._judged_cells}
        return {
            Cell(*identity, step): samples.fold()
            for step, found in by_step.items()
            for identity, samples in found.items()
        }

    def take(self, at_s: float, seq: int) -> Batch:
        """Everything since the last take; `at_s` in seconds since the load started."""
        forgotten, self.forgotten = self.forgotten, []
        self._settle(forgotten)
        cells = self._fold()
        first = first_bytes(self._judged_cells, cells, self.judged_step) if self.first_bytes else None
        self._folded, self._cells, self._judged_cells = self.ended, {OUTSIDE: {}}, {}
        self._watch_endpoints(at_s, cells)
        batch = Batch(
            seq=seq,
            at_s=at_s,
            users=self.users,
            begun=self.begun,
            ended=self.ended,
            arrivals=dict(self.arrivals),
            in_flight=self.in_flight,
            cells=cells,
            stalls=tuple(self._stalls),
            details=dict(self._details),
            moments={} if first is None else {FIRST_BYTE: first},
        )
        self._stalls = []
        self._details = Counter()
        return batch

    def close(self, end_s: float) -> dict[Cell, int]:
        """Calls still in flight by cell; a gap that is still open becomes a stall. Nothing is recorded after this.

        It comes before the last take: calls that nobody judged count as they were answered.
        """
        self._settle(list(self._answered))
        if self._open_calls and end_s - self._quiet_since_s >= STALL_S:
            self._note_stall(end_s, answered=False)
        for identity in list(self._silent):
            self._end_silence(identity, answered=False)
        left = Counter(Cell(*self.counted_as(call), self.step(call.start_s)) for call in self._open_calls)
        for call in () if self.open else self._open_calls:
            self.unanswered.note(call, end_s, (self.judged_from_s, self.judged_until_s))
        self._left = len(self._open_calls)
        self._open_calls = set()
        return dict(left)

    def _watch_endpoints(self, at_s: float, cells: Mapping[Cell, CellCounts]) -> None:
        """Notice endpoints that answered nothing since the last take while requests to them were waiting.

        Checked once a second and not at every request, so such a gap is known to the second, and never too long.
        """
        since_s, self._taken_s = self._taken_s, at_s
        waiting = Counter(self.counted_as(call) for call in self._open_calls if call.start_s - self.start_s <= since_s)
        self._heard |= {(cell.scenario, cell.name) for cell, counts in cells.items() if counts.ok.total}
        answered = {(cell.scenario, cell.name): False for cell in cells} | dict.fromkeys(self._heard, True)
        self._heard = set()
        for identity in [one for one in self._silent if one in answered or one not in waiting]:
            self._end_silence(identity, answered=answered.get(identity, False))
        for identity, count in waiting.items():
            if identity not in answered:
                silence = self._silent.setdefault(identity, _Silence(since_s, at_s, count))
                silence.end_s, silence.in_flight = at_s, count

    def _end_silence(self, identity: tuple[str, str], *, answered: bool) -> None:
        silence = self._silent.pop(identity)
        if silence.end_s - silence.start_s >= STALL_S:
            users = self.scenario_users.get(identity[0], self.users)
            self._stalls.append(
                StallSeen(silence.start_s, silence.end_s, silence.in_flight, users, identity, answered, True)
            )

    def _note_stall(self, end_s: float, *, answered: bool) -> None:
        waited = [call for call in self._open_calls if call.start_s < end_s]
        scopes = tuple(sorted({part for call in waited for part in call.identity})[:20])
        from_s, until_s = self._quiet_since_s - self.start_s, end_s - self.start_s
        self._stalls.append(StallSeen(from_s, until_s, len(waited), self.users, scopes, answered, False))

    def counted_as(self, call: Ticket) -> tuple[str, str]:
        """Scenario and name under which the call is counted."""
        identity = call.identity
        if identity not in self._names:
            if len(self._names) >= _MAX_NAMES:
                identity = (identity[0], OTHER)
            else:
                self._names.add(identity)
        return identity
