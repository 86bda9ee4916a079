"""What a rule sees of one answer, and what it says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer's headers (names in lower case) and where they came from."""

    headers: tuple[tuple[str, str], ...]
    https: bool
    profile: str

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of the header, one per line received."""
        return tuple(value.strip() for key, value in self.headers if key == name)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen, and what is wrong with it; an empty `problem` means that the rule holds."""

    observed: str
    problem: str
