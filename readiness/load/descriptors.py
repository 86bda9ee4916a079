"""What this machine lets the load generator have, checked before anything is sent."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from readiness.load.engine_plan import EnginePlan

SPARE_FDS = 64
"""Descriptors beside one connection for each user: pipes, files of the scenario, connections about to close."""
_USER_BYTES = 100_000
"""Of memory, for a user of Locust's clients with its connection; one of ours takes a fifth of it."""
_MEMORY_SHARE = 0.5
"""Of what is available, for users of an open load."""
_CGROUP = Path("/sys/fs/cgroup")


def too_few_descriptors(plan: EnginePlan) -> str | None:
    """Raise the soft limit of open files as far as the users need; what is wrong when that is not allowed."""
    users = plan.users if plan.rate_per_s is not None else max(round(phase.height) for phase in plan.course)
    needed = users + SPARE_FDS
    if (allowed := _raised_to(needed)) >= needed:
        return None
    return (
        f"{users:,} users need about {needed:,} open files, and this machine allows the load generator {allowed:,}: "
        f"raise the limit (ulimit -n {needed}), or use fewer users"
    )


def room_for_users(wanted: int, engines: int) -> int:
    """As many of `wanted` users as open files and memory allow one of `engines` that share this machine, at least 1."""
    bytes_each = _available_bytes() * _MEMORY_SHARE / engines
    return max(min(wanted, _raised_to(wanted + SPARE_FDS) - SPARE_FDS, int(bytes_each / _USER_BYTES)), 1)


def open_fds() -> int:
    """Of this process; 0 where nobody tells."""
    with suppress(OSError):
        # since Linux 6.2 the folder's size is their number; thousands of them are not listed every second
        folder = Path("/proc/self/fd")
        return folder.stat().st_size or sum(1 for _ in folder.iterdir()) - 1  # the listing's own
    return 0


def _raised_to(needed: int) -> int:
    """Open files that are allowed, after the soft limit was raised to `needed` as far as it goes."""
    try:
        import resource
    except ImportError:
        return needed  # a system without such a limit
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return needed
    most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return soft


def _available_bytes() -> float:
    """Memory that this machine, or the container that we are in, still has; much where nobody tells."""
    found = float(1 << 40)
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found = 1024.0 * int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1])
    with suppress(OSError, ValueError):  # "max" is no number, and no limit
        limit = int((_CGROUP / "memory.max").read_text(encoding="ascii"))
        found = min(found, float(limit - int((_CGROUP / "memory.current").read_text(encoding="ascii"))))
    return max(found, 0.0)
