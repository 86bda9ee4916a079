"""WatchPlan: what the engine watches for in answers, a part of its plan."""

from __future__ import annotations

from dataclasses import dataclass

RETRY_AFTER_HEADER = "Retry-After"
"""As a cache header: a refusal (429 or 5xx) that has it is a hit, one without it is none, and nothing else counts."""


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """What to watch for; nothing by default."""

    cache_header: str | None = None
    hits: tuple[str, ...] = ()
    """Values of the cache header that mean a hit, where it is neither Cache-Status nor Age."""
    server_timing: bool = False
    heads: bool = False
    """Keep one answer's head of each endpoint and status, for the rules about headers."""

    moments: tuple[str, ...] = ()
    """What to note of answers before their end (readiness.metrics.moments)."""
    everywhere: bool = False
    """In every answer of the load, not only in those of the measurement window."""

    @property
    def idle(self) -> bool:
        """Whether there is nothing to watch for."""
        return self.cache_header is None and not self.server_timing and not self.heads
