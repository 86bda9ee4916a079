"""The drills of one run: the load, and beside it a thread that begins and ends each fault at its second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from readiness.config.drills import Drill
from readiness.config.model import LoadSection
from readiness.drills.commands import Commands, Ran, shown
from readiness.drills.course import DrillPlan, course, engine_plan
from readiness.drills.port_watch import PortLog, watching
from readiness.drills.proxies import Proxies
from readiness.errors import NotMeasured
from readiness.load import controller, engine_events
from readiness.load.assembly import Assembly
from readiness.load.engine_plan import EnginePlan
from readiness.load.phases import Phase
from readiness.load.workers.settings import Workers
from readiness.measurements.run import Load
from readiness.measurements.writes import WriteBook
from readiness.text import clean
from readiness.text.numbers import duration

_POLL_S = 0.05
_LATE_S = 0.5
"""A fault that begins later than this began in the window that measures it."""


@dataclass(frozen=True, slots=True)
class Happened:
    """What became of one drill. Times of the fault are of time.monotonic."""

    plan: DrillPlan
    began_s: float | None = None
    ended_s: float | None = None
    problem: str | None = None
    """Why it did not happen as planned."""
    notes: tuple[str, ...] = ()
    """What its commands did, for the report."""


@dataclass(frozen=True, slots=True)
class Conducted:
    """The load of all drills, and each of them. `zero_s` is the time.monotonic at which the load began."""

    load: Load | None
    zero_s: float | None
    drills: tuple[Happened, ...]
    problem: str | None = None
    """Why none of them can be believed."""
    told: tuple[tuple[float, int, int], ...] = ()
    """Second of the load, and of the second before: refusals (429 and 5xx) that said Retry-After, and all of them."""
    written: tuple[tuple[float, Mapping[int, int]], ...] = ()
    """Second of the load, and how many writes each user had sent by then."""
    writes: WriteBook | None = None
    sessions: bool = False
    """Whether a scenario does something once for each user, such as a log-in."""
    phases: tuple[Phase, ...] = ()
    port: PortLog = field(default_factory=PortLog)
    """Who listened on the target's port."""


@dataclass(slots=True)
class _Clock:
    """When the load began, as far as its batches tell: each arrives a little after its own time."""

    zero_s: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def heard(self, at_s: float) -> None:
        """A batch of the load's second `at_s` has just arrived."""
        zero_s = time.monotonic() - at_s
        with self.lock:
            self.zero_s = zero_s if self.zero_s is None else min(self.zero_s, zero_s)

    def since(self, at_s: float) -> float:
        """How long ago the load's second `at_s` was."""
        with self.lock:
            return 0.0 if self.zero_s is None else time.monotonic() - self.zero_s - at_s


@dataclass(slots=True)
class _Log:
    """What the events of the load tell; the fields are those of Conducted."""

    clock: _Clock
    load_did: Callable[[int, float], None]
    told: list[tuple[float, int, int]] = field(default_factory=list)
    written: list[tuple[float, Mapping[int, int]]] = field(default_factory=list)
    sessions: bool = False

    def add(self, event: engine_events.Event, assembly: Assembly) -> None:
        if isinstance(event, engine_events.Hello):
            self.sessions = self.sessions or event.sessions
        if isinstance(event, engine_events.Batch):
            self.clock.heard(event.at_s)
            self.load_did(*assembly.ended_so_far())
            hits = sum(one.hit.total for one in event.seen)
            self.told.append((event.at_s, hits, hits + sum(one.miss.total for one in event.seen)))
            self.written.append((event.at_s, {user: len(marks) for user, marks in assembly.writes.users()}))


def conduct(
    drills: Mapping[str, Drill],
    load: LoadSection,
    engine: EnginePlan,
    proxies: Proxies,
    *,
    workers: Workers | None,
    interrupted: Callable[[], bool],
    environment: Mapping[str, str],
    commands: Commands | None = None,
    load_did: Callable[[int, float], None],
    say: Callable[[str], None],
) -> Conducted:
    """Drive the load through every drill. Each fault is ended, whatever happens.

    `load_did` is told the requests so far and the sum of their latencies in ms.
    `commands` has to run already: what its programs leave behind must not be taken for a part of the load.
    """
    phases, plans = course(drills, load)
    clock, over = _Clock(), threading.Event()
    conductor = _Conductor(plans, proxies, commands, clock, over, say)
    thread = threading.Thread(target=conductor.run, name="drills", daemon=True)

    log = _Log(clock, load_did)

    thread.start()
    try:
        with watching(engine.base_url, engine.addresses) as listened:
            outcome = controller.drive(
                engine_plan(engine, phases, plans),
                workers=workers,
                on_event=log.add,
                stop_requested=interrupted,
                environment=environment,
            )
    finally:
        over.set()
        thread.join()
    problem = next(iter(outcome.doubts), None) or outcome.usage_error
    return Conducted(
        outcome.load,
        clock.zero_s,
        tuple(conductor.happened),
        problem,
        told=tuple(log.told),
        written=tuple(log.written),
        writes=outcome.writes,
        sessions=log.sessions,
        phases=phases,
        port=PortLog(tuple(listened)),
    )


