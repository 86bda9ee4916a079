"""Asks once for each page whose headers are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from readiness.errors import NotMeasured
from readiness.measurements.provenance import Target
from readiness.probes.cost import Meter
from readiness.probes.http import Answer, Getter
from readiness.probes.window import Window

GRACE_S = 2.0
"""A short run may be over before this look began."""


def fetch_all(target: Target, paths: Iterable[str], window: Window, meter: Meter) -> Mapping[str, Answer | str]:
    """Path -> its answer, or the reason why there is none."""
    found: dict[str, Answer | str] = {}
    with Getter(target, meter) as getter:
        for path in dict.fromkeys(paths):
            try:
                found[path] = getter.get(path, stop=lambda: window.ended_before(GRACE_S))
            except NotMeasured as error:
                found[path] = str(error)
    return found


def answer(pages: Mapping[str, Answer | str], path: str) -> Answer:
    """The answer of `path`; raises NotMeasured when there is none."""
    found = pages.get(path, f"{path}: it was not asked for")
    if isinstance(found, str):
        raise NotMeasured(found)
    return found
