"""What master and workers say to each other, as Locust's custom messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

from readiness import __version__
from readiness.text import clean

VERSION = f"readiness {__version__} with Locust {version('locust')}"
"""Master and workers must be the same: they share files' meaning, the wire's words and the way of counting."""

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
