"""One figure a line, with its goal, and a mark where the goal is missed by more than chance explains."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Mapper = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""A `map` that may use all cores, in order."""

MARGIN = 1.5
"""Points beyond the goal that may be chance in 1,000 runs."""
MARK = "<- over"


def at_most(words: str, percent: float, goal: float, more: str = "") -> None:
    """Print a share that should be small."""
    _line(words, percent, f"<= {goal:g}", percent > goal + MARGIN, more)


def at_least(words: str, percent: float, goal: float, more: str = "") -> None:
    """Print a share that should be large."""
    _line(words, percent, f">= {goal:g}", percent < goal - MARGIN, more)


def _line(words: str, percent: float, goal: str, missed: bool, more: str) -> None:
    print(f"{words:70} {percent:6.1f} %   goal {goal:6} {MARK if missed else '':8}{more}".rstrip(), flush=True)
