"""Release: what follows from the verdict for those who must act on it. A part of the verdict and of report.json."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Horizon(StrEnum):
    """When a step is due: before anything can be decided, before the conditions fall, or whenever there is time."""

    IMMEDIATE = "immediate"
    SHORT_TERM = "short term"
    LONG_TERM = "long term"


@dataclass(frozen=True, slots=True)
class NextStep:
    """One thing to do."""

    text: str
    horizon: Horizon
    checks: tuple[str, ...]
    """Keys of the checks that it is for; empty when it is for the run as a whole."""
    gain: float
    """Points of the score that these checks still lack."""
    effect: str
    """What it does to the decision, in words."""
    headline: str = ""
    """The step in one line; the same as `text` where that is one."""


@dataclass(frozen=True, slots=True)
class Issue:
    """What is wrong, where it comes from as far as this run knows, and what would fix it."""

    title: str
    checks: tuple[str, ...]
    problems: tuple[str, ...]
    causes: tuple[str, ...]
    """Only what was measured; empty when no cause was identified."""
    solutions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deployment:
    """The terms of a release."""

    max_load: str
    """The largest measured load inside the limits, in words; never more than was measured."""
    watch: tuple[str, ...]
    until: str


@dataclass(frozen=True, slots=True)
class Release:
    """Everything of this page."""

    steps: tuple[NextStep, ...] = ()
    """Most effective first."""
    issues: tuple[Issue, ...] = ()
    deployment: Deployment | None = None
