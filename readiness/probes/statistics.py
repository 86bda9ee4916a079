"""Two counters of a JSON document of the service, followed over the judged window; lifetime totals are never used."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from readiness.errors import NotMeasured
from readiness.measurements.run import Rate
from readiness.probes.http import Client, FetchFailed
from readiness.probes.window import Window
from readiness.text import clean

EVERY_S = 1.0
MAX_COUNTER = 2**63 - 1
INSTANCE = "instance"
"""A key at the top or beside the counters whose change means that the service was restarted."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The document once: two counters, and who counted."""

    first: int
    second: int
    instance: str | None


def follow(
    base_url: str,
    path: str,
    pointers: tuple[str, str],
    window: Window,
    rate_of: Callable[[int, int], tuple[int, int]],
) -> Rate:
    """Read at the window's beginning, about each second, and at its end.

    `rate_of` turns the growth of both counters into (hits, total). Raises NotMeasured when any reading fails, when a
    counter goes down, or when another instance answers.
    """
    if not window.wait_begin():
        raise NotMeasured("the judged window never began")
    with Client(base_url) as client:
        last = _read(client, path, pointers)
        blocks: list[tuple[int, int]] = []
        ended = False
        while not ended:
            ended = window.wait_end(EVERY_S)
            now = _read(client, path, pointers)
            blocks.append(rate_of(*_growth(last, now, path, pointers)))
            last = now
    hits, total = sum(block[0] for block in blocks), sum(block[1] for block in blocks)
    if not all(0 <= some <= every for some, every in blocks):
        raise NotMeasured(f"GET {clean(path, 100)}: {pointers[1]} grew more than {pointers[0]}, which cannot be")
    return Rate(hits, total, tuple(blocks))


def read(document: bytes, path: str, pointers: tuple[str, str]) -> Reading:
    """Both counters of a JSON text. Raises NotMeasured with what is wrong and where."""
    shown = f"GET {clean(path, 100)}"
    try:
        root: object = json.loads(document)
    except (ValueError, RecursionError):
        raise NotMeasured(f"{shown} is not JSON: {clean(document[:80].decode('utf-8', 'replace'), 80)!r}") from None
    first, second = (_counter(root, pointer, shown) for pointer in pointers)
    beside = resolve(root, pointers[0].rpartition("/")[0] + "/" + INSTANCE)
    instances = [str(value) for value in (resolve(root, "/" + INSTANCE), beside) if isinstance(value, str | int)]
    return Reading(first, second, " ".join(instances) or None)


def resolve(root: object, pointer: str) -> object:
    """The value at a JSON pointer (RFC 6901); None where there is none."""
    place = root
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(place, dict):
            place = place.get(key)
        elif isinstance(place, list) and key.isdecimal() and key.isascii() and len(key) < 7 and int(key) < len(place):
            place = place[int(key)]
        else:
            return None
    return place


def _read(client: Client, path: str, pointers: tuple[str, str]) -> Reading:
    for attempt in (1, 2):  # a kept connection may have been closed by the server meanwhile
        try:
            began_s = time.perf_counter()
            answer = client.get(path)
            break
        except FetchFailed as error:
            if attempt == 2 or error.failure not in ("reset", "protocol") or time.perf_counter() - began_s > 1:
                raise
    else:
        raise AssertionError("unreachable")
    if answer.status != 200:
        raise NotMeasured(f"GET {clean(path, 100)} answered {answer.status} instead of statistics")
    return read(answer.body, path, pointers)


def _counter(root: object, pointer: str, shown: str) -> int:
    value = resolve(root, pointer)
    if value is None:
        raise NotMeasured(f"{shown} has nothing at {clean(pointer, 80)}")
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_COUNTER:
        kind = clean(json.dumps(value), 60)
        raise NotMeasured(f"{shown} has {kind} at {clean(pointer, 80)}, which is not a counter (a whole number from 0)")
    return value


def _growth(last: Reading, now: Reading, path: str, pointers: tuple[str, str]) -> tuple[int, int]:
    if last.instance != now.instance:
        raise NotMeasured(
            f"GET {clean(path, 100)} was answered by another instance: the service was restarted, or one of several "
            "answers; counters of two instances cannot be subtracted"
        )
    for pointer, before, after in zip(pointers, (last.first, last.second), (now.first, now.second), strict=True):
        if after < before:
            raise NotMeasured(
                f"GET {clean(path, 100)}: {clean(pointer, 80)} went down from {before:,} to {after:,} "
                "(restarted or reset during the run)"
            )
    return now.first - last.first, now.second - last.second
