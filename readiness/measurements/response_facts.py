"""What the answers to the load said beside their latency: of a cache, of where the time went, of their headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from readiness.measurements.histogram import EMPTY, Histogram, merge
from readiness.measurements.traced import TracedRequest, most_telling


@dataclass(frozen=True, slots=True)
class TimeParts:
    """Where the time of some answers went, from their `Server-Timing` headers (W3C)."""

    samples: int = 0
    """Answers that this stands for; some are read in place of others."""
    total_ms: float = 0.0
    """Sum of what the client waited for them."""
    parts_ms: Mapping[str, float] = field(default_factory=dict)
    """Sum by the service's own name for the part, such as `db`."""


@dataclass(frozen=True, slots=True)
class Head:
    """Status and header fields of one answer; the values of cookies are left out."""

    status: int
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ExaminedAnswers:
    """What some answers were that the scenario counted as good: at most one of each second and process."""

    answers: int = 0
    """That were examined."""
    at_log_in: int = 0
    """Of these, those that a redirect from another path led to a log-in page for."""
    place: str = ""
    """Path of such a page."""
    errors: int = 0
    """JSON that says error, and without data beside it; SOAP faults; streams with an event that says so."""
    pages: int = 0
    """Pages and texts that are nothing but an error, or say that the service is down for maintenance."""
    empty: int = 0
    """Of GET with status 200, named HTML or JSON, and without a byte of body."""
    failed: int = 0
    """With a status of 5xx, or no answer at all."""
    refused: int = 0
    """With a status of 4xx."""
    emptied: int = 0
    """With status 200 and without a byte of body, after one that had a body."""
    refilled: int = 0
    """With a body, after one without."""
    meant: int = 0
    """Of `errors`, those for which the scenario called success()."""
    turned: int = 0
    """Log-in pages, errors, pages of errors, answers without a body or with 5xx, after one that was none of that."""
    recovered: int = 0
    """None of that, after one that was."""


NONE_EXAMINED = ExaminedAnswers()


def sum_examined(first: ExaminedAnswers, second: ExaminedAnswers) -> ExaminedAnswers:
    """Both as one; of the same endpoint."""
    return ExaminedAnswers(
        first.answers + second.answers,
        first.at_log_in + second.at_log_in,
        first.place or second.place,
        first.errors + second.errors,
        first.pages + second.pages,
        first.empty + second.empty,
        first.failed + second.failed,
        first.refused + second.refused,
        first.emptied + second.emptied,
        first.refilled + second.refilled,
        first.meant + second.meant,
        first.turned + second.turned,
        first.recovered + second.recovered,
    )


@dataclass(frozen=True, slots=True)
class ResponseFacts:
    """One endpoint of one scenario in the measurement window."""

    scenario: str
    name: str
    hit: Histogram = EMPTY
    miss: Histogram = EMPTY
    """Latency of answers that the watched header calls a hit of the service's cache, or a miss."""
    timing: TimeParts = TimeParts()
    slow: TimeParts = TimeParts()
    """As `timing`, of answers slower than the endpoint's P95 of the seconds before."""
    heads: tuple[Head, ...] = ()
    """One answer of each status, and one that sets cookies."""
    traces: tuple[TracedRequest, ...] = ()
    """Of a traced load: its slowest requests, and some of those that failed."""
    examined: ExaminedAnswers = NONE_EXAMINED
    """A few of the answers that counted as good."""


def merge_facts(first: ResponseFacts, second: ResponseFacts) -> ResponseFacts:
    """Both as one; of the same endpoint."""
    known = {(head.status, sets_cookie(head)) for head in first.heads}
    return ResponseFacts(
        first.scenario,
        first.name,
        merge(first.hit, second.hit),
        merge(first.miss, second.miss),
        _sum(first.timing, second.timing),
        _sum(first.slow, second.slow),
        (*first.heads, *(head for head in second.heads if (head.status, sets_cookie(head)) not in known)),
        most_telling((*first.traces, *second.traces)),
        sum_examined(first.examined, second.examined),
    )


def sets_cookie(head: Head) -> bool:
    """Whether the answer sets a cookie."""
    return any(name.lower() == "set-cookie" for name, _ in head.headers)


def _sum(first: TimeParts, second: TimeParts) -> TimeParts:
    parts_ms = dict(first.parts_ms)
    for name, spent_ms in second.parts_ms.items():
        parts_ms[name] = parts_ms.get(name, 0.0) + spent_ms
    return TimeParts(first.samples + second.samples, first.total_ms + second.total_ms, parts_ms)
