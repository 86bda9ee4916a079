"""Phases: the course of a load, as a list of stretches of time that the engine follows.

A plain load is one step (ramp, warm-up, hold); `load.steps` are several, one after the other. A later search for the
capacity only has to make another list.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

RAMP, WARM_UP, HOLD, COURSE = "ramp", "warm_up", "hold", "course"
OUTSIDE = -1
"""The step of what lies outside every hold: ramps, warm-ups and the drain."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of time. Only a hold is measured as a step of its own."""

    kind: str
    """RAMP: from the height before to this one, linearly; WARM_UP and HOLD: at this height.

    COURSE: as RAMP, but measured: several in a row are one window, of a load that never stands still.
    """
    height: float
    """Users of a closed load, arrivals per second of an open one."""
    duration_s: float
    step: int
    classes: tuple[str, ...] = ()
    """Names of the user classes that share the height; empty: all."""


@dataclass(frozen=True, slots=True)
class PhaseWindow:
    """The hold of one step, in seconds since the load started."""

    step: int
    height: float
    start_s: float
    end_s: float


def step(index: int, height: float, ramp_s: float, warm_up_s: float, hold_s: float) -> tuple[Phase, ...]:
    """The three phases of one step."""
    return (
        Phase(RAMP, height, ramp_s, index),
        Phase(WARM_UP, height, warm_up_s, index),
        Phase(HOLD, height, hold_s, index),
    )


def windows(phases: Sequence[Phase]) -> tuple[PhaseWindow, ...]:
    """The holds, in order; a course is one."""
    found: list[PhaseWindow] = []
    ends = accumulate(phase.duration_s for phase in phases)
    for phase, end_s in zip(phases, ends, strict=True):
        window = PhaseWindow(phase.step, phase.height, end_s - phase.duration_s, end_s)
        if phase.kind == COURSE and found and found[-1].step == phase.step:
            before = found.pop()
            window = PhaseWindow(phase.step, max(before.height, phase.height), before.start_s, end_s)
        if phase.kind in (HOLD, COURSE):
            found.append(window)
    return tuple(found)


def total_s(phases: Sequence[Phase]) -> float:
    """How long all of them last."""
    return sum(phase.duration_s for phase in phases)


def phase_at(phases: Sequence[Phase], at_s: float) -> Phase | None:
    """The phase at `at_s`; None after the last."""
    end_s = 0.0
    for phase in phases:
        end_s += phase.duration_s
        if at_s < end_s:
            return phase
    return None


def arrivals(phases: Sequence[Phase], gaps: Iterator[float]) -> Iterator[float]:
    """Intended times in seconds since the load started, at the phases' rates.

    `gaps` are distances in units of expected arrivals: ones give an even grid, exponential ones a Poisson process
    (time change of a unit-rate process: Daley & Vere-Jones, An Introduction to the Theory of Point Processes, §7.4).
    """
    begun_s, height, passed = 0.0, 0.0, 0.0  # `passed`: expected arrivals before the phase
    due = next(gaps)
    for phase in phases:
        before = height if phase.kind == RAMP else phase.height
        height = phase.height
        area = (before + height) / 2 * phase.duration_s
        growth = (height - before) / phase.duration_s if phase.duration_s else 0.0
        while area and due < passed + area:
            inside = due - passed
            # before·t + growth·t²/2 = inside, in the form that is exact for growth = 0 and for before = 0
            root = math.sqrt(max(before * before + 2 * growth * inside, 0.0))
            yield begun_s + min(2 * inside / (before + root), phase.duration_s)
            due += next(gaps)
        passed += area
        begun_s += phase.duration_s
