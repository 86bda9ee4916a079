"""service.restarts: whether the process that was measured at the end is the one that was measured at the start.

And whether every declared instance answers: readings have connections of their own then, and no cookies, so a fair
balancer shows each of them soon.
"""

from __future__ import annotations

import math

from readiness.config.probes import Instance
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement
from readiness.probes.evidence import Evidence
from readiness.probes.sampler import NumberPlace, names_in, series_of

RESTARTS_METRIC = "service.restarts"
_SOURCE = "probe instance"
_CHANCE = 0.01
"""A doubt, where a fair balancer would hide the missing instances no more often than this."""


def places(settings: Instance) -> tuple[NumberPlace, ...]:
    """What to read."""
    found, apart = [], settings.instances > 1
    if settings.json is not None:
        found.append(NumberPlace("json", settings.json, settings.pointer, apart))
    if settings.metrics is not None:
        found.append(NumberPlace("prometheus", settings.metrics, settings.metric, apart))
    if settings.header is not None:
        found.append(NumberPlace("header", settings.path, settings.header, apart))
    return tuple(found)


def restarts(evidence: Evidence) -> tuple[Measurement, ...]:
    """Different identities that answered, beyond the declared number of instances.

    Without settings, a document that is read anyway and names its instance is enough. Raises NotMeasured when nobody
    said who answered.
    """
    found = told(evidence)
    if not found:
        raise NotMeasured("nothing says which process answers; set probes.instance to a field, a metric or a header")
    declared, named = evidence.settings.instance.instances, bool(places(evidence.settings.instance))
    details = []
    most = 0
    for where, names in found.items():
        different = list(dict.fromkeys(names))
        extra = max(len(different) - declared, 0)
        most = max(most, extra)
        shown = ", then ".join(different[:5])
        told_of = f"{len(names):,} readings, {len(different):,} distinct"
        if missing := named and _are_missing(len(different), declared, len(names)):
            told_of = f"{len(names):,} readings, {len(different):,} of {declared:,} declared instances"
        details.append(Detail(where, shown, not extra and not missing, told_of))
    readings = max(len(names) for names in found.values())
    return (Measurement(RESTARTS_METRIC, None, float(most), _SOURCE, readings, details=tuple(details)),)


def _are_missing(seen: int, declared: int, readings: int) -> bool:
    """Whether so few different ones in so many readings are no chance, were each as likely to answer."""
    return seen < declared and math.comb(declared, seen) * (seen / declared) ** readings <= _CHANCE


def is_told(evidence: Evidence) -> bool:
    """Whether it was declared, or somebody said without being asked, who answers."""
    return bool(places(evidence.settings.instance)) or bool(told(evidence))


def told(evidence: Evidence) -> dict[str, list[str]]:
    """Where -> every name that was given there, in order. Raises NotMeasured when a declared place has none."""
    declared = places(evidence.settings.instance)
    if declared:
        found = {place.shown: names_in(series_of(evidence.readings, place)) for place in declared}
    else:
        found = {
            f"{place.path}: instance": [sample.instance for sample in samples if sample.instance is not None]
            for place, samples in evidence.readings.series.items()
            if place.kind != "info"
        }
    return {where: names for where, names in found.items() if names}
