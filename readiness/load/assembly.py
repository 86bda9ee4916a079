"""The engine's events -> Load: batches are added up, checked against each other and against the end marker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from readiness.load.engine_events import NO_ARRIVALS, Batch, Cell, Done, Hello, WindowBegan, WindowEnded
from readiness.load.engine_plan import EnginePlan
from readiness.load.moment_book import MomentBook
from readiness.load.recorder import STALL_S
from readiness.load.timeline import MAX_SLICES, Blocks, Series, pairs
from readiness.measurements.generator_health import Instrument, Pause, merge_health
from readiness.measurements.histogram import EMPTY, Histogram, merge
from readiness.measurements.pace import Pace
from readiness.measurements.pace import merge_in_time as together_paces
from readiness.measurements.recordings import without_slices
from readiness.measurements.response_facts import ResponseFacts
from readiness.measurements.response_facts import merge_facts as together_seen
from readiness.measurements.run import (
    FAILURE_CLASSES,
    Endpoint,
    FailureDetail,
    Ledger,
    Load,
    Rate,
    Recording,
    Stall,
    Step,
    StepEndpoint,
)
from readiness.measurements.writes import WriteBook
from readiness.text import clean

_MOST_DETAILS = 50
"""Texts of failures that are kept."""

MAX_TEXTS = 5_000
"""Distinct failure texts that are counted; a service that says another one each time fills no memory."""


@dataclass(slots=True)
class _Totals:
    ok: Histogram = EMPTY
    failed: Counter[str] = field(default_factory=Counter)
    failed_latency: Histogram = EMPTY
    service: Histogram = EMPTY


class Assembly:
    """Adds up what the engine sends; `load()` may be asked for at any time, also after a lost engine."""

    def __init__(self, plan: EnginePlan) -> None:
        self._plan = plan
        self._totals: dict[Cell, _Totals] = {}
        self._series = Series()
        self._blocks = {window.step: Blocks(window.step) for window in plan.windows}
        """By step."""
        self._moments = MomentBook(plan.judged_step)
        self._stalls: list[Stall] = []
        self._instruments: dict[int, Instrument] = {}
        """By step; what is told outside every hold (pauses) is with the judged one."""
        self._seen: dict[tuple[str, str], ResponseFacts] = {}
        self._paces: tuple[Pace, ...] = ()
        self._lookups: list[tuple[int, int]] = []
        self._last: Batch | None = None
        self._done: Done | None = None
        self._hello: Hello | None = None
        self._judging_s: float | None = None
        self._judged_s: float | None = None
        self._batches = 0
        self.problems: list[str] = []
        self.ending = ""
        """Why the parent ended the load before its time (`Load.ending`)."""
        self._failure_texts: Counter[str] = Counter()
        self.writes = WriteBook(plan.run_id)

    @property
    def last(self) -> Batch | None:
        """The newest batch, for the live view."""
        return self._last

    def add(self, event: object) -> None:
        """Take one event in."""
        match event:
            case Hello():
                self._hello = event
                if event.calibration is not None:
                    self._instruments[self._plan.judged_step] = Instrument(calibration=event.calibration)
            case WindowBegan(at_s):
                self._judging_s = at_s
            case WindowEnded(at_s):
                self._judged_s = at_s
            case Batch():
                self._add_batch(event)
            case Done():
                self._done = event
                self._check(event)

    def totals_by_endpoint(self) -> list[tuple[str, str, Histogram, Mapping[str, int]]]:
        """(scenario, name, successful latencies, failures by class): of the measurement window, or of all before it."""
        judged = self._judging_s is not None
        return [
            (cell.scenario, cell.name, totals.ok, totals.failed)
            for cell, totals in sorted(self._totals.items())
            if (cell.step == self._plan.judged_step) == judged
        ]

    def judged_so_far(self) -> tuple[int, float]:
        """`ended_so_far` of the measurement window."""
        return self.ended_so_far(self._plan.judged_step)

    def ended_so_far(self, step: int | None = None) -> tuple[int, float]:
        """Requests that have ended, of one step or of the whole load, and the sum of their latencies in ms."""
        ended = [totals for cell, totals in self._totals.items() if step in (None, cell.step)]
        requests = sum(totals.ok.total + totals.failed.total() for totals in ended)
        return requests, sum(totals.ok.sum_us + totals.failed_latency.sum_us for totals in ended) / 1000

    @property
    def judging(self) -> bool:
        """Whether the measurement window has begun."""
        return self._judging_s is not None

    def load(self) -> Load | None:
        """Everything so far; None before the first batch."""
        last = self._last
        if last is None:
            return None
        plan = self._plan
        in_flight = self._done.in_flight if self._done else {}
        started = {cell.scenario for cell in (*self._totals, *in_flight)}
        judged_start = self._judging_s if self._judging_s is not None else last.at_s
        judged_end = self._judged_s if self._judged_s is not None else last.at_s
        if self._done is not None and self._judging_s is not None:
            judged_end = self._done.judged_until_s
        pauses = [pause for instrument in self._instruments.values() for pause in instrument.pauses]
        arrivals = last.arrivals.get(plan.judged_step, NO_ARRIVALS)
        return Load(
            model="closed" if plan.rate_per_s is None else "open",
            users=plan.users,
            moving=plan.moving,
            rate_per_s=plan.rate_per_s,
            judged_start_s=judged_start,
            judged_end_s=max(judged_end, judged_start),
            planned_s=plan.duration_s,
            looked=plan.until_decided,
            ending=self.ending,
            ledger=self._ledger(last),
            endpoints=self._endpoints(in_flight),
            series=self._series.seconds(),
            dropped_judged=arrivals[1],
            intended_judged=arrivals[0],
            unanswered_judged=arrivals[2],
            steps=self._steps(last, in_flight) if len(plan.windows) > 1 else (),
            idle_scenarios=self._idle(started),
            stalls=_of_the_target(self._stalls, pauses, self._stopped_s(last)),
            header_rate=self._header_rate(),
            seen=tuple(seen for _, seen in sorted(self._seen.items())),
            failure_details=_details(self._failure_texts),
            script_errors=_counted(self._done.script_errors if self._done else {}),
            instrument=self._instruments.get(plan.judged_step),
            paces=self._paces,
            connections=self._done.connections if self._done else None,
            examined=sum(seen.examined.answers for seen in self._seen.values()),
            unanswered=self._done.unanswered if self._done and plan.rate_per_s is None else None,
        )

    def _idle(self, started: set[str]) -> tuple[str, ...]:
        """Scenarios that started no request; of the others, the user classes whose turn never came."""
        never = set(self._hello.users if self._hello else ()) - started
        classes = self._done.idle if self._done else ()
        return tuple(sorted({*never, *(one for one in classes if one.partition(": ")[0] not in never)}))

    def _add_batch(self, batch: Batch) -> None:
        if batch.seq != self._batches:
            self.problems.append(f"batch {self._batches} of the load generator is missing: got {batch.seq}")
        self._batches += 1
        start_s = self._last.at_s if self._last else 0.0
        self._last = batch
        self._add_seen(batch.seen)
        self._paces = together_paces([*self._paces, *batch.paces])
        for cell, counts in batch.cells.items():
            totals = self._totals.setdefault(cell, _Totals())
            totals.ok = merge(totals.ok, counts.ok)
            totals.failed.update(counts.failed)
            totals.failed_latency = merge(totals.failed_latency, counts.failed_latency)
            totals.service = merge(totals.service, counts.service)
        self._stalls.extend(Stall(*stall) for stall in batch.stalls)
        for text, count in batch.details.items():
            if text in self._failure_texts or len(self._failure_texts) < MAX_TEXTS:
                self._failure_texts[text] += count
        self.writes.add(batch.writes)
        if batch.instrument is not None:
            middle_s = (start_s + batch.at_s) / 2
            windows = self._plan.windows
            step = next((w.step for w in windows if w.start_s <= middle_s < w.end_s), self._plan.judged_step)
            self._instruments[step] = merge_health([self._instruments.get(step, Instrument()), batch.instrument])
        for blocks in self._blocks.values():
            blocks.add(batch, start_s, len(self._totals))
        self._moments.add(batch, start_s, len(self._totals))
        self._series.add(batch, start_s)

    def _add_seen(self, found: tuple[ResponseFacts, ...]) -> None:
        """What the answers of one batch said; hits and look-ups are kept by batch, as time blocks of their rate."""
        for seen in found:
            key = (seen.scenario, seen.name)
            self._seen[key] = together_seen(self._seen[key], seen) if key in self._seen else seen
        hits = sum(seen.hit.total for seen in found)
        lookups = hits + sum(seen.miss.total for seen in found)
        if lookups:
            self._lookups.append((hits, lookups))
        if len(self._lookups) > MAX_SLICES:
            self._lookups = pairs(self._lookups, lambda a, b: (a[0] + b[0], a[1] + b[1]))

    def _header_rate(self) -> Rate | None:
        if self._plan.watch.cache_header is None:
            return None
        return Rate(sum(hit for hit, _ in self._lookups), sum(all_ for _, all_ in self._lookups), tuple(self._lookups))

    def _check(self, done: Done) -> None:
        self.writes.complete = done.batches == self._batches and done.writes[0] == self.writes.sent
        failed = sum(sum(totals.failed.values()) for totals in self._totals.values())
        ended = sum(totals.ok.total for totals in self._totals.values()) + failed
        self.writes.unanswered = failed + sum(done.in_flight.values())
        if done.batches != self._batches:
            self.problems.append(f"the load generator sent {done.batches} batches, {self._batches} arrived")
        if ended != done.ended or done.begun != done.ended + sum(done.in_flight.values()):
            self.problems.append(
                f"the load generator's ledger does not add up: {done.begun} begun, {done.ended} ended, "
                f"{sum(done.in_flight.values())} in flight, {ended} recorded"
            )

    def _ledger(self, last: Batch) -> Ledger:
        failed: Counter[str] = Counter()
        for totals in self._totals.values():
            failed.update(totals.failed)
        ok = sum(totals.ok.total for totals in self._totals.values())
        dropped = sum(lost for _, lost, _ in last.arrivals.values())
        # Whatever began and was not seen to end counts as in flight: also what a lost batch would have told.
        return Ledger(
            planned=last.begun + dropped,
            ok=ok,
            failed=dict(sorted(failed.items())),
            in_flight=max(last.begun - ok - failed.total(), 0),
            dropped=dropped,
        )

    def _endpoints(self, waiting: Mapping[Cell, int]) -> tuple[Endpoint, ...]:
        names = sorted({(cell.scenario, cell.name) for cell in (*self._totals, *waiting)})
        judged = self._plan.judged_step
        others = sorted({cell.step for cell in (*self._totals, *waiting)} - {judged})
        return tuple(
            Endpoint(
                scenario,
                name,
                judged=self._recording(Cell(scenario, name, judged), waiting),
                warm_up=without_slices(self._recording(Cell(scenario, name, step), waiting) for step in others),
                **self._moments.recordings(Cell(scenario, name, judged), self._done),
            )
            for scenario, name in names
        )

    def _stopped_s(self, last: Batch) -> float:
        """When the load ended: the users that still wait then send nothing more, so that silence says nothing."""
        return self._done.stopped_s if self._done else last.at_s

    def _steps(self, last: Batch, waiting: Mapping[Cell, int]) -> tuple[Step, ...]:
        """Every step that began, as far as it came."""
        stopped_s = self._stopped_s(last)
        return tuple(
            Step(
                height=window.height,
                start_s=window.start_s,
                end_s=min(window.end_s, stopped_s),
                planned_s=window.end_s - window.start_s,
                judged=window.step == self._plan.judged_step,
                endpoints=self._step_endpoints(window.step, waiting),
                intended=last.arrivals.get(window.step, NO_ARRIVALS)[0],
                dropped=last.arrivals.get(window.step, NO_ARRIVALS)[1],
                unanswered=last.arrivals.get(window.step, NO_ARRIVALS)[2],
                instrument=None if window.step == self._plan.judged_step else self._instruments.get(window.step),
            )
            for window in self._plan.windows
            if window.start_s < stopped_s
        )

    def _step_endpoints(self, step: int, waiting: Mapping[Cell, int]) -> tuple[StepEndpoint, ...]:
        if step == self._plan.judged_step:
            return ()  # they are the load's own
        cells = sorted({cell for cell in (*self._totals, *waiting) if cell.step == step})
        return tuple(StepEndpoint(cell.scenario, cell.name, self._recording(cell, waiting)) for cell in cells)

    def _recording(self, cell: Cell, in_flight: Mapping[Cell, int]) -> Recording:
        totals = self._totals.get(cell, _Totals())
        blocks = self._blocks.get(cell.step)
        slices = blocks.slices(cell.scenario, cell.name) if blocks else ()
        failed = dict(sorted(totals.failed.items()))
        return Recording(totals.ok, failed, totals.failed_latency, in_flight.get(cell, 0), slices, totals.service)


def _of_the_target(stalls: Iterable[Stall], pauses: Iterable[Pause], stopped_s: float) -> tuple[Stall, ...]:
    """Stalls of the load that are not a pause of the generator: while we stood still, nobody's answer was seen."""
    return tuple(
        stall
        for stall in (replace(one, end_s=min(one.end_s, stopped_s)) for one in stalls)
        if stall.end_s - stall.start_s - sum(_overlap(stall, pause) for pause in pauses) >= STALL_S
    )


def _overlap(stall: Stall, pause: Pause) -> float:
    return max(min(stall.end_s, pause.end_s) - max(stall.start_s, pause.start_s), 0.0)


def _details(texts: Counter[str]) -> tuple[FailureDetail, ...]:
    """Texts of the recorder, `endpoint TAB class TAB detail`, as what they say."""
    found = []
    for text, n in texts.most_common(_MOST_DETAILS):
        endpoint, failure, detail = (*text.split("\t", 2), "", "")[:3]
        if failure in FAILURE_CLASSES:
            found.append(FailureDetail(clean(endpoint), failure, clean(detail), n))
    return tuple(found)


def _counted(texts: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(f"{text} ({count}×)" for text, count in texts.items())
