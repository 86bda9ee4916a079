"""Response headers by value: of the configured pages, and of one answer of each endpoint and status of the load."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.measurements.run import Detail, Measurement
from readiness.probes import fetched_pages, observatory
from readiness.probes.evidence import Evidence
from readiness.probes.header_rules import SECURE_UNKNOWN, findings
from readiness.probes.http import ProbeAnswer
from readiness.text import clean

RULES = "security.headers"
OBSERVATORY = "security.observatory"
_SOURCE = "probe headers"


def rules(evidence: Evidence) -> tuple[Measurement, ...]:
    """Rules that hold, of all that apply on all answers, in percent.

    Every status is judged: error pages need the headers too. Raises NotMeasured when a path gives no answer.
    """
    settings = evidence.settings.security
    details: list[Detail] = []
    for label, answer in answers(evidence):
        details += [
            Detail(f"{label}: {found.header}", clean(found.observed), found.ok, found.note)
            for found in findings(answer, settings.profile, https=evidence.https, sessions=settings.session_cookies)
        ]
    met, judged = (sum(detail.ok in oks for detail in details) for oks in ((True,), (True, False)))
    value = 100 * met / judged
    details.sort(key=lambda detail: (False, None, True).index(detail.ok))  # what is wrong first; else as they came
    return (Measurement(RULES, None, value, _SOURCE, samples=judged, details=tuple(details)),)


def grade(evidence: Evidence) -> tuple[Measurement, ...]:
    """The lowest score of any answer by the weights of MDN HTTP Observatory."""
    settings = evidence.settings.security
    scores = [
        (label, observatory.score(answer, settings.profile, https=evidence.https, sessions=settings.session_cookies))
        for label, answer in answers(evidence)
    ]
    label, worst = min(scores, key=lambda scored: scored[1].value)
    details = [Detail(f"{label}: grade", worst.grade, None, "the lowest of all answers that were read")]
    details += [
        Detail(f"{label}: {rule.header}", rule.observed, _is_good(rule), f"{rule.points:+d} points: {rule.why}")
        for rule in worst.rules
    ]
    return (Measurement(OBSERVATORY, None, float(worst.value), _SOURCE, len(scores), details=tuple(details)),)


def _is_good(rule: observatory.Rule) -> bool | None:
    return None if rule.why == SECURE_UNKNOWN else rule.points >= 0


def answers(evidence: Evidence) -> Iterator[tuple[str, ProbeAnswer]]:
    """Every answer to read, with a label. Raises NotMeasured when a configured page gave none."""
    for path in evidence.settings.security.paths:
        yield clean(path, 100), fetched_pages.answer(evidence.pages, path)
    for seen in evidence.load.seen if evidence.load else ():
        for head in seen.heads:
            yield clean(f"{seen.name} ({head.status})", 120), ProbeAnswer(head.status, head.headers, b"", 0.0, "")
