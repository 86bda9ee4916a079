"""What master and workers say to each other, as Locust's custom messages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from readiness import __file__ as _package
from readiness import __version__
from readiness.text import clean

SOURCES = ("__init__.py", "errors.py", "scenario.py", "config", "load", "measurements", "metrics", "text")
"""Of the package: all that a worker runs."""

JOINED = "readiness.joined"
"""Worker: here I am: {name, version, scenarios: {stem: SHA-256 of the worker's own file}}."""
EVENT = "readiness.event"
"""Worker: one event of its engine, as `readiness.load.engine_events` writes it."""
PLAN = "readiness.plan"
"""Master: the shard to drive, as `readiness.load.engine_plan` writes it."""
GO = "readiness.go"
"""Master: everybody is ready, begin."""
STOP = "readiness.stop"
"""Master: end the load early and hand in the numbers."""
ENOUGH = "readiness.enough"
"""Master: end the load now as if its time were over, requests in flight may still finish."""
LEAVE = "readiness.leave"
"""Master: your numbers arrived, or are not wanted any more; the text says why."""

FROM_WORKER = (JOINED, EVENT)
FROM_MASTER = (PLAN, GO, STOP, ENOUGH, LEAVE)


@cache
def own_version() -> str:
    """What master and workers must have the same of: they share files' meaning, the wire's words and the counting.

    Two states of the code between two releases have one number. So the sources count too.
    """
    return f"readiness {__version__} (sources {digest(Path(_package).parent)}) with Locust {version('locust')}"


def digest(package: Path) -> str:
    """Of SOURCES below `package`."""
    found = hashlib.sha256()
    for name in SOURCES:
        for path in sorted((package / name).rglob("*.py")) or [package / name]:
            found.update(f"{path.relative_to(package)}\0".encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Joined:
    """What a worker says of itself."""

    name: str
    version: str
    scenarios: Mapping[str, str]


def joined(data: object) -> Joined:
    """The content of a JOINED message; what is missing or not text is empty."""
    told = data if isinstance(data, dict) else {}
    scenarios = told.get("scenarios")
    return Joined(
        clean(told.get("name") or "without a name", 100),
        clean(told.get("version") or "of an unknown version", 100),
        scenarios if isinstance(scenarios, dict) else {},
    )
