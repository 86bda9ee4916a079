"""Users of a closed load who waited in the measurement window for an answer that never came. Pure.

A request counts where it began. One that began before the window and hung through it is therefore in no check, and one
that hung in the window is one request of many, however long its user waited.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from readiness.config.model import Check
from readiness.judge import allowed_failures
from readiness.measurements.run import Load
from readiness.text.numbers import count

_FEW = 0.01
"""The share of users that may be lost where no check limits the failed requests."""
_MUCH = 0.1
"""From this share of the users' time on a note says where it went."""


def doubts(load: Load, checks: Sequence[Check]) -> Iterator[str]:
    """A sentence where more users were lost before the window than requests may fail."""
    lost = min(load.unanswered.from_before, load.users) if load.unanswered else 0
    allowed = allowed_failures.of_users(checks)
    share = lost / max(load.users, 1)
    if lost and (share >= _FEW if allowed is None else share > allowed):
        yield (
            f"{lost:,} of {count(load.users, 'user')} waited at least half of the measurement window for an answer "
            f"that never came: their requests began before it, so no check counts them; let "
            f"load.duration be longer than load.timeout, make load.timeout shorter, or repair the service"
        )


def notes(load: Load | None) -> tuple[str, ...]:
    """The share of the users' time that was lost, where it is much."""
    lost = load.unanswered if load else None
    if load is None or lost is None or not load.judged_s:
        return ()
    share = min(lost.time_s / (load.judged_s * max(load.users, 1)), 1.0)
    if share <= _MUCH:
        return ()
    return (
        f"{100 * share:.0f} % of the users' time in the measurement window went to "
        f"{count(lost.requests, 'request')} without a complete answer; a request counts once, however long its user "
        "waited",
    )
