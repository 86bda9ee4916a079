"""Evidence: everything that the run saw, from which each probe draws its measurements. Frozen; nothing is sent here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from readiness.config.probes import Probes
from readiness.measurements.database import Activity
from readiness.measurements.run import Load
from readiness.probes.http import ProbeAnswer
from readiness.probes.sampler import Readings

AnswerPairs: TypeAlias = tuple[tuple[ProbeAnswer, ProbeAnswer], ...]
"""What one path answered, in turn, to us and to a browser."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one run saw of the service."""

    settings: Probes
    readings: Readings
    pages: Mapping[str, ProbeAnswer | str] = field(default_factory=dict)
    """Path -> its answer, or why there is none."""
    agents: Mapping[str, AnswerPairs | str] = field(default_factory=dict)
    """Path -> its answers to two kinds of clients, or why there are none."""
    https: bool = False
    load: Load | None = None
    database: Activity | None = None
