"""What was tested, and with what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

UNREACHABLE = "cannot be reached"
"""Part of the doubt of a run that sent nothing, because its target took no connection."""


@dataclass(frozen=True, slots=True)
class Target:
    """The service under test as it was addressed."""

    name: str
    """As the user wrote it, without credentials."""
    url: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where and with what the run was made, enough to repeat it."""

    tool_version: str
    python: str
    platform: str
    cores: int
    locust: str | None = None
    scenarios: Mapping[str, str] = field(default_factory=dict)
    """Scenario name to the SHA-256 of its file."""
    commit: str | None = None
    """What was deployed, as READINESS_COMMIT or the CI system says; None when nobody said."""
    environment: str | None = None
    """Where it was deployed, likewise from READINESS_ENVIRONMENT."""
    compiled: bool = False
    """Whether what the load generator does for every request was compiled to machine code."""

    @property
    def engine(self) -> str:
        """How the load generator ran, in a word."""
        return "compiled" if self.compiled else "interpreted"
