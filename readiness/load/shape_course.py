"""What a LoadTestShape says, and the course of load that follows from it. Needs no Locust: the parent reads it too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from readiness.load.phases import COURSE, HOLD, RAMP, Phase, PhaseWindow, windows

LEAST_HELD_S = 2.0
"""A height that is held for less is no stage of its own."""


class Stage(NamedTuple):
    """The same answer of `tick` for so many seconds."""

    seconds: int
    users: int
    rate_per_s: float
    """Users that come or go per second until there are `users`."""
    classes: tuple[str, ...] = ()
    """Names of the user classes; empty: all."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Of one file."""

    name: str
    """`locustfile.py:12: Waves`."""
    common: bool
    """`use_common_options`: it builds on users, duration and ramp of the command line."""
    stages: tuple[Stage, ...]

    @property
    def users(self) -> int:
        """The most at once."""
        return max(stage.users for stage in self.stages)

    def until(self, seconds: float | None) -> Shape:
        """Cut off after so long, as `--run-time` of Locust does; None leaves it whole."""
        stages, left_s = [], self.total_s if seconds is None else seconds
        for stage in self.stages:
            if left_s >= 1:
                stages.append(stage._replace(seconds=int(min(stage.seconds, left_s))))
            left_s -= stage.seconds
        return Shape(self.name, self.common, tuple(stages) or self.stages[:1])

    @property
    def total_s(self) -> float:
        """Until `tick` gives None."""
        return float(sum(stage.seconds for stage in self.stages))


@dataclass(frozen=True, slots=True)
class ShapeCourse:
    """The phases of a shape, and which of its windows is judged."""

    phases: tuple[Phase, ...]
    judged: PhaseWindow
    whole: bool
    """The load hardly ever stands still: all of it is one window."""


def course_of(shape: Shape) -> ShapeCourse:
    """Stages that are held are windows of their own, and the highest is judged (of several the longest).

    Where less than half of the time is held, as in a wave, the whole course is one window.
    """
    stretches = list(_stretches(shape.stages))
    held_s = sum(hold_s for _, _, hold_s in stretches if hold_s >= LEAST_HELD_S)
    whole = held_s < shape.total_s / 2
    phases: list[Phase] = []
    for step, (stage, (ramp_s, reached, hold_s)) in enumerate(zip(shape.stages, stretches, strict=True)):
        is_step = not whole and hold_s >= LEAST_HELD_S
        moving = COURSE if whole else RAMP
        number = 0 if whole else step
        phases.append(Phase(moving, reached, ramp_s, number, stage.classes))
        if hold_s:
            phases.append(Phase(HOLD if is_step else moving, reached, hold_s, number, stage.classes))
    found = windows(phases)
    judged = max(found, key=lambda window: (window.height, window.end_s - window.start_s))
    return ShapeCourse(tuple(phases), judged, whole)


def _stretches(stages: Sequence[Stage]) -> Iterator[tuple[float, float, float]]:
    """Of each stage: how long it ramps (s), which height it reaches, and how long it holds that (s)."""
    height = 0.0
    for stage in stages:
        change = stage.users - height
        needed_s = abs(change) / stage.rate_per_s
        needed_s = max(needed_s - 1.0, 0.0)  # the first second's worth comes or goes at once, as with Locust
        ramp_s = min(needed_s, float(stage.seconds))
        reached = float(stage.users) if ramp_s == needed_s else height + change * ramp_s / needed_s
        yield ramp_s, reached, stage.seconds - ramp_s
        height = reached


def packed(shape: Shape | None) -> object:
    """As JSON values."""
    return None if shape is None else [shape.name, shape.common, [list(stage) for stage in shape.stages]]


def unpacked(value: Any) -> Shape | None:
    """Back from `packed`."""
    if value is None:
        return None
    name, common, stages = value
    return Shape(name, common, tuple(Stage(s, users, rate, tuple(classes)) for s, users, rate, classes in stages))
