"""Doubts about answers that the scenario counted as good, and that seem to be something else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from readiness.config.model import Check
from readiness.judge import allowed_failures
from readiness.measurements.response_facts import ExaminedAnswers
from readiness.measurements.run import Load
from readiness.stats.share import lower
from readiness.text import clean

_LEAST = 5
"""Answers of an endpoint that must have been examined; or that were false, one after the other, up to the end."""
_NEARLY_ALL = 0.9
_FEWEST, _SHARE = 3, 0.1
"""False answers, and their share of those that were examined: fewer may be chance, or single things that are gone."""


def doubts(load: Load, checks: Sequence[Check], confidence: float | None) -> Iterator[str]:
    """A sentence for each endpoint whose examined answers are false more often than its requests may fail."""
    allowed = {(one.scenario, one.name): allowed_failures.of_endpoint(checks, one) or 0.0 for one in load.endpoints}
    for seen in load.seen:
        examined, name = seen.examined, clean(seen.name, 100)
        of_all = f"of the {examined.answers:,} good answers of {name} that were examined,"
        if _too_many(examined, allowed.get((seen.scenario, seen.name), 0.0), confidence):
            yield f"{of_all} {_told(examined)}"
        elif examined.turned >= _LEAST and not examined.recovered:
            yield f"{of_all} the last {examined.turned:,} were false, and the ones before were not: {_told(examined)}"
        elif examined.emptied >= _LEAST and not examined.refilled:
            yield (
                f"{of_all} {examined.emptied:,} have no body, and the ones before had one: from then on nobody got "
                "anything; let the scenario check what it gets, or send what the service can answer"
            )


def notes(load: Load) -> tuple[str, ...]:
    """What may be meant: a scenario that calls a refusal (4xx) good, nearly always, or an error with success()."""
    found = []
    for seen in load.seen:
        examined = seen.examined
        of_all = f"of the {examined.answers:,} good answers of {clean(seen.name, 100)} that were examined,"
        if examined.answers >= _LEAST and examined.refused >= _NEARLY_ALL * examined.answers:
            found.append(
                f"{of_all} {examined.refused:,} have a status of 4xx, which the scenario calls good: what such a "
                "request asks for was not tested"
            )
        if examined.meant:
            found.append(f"{of_all} {examined.meant:,} say error, and the scenario called success() for them")
    return tuple(found)


def _too_many(examined: ExaminedAnswers, allowed: float, confidence: float | None) -> bool:
    answers = examined.answers
    kinds = (examined.at_log_in, sum(n for n, _ in _wrong(examined)))
    if answers >= _LEAST and max(kinds) >= _NEARLY_ALL * answers:
        return True  # whatever the scenario and the limits say: nothing else was tested
    false = sum(kinds) - examined.meant
    surely = false / max(answers, 1) if confidence is None else lower(false, answers, confidence)
    return false >= _FEWEST and false >= _SHARE * answers and surely > allowed


def _told(examined: ExaminedAnswers) -> str:
    wrong = [(n, what) for n, what in _wrong(examined) if n]
    found = []
    if examined.at_log_in:
        place = clean(examined.place, 100)
        found.append(
            f"{examined.at_log_in:,} came from {place}, a log-in page to which a redirect led: they tested nothing "
            f"behind it; let the scenario log in, or ask for {place} itself if that page is meant"
        )
    if wrong:
        meant = (
            "; where an error is meant, let it call response.success(), under a name whose other requests succeed"
            if examined.errors
            else ""
        )
        found.append(
            f"{', '.join(f'{n:,} {what}' for n, what in wrong)}: let the scenario call such an answer a failure "
            f"(catch_response=True, response.failure(…)), or send what the service can answer{meant}"
        )
    return "; ".join(found)


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
