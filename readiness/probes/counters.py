"""Two counters in a JSON document of the service: by how much they grew in the judged window.

Counters count since the service's start, so only their growth says anything about this run. Whatever makes the growth
doubtful (a counter that goes down, another instance that answers) gives a reason instead of a number.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise

from readiness.errors import NotMeasured
from readiness.probes import json_pointer
from readiness.probes.http import Answer, FetchFailed, Getter
from readiness.probes.window import Window
from readiness.text import clean

EVERY_S = 1.0
LAST_TIMEOUT_S = 2.0
"""For the reading after the window: the run waits for it."""
HIGHEST = 2**63


@dataclass(frozen=True, slots=True)
class Reading:
    """Both counters at one moment; `instance` is the document's top-level `instance`, where it has one."""

    first: int
    second: int
    instance: str | None


@dataclass(frozen=True, slots=True)
class Growth:
    """Growth of both counters over the window, and from reading to reading (about one second apart)."""

    first: int
    second: int
    blocks: tuple[tuple[int, int], ...]
    missed: int
    """Readings between first and last that got no answer."""


def watch(base_url: str, path: str, first: str, second: str, window: Window) -> Growth:
    """Growth of the counters at the JSON pointers `first` and `second` of `path` over the judged window.

    Blocks until the window ended. Raises NotMeasured with path and pointer when there is nothing to trust.
    """
    if not window.wait_begin():
        raise NotMeasured(f"{path}: not read, because the judged window did not begin")
    missed = 0
    with Getter(base_url) as getter:
        readings = [_reading(getter.get(path), path, first, second)]
        while not window.wait_end(EVERY_S):
            try:
                answer = getter.get(path, stop=lambda: window.ended)
            except FetchFailed:  # one slow reading under load costs only a block
                missed += not window.ended
                continue
            readings.append(_reading(answer, path, first, second))
        readings.append(_reading(getter.get(path, timeout_s=LAST_TIMEOUT_S), path, first, second))
    return _growth(readings, path, first, second, missed)


def _growth(readings: list[Reading], path: str, first: str, second: str, missed: int) -> Growth:
    blocks = []
    for before, after in pairwise(readings):
        if before.instance != after.instance:
            raise NotMeasured(
                f"{path}: another instance answered during the window ({_shown(before.instance)}, then "
                f"{_shown(after.instance)}); counters of different instances cannot be compared"
            )
        for pointer, old, new in ((first, before.first, after.first), (second, before.second, after.second)):
            if new < old:
                raise NotMeasured(
                    f"{path} {pointer}: the counter went down from {old:,} to {new:,} during the window; "
                    "the service restarted, reset its statistics, or more than one instance answers"
                )
        blocks.append((after.first - before.first, after.second - before.second))
    start, end = readings[0], readings[-1]
    return Growth(end.first - start.first, end.second - start.second, tuple(blocks), missed)


def _reading(answer: Answer, path: str, first: str, second: str) -> Reading:
    if answer.status != 200:
        raise NotMeasured(f"{path}: answered {answer.status}, not 200, so {first} and {second} were not read")
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise NotMeasured(f"{path}: the answer is not JSON, so {first} and {second} were not read") from None
    instance = document.get("instance") if isinstance(document, dict) else None
    return Reading(
        _counter(document, path, first),
        _counter(document, path, second),
        None if instance is None else clean(instance, 60),
    )


def _counter(document: object, path: str, pointer: str) -> int:
    try:
        value = json_pointer.resolve(document, pointer)
    except LookupError:
        raise NotMeasured(f"{path} {pointer}: the JSON has nothing there") from None
    except ValueError as error:
        raise NotMeasured(f"{path} {pointer}: {error}") from None
    if type(value) is not int or not 0 <= value < HIGHEST:  # bool is an int, and no counter
        shown = clean(json.dumps(value), 60) if not isinstance(value, dict | list) else type(value).__name__
        raise NotMeasured(f"{path} {pointer}: {shown} is not a counter; it must be a whole number from 0 up")
    return value


def _shown(instance: str | None) -> str:
    return "none named" if instance is None else instance
