"""What people say of a release, as of the day of its run."""

from __future__ import annotations

from datetime import date

from readiness.config.model import Config
from readiness.judge.verdict import Attested
from readiness.measurements.run import Run
from readiness.text.numbers import moment


def attestations(run: Run, config: Config) -> tuple[Attested, ...]:
    """What people say, as of the end of the run: its own day, so that judging again says the same."""
    day = ended_on(run)
    return tuple(
        Attested(item.title, item.who, item.when.isoformat(), item.expires.isoformat(), item.expires < day)
        for item in config.attested
    )


def ended_on(run: Run) -> date:
    """The day (UTC) on which the run ended; the last of all days when run.json does not say, so nothing counts."""
    at = moment(run.ended_at)
    return at.date() if at else date.max
