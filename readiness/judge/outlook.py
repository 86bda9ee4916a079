"""Outlook: what it would take to change the answer, read from this run alone. A part of the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from readiness.judge.outcome import Decision


class NeedKind(StrEnum):
    """What has to become different."""

    VALUE = "value"
    EVIDENCE = "evidence"
    MEASUREMENT = "measurement"


@dataclass(frozen=True, slots=True)
class Need:
    """The smallest change that makes one check pass, all else as recorded."""

    name: str
    scope: str | None
    kind: NeedKind
    text: str
    """One sentence, without the check's name."""
    value: float | None = None
    """What the value must become, in the metric's unit; None where a value is not what is missing."""
    requests: int | None = None
    """Requests that must come under the limit, or must not fail; None where requests are not what is counted."""
    times_faster: float | None = None
    """By how much every request in scope would have to be faster, where that alone would do."""
    samples: int | None = None
    """Requests that would prove the same values; None where more of them are not what is missing."""
    window_s: float | None = None
    """Seconds of this load that would bring so many; None as with `samples`."""


@dataclass(frozen=True, slots=True)
class Flip:
    """The smallest set of checks whose outcome changes the decision."""

    decision: Decision
    """What the decision would be."""
    checks: tuple[str, ...]
    """Keys as in thresholds.yaml."""
    passing: bool
    """Whether they would have to pass, or to fail."""
    text: str


@dataclass(frozen=True, slots=True)
class Shift:
    """A check's value, as measured and as it would be; None where it is not bounded."""

    name: str
    scope: str | None
    unit: str
    before: float | None
    after: float | None
    passes: bool


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The verdict if some endpoints had been faster, computed from the recorded histograms.

    Every successful request of those endpoints takes 1/`times_faster` of what it took; all else stays as recorded.
    """

    endpoints: tuple[str, ...]
    times_faster: float
    p95_ms: float | None
    """Of these endpoints, as measured."""
    p95_then_ms: float | None
    shifts: tuple[Shift, ...]
    """The checks that speak of these endpoints and did not pass."""
    score: float
    decision: Decision
    text: str


@dataclass(frozen=True, slots=True)
class TailPart:
    """One endpoint's part of the slow requests."""

    name: str
    requests: int
    slow: int
    share: float
    """Of all slow requests, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Who carries the slow requests; of the successful ones, as failed ones have causes of their own."""

    over_ms: float
    what: str
    """Where `over_ms` comes from, in words."""
    requests: int
    slow: int
    parts: tuple[TailPart, ...]
    """The largest part first; an endpoint is one name, over all scenarios."""
    text: str


@dataclass(frozen=True, slots=True)
class RootCause:
    """One endpoint that carries the slow requests."""

    scenario: str
    """All that call it, separated by commas."""
    endpoint: str
    tail_share: float
    """Share (0 to 1) of the slow requests."""
    request_share: float
    """Share (0 to 1) of all successful requests."""
    p95_ms: float
    parts_ms: Mapping[str, float]
    """Mean time of its slow answers by part, `network and queue` included; empty where the service says nothing."""
    sentence: str


class DiagnosisKind(StrEnum):
    """Into what the time of slow requests went."""

    STANDSTILL = "standstill"
    GENERATOR = "generator"
    CPU = "cpu"
    CONTENTION = "contention"
    MEMORY = "memory"
    POOL = "pool"
    DATABASE = "database"
    DISK = "disk"
    CACHE = "cache"
    GARBAGE = "garbage_collection"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One cause, with what was measured of it."""

    kind: DiagnosisKind
    title: str
    """`CPU saturated`."""
    explained: float | None
    """Share (0 to 1) of the time of the requests that were too slow; None where time is not what it takes, or nobody
    can tell."""
    text: str
    """What was seen, in a sentence or two."""
    fix: str = ""

    @property
    def named(self) -> str:
        """`CPU saturated, about 92 % of the slow requests' time`."""
        part = self.explained
        return self.title if part is None else f"{self.title}, about {100 * part:.0f} % of the slow requests' time"


@dataclass(frozen=True, slots=True)
class Outlook:
    """Everything of this page. Empty where nothing is missing, or nothing was measured."""

    needs: tuple[Need, ...] = ()
    flips: tuple[Flip, ...] = ()
    what_ifs: tuple[WhatIf, ...] = ()
    tail: Tail | None = None