@dataclass(slots=True)
class _Conductor:
    """Begins and ends the faults, one after the other."""

    _plans: tuple[DrillPlan, ...]
    _proxies: Proxies
    _commands: Commands | None
    _clock: _Clock
    _over: threading.Event
    _say: Callable[[str], None]
    _which: str = ""
    happened: list[Happened] = field(default_factory=list)

    def run(self) -> None:
        """Every drill, or as many as the load lasts for."""
        for index, plan in enumerate(self._plans, 1):
            left_s = max(self._plans[-1].end_s - plan.begin_s, 0.0)
            self._which = f"drill {index} of {len(self._plans)}, about {duration(left_s)} left: {plan.name}"
            if not self._wait(plan.begin_s):
                self.happened.append(Happened(plan, problem="the load ended before it"))
                continue
            if self._clock.since(plan.begin_s) > _LATE_S:
                self.happened.append(Happened(plan, problem="the drill before it took too long, so it began too late"))
                continue
            self.happened.append(self._happen(plan))

    def _happen(self, plan: DrillPlan) -> Happened:
        if plan.drill.command:
            return self._command(plan)
        return self._fault(plan) if plan.drill.fault else self._rush(plan)

    def _rush(self, plan: DrillPlan) -> Happened:
        """The load itself is the fault; its phases say when."""
        self._say(f"{self._which}: {plan.drill.times:g} times the load for {plan.drill.for_s:g} s")
        zero_s = self._clock.zero_s or 0.0
        problem = None if self._wait(plan.end_s) else "the load ended before it"
        return Happened(plan, zero_s + plan.begin_s, zero_s + plan.end_s, problem)

    def _command(self, plan: DrillPlan) -> Happened:
        """The command, and after the fault its undo: also when the command failed, or never ended."""
        commands, drill, name = self._commands, plan.drill, plan.name
        if commands is None:
            return Happened(plan, problem="its command was not allowed")
        self._say(f"{self._which}: running {shown(drill.command)}")
        notes: list[str] = []
        ran, problem = self._ran(name, "command", lambda: commands.run(name, self._over), notes)
        ended = ran
        if drill.undo:
            if problem is None and not self._wait(plan.end_s):
                problem = "the load ended before its undo"
            self._say(f"{self._which}: running {shown(drill.undo)}")
            ended, failed = self._ran(name, "undo", lambda: commands.undo(name), notes)
            problem = problem or failed
        if ran is None:  # nobody knows when it began
            return Happened(plan, problem=problem, notes=tuple(notes))
        return Happened(plan, ran.began_s, ended.ended_s if ended else None, problem, tuple(notes))

    def _ran(self, name: str, key: str, run: Callable[[], Ran], notes: list[str]) -> tuple[Ran | None, str | None]:
        """What a program did, and why it cannot be believed to have done its work."""
        line = self._commands.drills[name].programs[key] if self._commands else ()
        try:
            ran = run()
        except NotMeasured as error:
            return None, f"its {key} `{shown(line)}`: {clean(error)}"
        notes.append(f"Drill {name}, {key}: {ran.words(line)}.")
        return ran, f"its {key} {ran.words(line)}" if ran.problem else None

    def _fault(self, plan: DrillPlan) -> Happened:
        drill = plan.drill
        assert drill.proxy is not None
        self._say(f"{self._which}: {drill.proxy} {drill.fault} for {drill.for_s:g} s")
        began_s: float | None = None
        ended_s: float | None = None
        problem: str | None = None
        try:
            began_s = self._proxies.set_fault(drill.proxy, drill.fault, drill.share)
            if not self._wait(plan.end_s):
                problem = "the load ended before its fault did"
        except NotMeasured as error:
            problem = clean(error)
        finally:
            try:
                ended_s = self._proxies.set_fault(drill.proxy, None)
            except NotMeasured as error:
                problem = problem or clean(error)
        return Happened(plan, began_s, ended_s, problem)

    def _wait(self, at_s: float) -> bool:
        """Until the load's second `at_s`; False when the load was over first."""
        while not self._over.is_set():
            zero_s = self._clock.zero_s
            left_s = _POLL_S if zero_s is None else zero_s + at_s - time.monotonic()
            if left_s <= 0:
                return True
            self._over.wait(min(left_s, _POLL_S))
        return False
