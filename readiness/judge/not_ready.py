"""A health endpoint that gave no good answer before the load either: the load has nothing to do with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from readiness.measurements.run import Measurement, Run

_ALL = re.compile(r"(\S+) answered ([1-5][0-9]{2}) to ([0-9,]+) of \3")
_SOME = re.compile(r"(\S+) answered [1-5][0-9]{2} to ")
_ASKED = re.compile(r"(\S+): answered ([1-5][0-9]{2}) before the load")


@dataclass(frozen=True, slots=True)
class NotReady:
    """What a health endpoint says all the time."""

    cause: str
    to_do: str


def not_ready(run: Run, metric: str) -> NotReady | None:
    """Why a check of `metric` did not pass, where the reason was there before the load; None where it was not."""
    measurements = [one for one in run.measurements if one.metric.startswith("health.")]
    before = _before(measurements)
    if metric == "health.touches_database":
        asked = [
            match for one in measurements if one.metric == metric and (match := _ASKED.fullmatch(one.reason or ""))
        ]
        return _told(asked[0][1], asked[0][2]) if asked else None
    bad = [
        match[1] if (match := _SOME.match(line.observed)) else ""
        for one in measurements
        if metric in (one.metric, "health.success_rate")
        for line in one.details
        if line.ok is False and line.subject.endswith("in the window")
    ]
    return _told(bad[0], before[bad[0]]) if bad and all(path in before for path in bad) else None


def _before(measurements: list[Measurement]) -> Mapping[str, str]:
    """By path, the status that was every answer before the measurement window."""
    return {
        match[1]: match[2]
        for one in measurements
        for line in one.details
        if line.subject.endswith("before the window") and (match := _ALL.fullmatch(line.observed))
    }


def _told(path: str, status: str) -> NotReady:
    seen = f"{path}: {status}, also before the load"
    if status.startswith("5"):
        return NotReady(
            f"The service says that it is not ready ({seen}).",
            f"Find out what {path} asks, and which of it is missing; it answered {status} before the load too.",
        )
    return NotReady(
        f"No good answer is to be had from this path ({seen}).",
        f"Find out why {path} answers {status}: is the path right, and may we ask for it?",
    )
