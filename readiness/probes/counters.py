"""Counters of the service: by how much they grew in the measurement window.

Counters count since the service's start, so only their growth says anything about this run. Whatever makes the growth
doubtful (a counter that goes down, another instance that answers) gives a reason instead of a number.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from readiness.errors import NotMeasured
from readiness.measurements.run import Detail
from readiness.probes.sampler import NumberPlace, NumberSample, Readings, series_of
from readiness.text import clean

HIGHEST = 2**63


@dataclass(frozen=True, slots=True)
class Growth:
    """Growth of several counters over the window, and from reading to reading (about one second apart)."""

    total: tuple[int, ...]
    blocks: tuple[tuple[int, ...], ...]
    missed: int
    """Readings between first and last that got no answer."""

    def details(self, places: Sequence[NumberPlace]) -> tuple[Detail, ...]:
        """A line for each counter, in the order in which it was asked for."""
        grown = zip(places, self.total, strict=True)
        return tuple(Detail(place.shown, f"+{by:,}", None, "in the measurement window") for place, by in grown)


def growth(readings: Readings, places: Sequence[NumberPlace], *, of_time: NumberPlace | None = None) -> Growth:
    """Growth of the counters at `places`, which are in one document. Raises NotMeasured with path and item.

    `of_time` is the one that counts time and may have a fraction, which is left out.
    """
    rounds = list(zip(*(series_of(readings, place) for place in places), strict=True))
    for ends in (rounds[0], rounds[-1]):
        for sample in ends:
            if sample.problem is not None:
                raise NotMeasured(sample.problem)
    answered = [found for found in rounds if not any(sample.lost for sample in found)]
    values = [
        tuple(_counter(place, sample, fraction=place == of_time) for place, sample in zip(places, found, strict=True))
        for found in answered
    ]
    for before, after in pairwise(answered):
        _same_instance(places[0], before[0], after[0])
    blocks = []
    for old, new in pairwise(values):
        for place, was, now in zip(places, old, new, strict=True):
            if now < was:
                raise NotMeasured(
                    f"{place.shown}: the counter went down from {was:,} to {now:,} during the window; "
                    "the service restarted, reset its statistics, or more than one instance answers"
                )
        blocks.append(tuple(now - was for was, now in zip(old, new, strict=True)))
    total = tuple(end - start for start, end in zip(values[0], values[-1], strict=True))
    return Growth(total, tuple(blocks), len(rounds) - len(answered))


def _counter(place: NumberPlace, sample: NumberSample, *, fraction: bool) -> int:
    if sample.problem is not None:
        raise NotMeasured(sample.problem)
    value = sample.value
    if isinstance(value, float) and value.is_integer() and place.kind != "json":  # Prometheus has no whole numbers
        value = int(value)
    if isinstance(value, float) and fraction and 0 <= value < HIGHEST:
        value = int(value)
    if type(value) is not int or not 0 <= value < HIGHEST:  # bool is an int, and no counter
        shown = clean(json.dumps(value), 60)
        raise NotMeasured(f"{place.shown}: {shown} is not a counter; it must be a whole number from 0 up")
    return value


def _same_instance(place: NumberPlace, before: NumberSample, after: NumberSample) -> None:
    if before.instance != after.instance:
        raise NotMeasured(
            f"{place.path or 'INFO'}: another instance answered during the window ({_shown(before.instance)}, then "
            f"{_shown(after.instance)}); counters of different instances cannot be compared"
        )


def _shown(instance: str | None) -> str:
    return "none named" if instance is None else instance
