"""Doubts about answers that the scenario counted as good, and that seem to be something else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from readiness.measurements.response_facts import ExaminedAnswers
from readiness.measurements.run import Load
from readiness.text import clean

_LEAST = 5
"""Answers of an endpoint that must have been examined."""
_SHARE = 0.9


def doubts(load: Load) -> Iterator[str]:
    """A sentence for each endpoint nearly all of whose examined answers are log-in pages, say error, or say nothing."""
    for seen in load.seen:
        examined, name, wrong = seen.examined, clean(seen.name, 100), _wrong(seen.examined)
        if examined.answers < _LEAST:
            continue
        of_all = f"of the {examined.answers:,} good answers of {name} that were examined,"
        if examined.at_log_in >= _SHARE * examined.answers:
            place = clean(examined.place, 100)
            yield (
                f"{of_all} {examined.at_log_in:,} came from {place}, a log-in page to which a redirect led: nothing "
                f"behind it was tested; let the scenario log in, or ask for {place} itself if that page is meant"
            )
        elif sum(n for n, _ in wrong) >= _SHARE * examined.answers:
            told = ", ".join(f"{n:,} {what}" for n, what in wrong if n)
            yield (
                f"{of_all} {told}: let the scenario call such an answer a failure (catch_response=True, "
                "response.failure(…)), or send what the service can answer; an error that is meant goes under a name "
                "whose other requests succeed"
            )
        elif examined.emptied >= _LEAST and not examined.refilled:
            yield (
                f"{of_all} {examined.emptied:,} have no body, and the ones before had one: from then on nobody got "
                "anything; let the scenario check what it gets, or send what the service can answer"
            )


def notes(load: Load) -> tuple[str, ...]:
    """What may be meant: a scenario that calls a refusal (4xx) good, nearly always."""
    return tuple(
        f"of the {seen.examined.answers:,} good answers of {clean(seen.name, 100)} that were examined, "
        f"{seen.examined.refused:,} have a status of 4xx, which the scenario calls good: what such a request asks for "
        "was not tested"
        for seen in load.seen
        if seen.examined.answers >= _LEAST and seen.examined.refused >= _SHARE * seen.examined.answers
    )


def _wrong(examined: ExaminedAnswers) -> Sequence[tuple[int, str]]:
    return (
        (examined.failed, "have a status of 5xx, or are no answer at all"),
        (
            examined.errors,
            "are JSON that says error, and have no data, SOAP faults, or streams with an event that says error",
        ),
        (examined.pages, "are pages of an error or of maintenance"),
        (examined.empty, "have no body, with status 200 and a type that needs one"),
    )
