"""Doubts about answers that the scenario counted as good, and that look like something else."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.measurements.run import Load
from readiness.text import clean

_LEAST = 5
"""Answers of an endpoint that must have been looked at."""
_SHARE = 0.9


def doubts(load: Load) -> Iterator[str]:
    """A sentence for each endpoint nearly all of whose looked-at answers are log-in pages, or JSON that says error."""
    for seen in load.seen:
        looks, name = seen.looks, clean(seen.name, 100)
        if looks.answers < _LEAST:
            continue
        of_all = f"of the {looks.answers:,} good answers of {name} that were looked at,"
        if looks.at_log_in >= _SHARE * looks.answers:
            place = clean(looks.place, 100)
            yield (
                f"{of_all} {looks.at_log_in:,} came from {place}, a log-in page to which a redirect led: nothing "
                f"behind it was tested; let the scenario log in, or ask for {place} itself if that page is meant"
            )
        elif looks.errors >= _SHARE * looks.answers:
            yield (
                f"{of_all} {looks.errors:,} are JSON that says error, and have no data: let the scenario call such an "
                "answer a failure (catch_response=True, response.failure(…)), or send what the service can answer"
            )
