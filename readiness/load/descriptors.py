"""What this machine lets the load generator have, looked at before anything is sent."""

from __future__ import annotations

from contextlib import suppress

from readiness.load.engine_plan import EnginePlan

SPARE_FDS = 64
"""Descriptors beside one connection for each user: pipes, files of the scenario, connections about to close."""


def too_few_descriptors(plan: EnginePlan) -> str | None:
    """Raise the soft limit of open files as far as the users need; what is wrong when that is not allowed."""
    try:
        import resource
    except ImportError:
        return None  # a system without such a limit
    users = plan.users if plan.rate_per_s is not None else max(round(phase.height) for phase in plan.course)
    needed = users + SPARE_FDS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return None
    most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    if soft >= needed:
        return None
    return (
        f"{users:,} users need about {needed:,} open files, and this machine allows the load generator {soft:,}: "
        f"raise the limit (ulimit -n {needed}), or use fewer users"
    )
