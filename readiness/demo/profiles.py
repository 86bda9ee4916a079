"""The profiles of the demo target; the only place that lists them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from readiness.demo.accounts import Account, read_accounts
from readiness.demo.errors import DemoError
from readiness.demo.legacy.passwords import legacy_accounts


@dataclass(frozen=True, slots=True)
class GentleDrills:
    """What a service carries and needs; beyond, each drill would show overload, or the drill before it."""

    rate_per_s: float
    after_s: float


@dataclass(frozen=True, slots=True)
class Profile:
    """One way the bag tracker is built."""

    module: str
    """Run as `python -m`, with its settings in the environment."""
    needs: tuple[str, ...]
    """Modules that the service imports."""
    has_cache: bool
    accounts: Callable[[], Sequence[Account]]
    stop_signal: int
    """Ends the service at once. SIGTERM alone is for a restart: the service finishes what it does."""
    synchronous_commit: str
    """Of its database: `off` acknowledges writes that a crash loses."""
    drills: GentleDrills | None = None
    """None: those of the file, as they are."""


PROFILES = {
    "optimised": Profile(
        "readiness.demo.service",
        ("argon2", "hiredis", "httptools", "jwt", "psycopg_pool", "starlette", "uvicorn"),
        has_cache=True,
        accounts=read_accounts,
        stop_signal=signal.SIGINT,
        synchronous_commit="on",
    ),
    "legacy": Profile(
        "readiness.demo.legacy",
        ("flask", "psycopg_pool", "waitress"),
        has_cache=False,
        accounts=legacy_accounts,
        stop_signal=signal.SIGTERM,
        synchronous_commit="off",
        drills=GentleDrills(rate_per_s=2.0, after_s=20.0),
    ),
}


def check_profile(name: str) -> Profile:
    """The profile called `name`; raises DemoError unless it exists."""
    profile = PROFILES.get(name)
    if profile is None:
        raise DemoError(f"demo:{name}: no such profile; what exists: {', '.join(PROFILES)}")
    return profile
