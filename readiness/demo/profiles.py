"""The profiles of the demo target; the only place that lists them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from readiness.demo.accounts import Account, read_accounts
from readiness.demo.errors import DemoError
from readiness.demo.legacy.passwords import legacy_accounts


@dataclass(frozen=True, slots=True)
class Profile:
    """One way the bag tracker is built."""

    module: str
    """Run as `python -m`, with its settings in the environment."""
    needs: tuple[str, ...]
    """Modules that the service imports."""
    has_cache: bool
    accounts: Callable[[], Sequence[Account]]


PROFILES = {
    "optimised": Profile(
        "readiness.demo.service",
        ("argon2", "hiredis", "httptools", "jwt", "psycopg_pool", "starlette", "uvicorn"),
        has_cache=True,
        accounts=read_accounts,
    ),
    "legacy": Profile(
        "readiness.demo.legacy", ("flask", "psycopg_pool", "waitress"), has_cache=False, accounts=legacy_accounts
    ),
}


def check_profile(name: str) -> Profile:
    """The profile called `name`; raises DemoError unless it exists."""
    profile = PROFILES.get(name)
    if profile is None:
        raise DemoError(f"demo:{name}: no such profile; what exists: {', '.join(PROFILES)}")
    return profile
