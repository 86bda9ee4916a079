"""Doubts about answers that the scenario counted as good, and that seem to be something else."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.measurements.run import Load
from readiness.text import clean

_LEAST = 5
"""Answers of an endpoint that must have been examined."""
_SHARE = 0.9


def doubts(load: Load) -> Iterator[str]:
    """A sentence for each endpoint nearly all of whose examined answers are log-in pages, or say error."""
    for seen in load.seen:
        examined, name = seen.examined, clean(seen.name, 100)
        if examined.answers < _LEAST:
            continue
        of_all = f"of the {examined.answers:,} good answers of {name} that were examined,"
        if examined.at_log_in >= _SHARE * examined.answers:
            place = clean(examined.place, 100)
            yield (
                f"{of_all} {examined.at_log_in:,} came from {place}, a log-in page to which a redirect led: nothing "
                f"behind it was tested; let the scenario log in, or ask for {place} itself if that page is meant"
            )
        elif examined.errors >= _SHARE * examined.answers:
            yield (
                f"{of_all} {examined.errors:,} are JSON that says error, and have no data, or streams with an event "
                "that says error: let the scenario call such an answer a failure (catch_response=True, "
                "response.failure(…)), or send what the service can answer"
            )
