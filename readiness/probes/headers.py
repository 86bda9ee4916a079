"""security.headers: the rules of rules.py on every configured path, judged by value."""

from __future__ import annotations

from readiness.config.probes import Security
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement
from readiness.probes.http import Client
from readiness.probes.rules import RULES, Seen
from readiness.probes.window import Window
from readiness.text import clean

METRIC = "security.headers"
SOURCE = "probe security"


def measure(base_url: str, settings: Security, window: Window) -> tuple[Measurement, ...]:
    """Rules met of those that apply, in percent; one Detail each. Raises NotMeasured when a path has no answer."""
    details: list[Detail] = []
    with Client(base_url) as client:
        for path in settings.paths:
            answer = client.get(path)
            seen = Seen(answer.headers, https=client.https, profile=settings.profile)
            details += judged(f"GET {clean(path, 100)} ({answer.status})", seen)
    if not details:
        raise NotMeasured("no path is configured: set probes.security.paths")
    value = 100 * sum(detail.ok is True for detail in details) / len(details)
    return (Measurement(METRIC, None, value, SOURCE, samples=len(details), details=tuple(details)),)


def judged(where: str, seen: Seen) -> list[Detail]:
    """Every rule that applies to one answer."""
    details = []
    for rule in RULES:
        if rule.applies(seen):
            finding = rule.judge(seen)
            note = f"{finding.problem}; {rule.fix}" if finding.problem else ""
            details.append(Detail(f"{where}: {rule.name}", clean(finding.observed or "absent", 160), not note, clean(note)))
    return details
