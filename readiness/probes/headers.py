"""security.headers: the response headers of each configured path, judged by value."""

from __future__ import annotations

from readiness.config.probes import Security
from readiness.measurements.run import Detail, Measurement
from readiness.probes.header_rules import findings
from readiness.probes.http import Getter
from readiness.probes.window import Window
from readiness.text import clean

METRIC = "security.headers"
GRACE_S = 2.0
"""A short run may be over before this look began."""
SOURCE = "probe headers"


def measure(base_url: str, settings: Security, window: Window) -> tuple[Measurement, ...]:
    """Rules that hold, of all that apply on all paths, in percent.

    Every status is judged: error pages need the headers too. Raises NotMeasured when a path gives no answer.
    """
    details: list[Detail] = []
    with Getter(base_url) as getter:
        for path in settings.paths:
            answer = getter.get(path, stop=lambda: window.ended_before(GRACE_S))
            details += [
                Detail(f"{clean(path, 100)}: {found.header}", clean(found.observed), found.ok, found.note)
                for found in findings(answer, settings.profile, https=base_url.startswith("https:"))
            ]
    met = sum(detail.ok is True for detail in details)
    value = 100 * met / len(details)
    return (Measurement(METRIC, None, value, SOURCE, samples=len(details), details=tuple(details)),)
