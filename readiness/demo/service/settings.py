"""What the service is told at its start, through one environment variable: its command line holds no secret."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

SETTINGS_VARIABLE = "READINESS_DEMO_SETTINGS"


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a start may set. `/stats` shows it, and `RateLimit-Policy` says each limit in force."""

    default_per_day: int = 2_000_000
    api_per_hour: int = 50_000
    auth_per_hour: int = 1000
    recovery_s: float = 1.0
    """How long a circuit breaker stays open. One trial a second costs a server nothing, and nobody waits long for it
    when it is back."""
    drill: bool = False
    """Whether there are paths that fail on purpose (drill.py)."""


@dataclass(slots=True)
class Draining:
    """Whether this process is about to end, and others shall get the next requests."""

    on: bool = False


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """Everything that differs between two starts of the service."""

    database_url: str = field(repr=False)
    cache_url: str | None = field(repr=False)
    listen_fd: int
    """A listening socket, bound by the parent: the port is known before the service runs."""
    tuning: Tuning = field(default_factory=Tuning)
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    """Signs sessions and CSRF tokens; a new one at each start ends all sessions."""


def to_environment(settings: ServiceSettings) -> dict[str, str]:
    """The variable that carries `settings`."""
    return {SETTINGS_VARIABLE: json.dumps(asdict(settings))}


def from_environment(environment: Mapping[str, str]) -> ServiceSettings:
    """The settings that `to_environment` wrote; raises KeyError or TypeError when they are not there."""
    fields = json.loads(environment[SETTINGS_VARIABLE])
    return ServiceSettings(**fields | {"tuning": Tuning(**fields["tuning"])})
