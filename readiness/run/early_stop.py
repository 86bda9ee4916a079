"""Judges the load while it runs: may it end early?"""

from __future__ import annotations

import time

from readiness.config.model import Config
from readiness.judge.early_stop import hopeless, is_due, undecided
from readiness.load.assembly import Assembly
from readiness.measurements.run import DECIDED

_EVERY_S = 0.9
"""Batches come once a second."""
SHARE = 0.1
"""Judging never takes more than this share of the time."""


class EarlyStop:
    """When to judge next, and what was judged last."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._next_s = 0.0
        self._seen_s = 0.0
        """Length of the measurement window that was judged last."""

    def enough(self, assembly: Assembly) -> str | None:
        """Why the load may end now (`Load.ending`); None while it must go on."""
        section = self._config.load
        started_s = time.monotonic()
        if started_s < self._next_s or not (section.until_decided or section.abort_when):
            return None
        so_far = assembly.load()
        if so_far is None:
            return None
        reason = hopeless(so_far, section.abort_when)
        due = section.until_decided and is_due(self._seen_s, so_far.judged_s, section.duration_s)
        if reason is None and due and not undecided(so_far, self._config):
            reason = DECIDED
        self._seen_s = so_far.judged_s
        took_s = time.monotonic() - started_s
        self._next_s = started_s + max(_EVERY_S, took_s / SHARE)
        return reason
