"""The profiles of the demo target; the only place that lists them."""

from readiness.demo.errors import DemoError

PROFILES = ("optimised",)


def check_profile(profile: str) -> None:
    """Raise DemoError unless `profile` is one that exists."""
    if profile not in PROFILES:
        names = ", ".join(PROFILES)
        raise DemoError(f"demo:{profile}: no such profile; what exists: {names}")
