"""The log-in of one user that must come again before its token ends."""

from __future__ import annotations

import math
from collections.abc import Callable


class Renewal:
    """What to call, and when."""

    def __init__(self) -> None:
        self.due_s = math.inf
        """perf_counter; no request is sent after it before the log-in."""
        self._log_in: Callable[[], object] | None = None

    def plan(self, log_in: Callable[[], object], due_s: float) -> None:
        """Have `log_in` called once, then."""
        self._log_in, self.due_s = log_in, due_s

    def log_in(self) -> None:
        """Do it. Where it raises, the next request begins with it again."""
        planned, self._log_in, self.due_s = self._log_in, None, math.inf  # its own requests go out as they are
        try:
            if planned is not None:
                planned()
        except BaseException:
            if planned is not None and self._log_in is None:
                self.plan(planned, 0.0)
            raise
