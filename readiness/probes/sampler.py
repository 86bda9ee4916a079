"""Reads numbers that the service says of itself, some twenty times over the measurement window.

Every request for a document goes through here: one that five metrics need is asked for once and not five times.
Only the values are kept, never the documents.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from readiness.errors import NotMeasured
from readiness.measurements.probing import MOST_SHARE
from readiness.measurements.provenance import Target
from readiness.probes import json_pointer, prometheus, redis_info
from readiness.probes.allowance import Allowance
from readiness.probes.http import TIMEOUT_S, FetchFailed, ProbeAnswer, fetch, new_client
from readiness.probes.lean_httpx import httpx
from readiness.probes.window import Window
from readiness.text import clean, name_service

_PROBE = "readings"
SHORTEST_S, _LONGEST_S = 1.0, 10.0
READINGS = 20.0
"""Readings over the measurement window: enough to see a counter go down or a state change, few beside a load."""
ENDS_TIMEOUT_S = 8.0
"""For the first and the last reading, without which there is no growth: a service that is late is still asked."""
LAST_TRIES, TRY_AGAIN_AFTER_S = 2, 1.0
"""A service that answered before, and whose last reading is missing, is asked once more."""
_POLL_S = 0.02
START_TIME = "process_start_time_seconds"
"""What Prometheus's client libraries say of the process that answers."""

Value = str | int | float | bool | None


class NumberPlace(NamedTuple):
    """Where one value is."""

    kind: str
    """`json` (item: a pointer), `prometheus` (a selector), `header` (a name), `info` (a field of Redis's INFO)."""
    path: str
    """On the target; empty for `info`."""
    item: str
    apart: bool = False
    """Whether each reading has a connection of its own, to the next address: some balancers choose once for each."""

    @property
    def shown(self) -> str:
        """For messages and reports."""
        return f"INFO {self.item}" if self.kind == "info" else f"{self.path} {self.item}"


@dataclass(frozen=True, slots=True)
class NumberSample:
    """One value at one moment, or why there is none."""

    at_s: float
    """Monotonic seconds."""
    value: Value = None
    problem: str | None = None
    lost: bool = False
    """No answer came at all, which one slow second of a service may explain."""
    instance: str | None = None
    """Who answered, where the document says so."""


_Series = Mapping[NumberPlace, tuple[NumberSample, ...]]


@dataclass(frozen=True, slots=True)
class Readings:
    """Everything that was read."""

    series: _Series
    began: bool
    """Whether the measurement window ever began."""
    failure: str | None = None
    """Why nothing was read at all."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Path -> readings that were due, and that the load did not pay for."""


def states_of(readings: Readings, place: NumberPlace) -> tuple[NumberSample, ...]:
    """The samples of a place whose value says only how things stand when it is read, so that a few prove nothing.

    Raises NotMeasured also when more of the readings that were due were left out than made.
    """
    samples = series_of(readings, place)
    left_out = readings.left_out.get(place.path, 0)
    if left_out > len(samples):
        missing = (left_out + len(samples)) // 2 + 1 - len(samples)
        raise NotMeasured(
            f"{place.path}: read {len(samples)} times, and {left_out} readings were left out: probes send at most "
            f"{100 * MOST_SHARE:g} % of the load's requests, and take as much of its time; at least "
            f"{math.ceil(missing / MOST_SHARE):,} requests more would pay for enough readings"
        )
    return samples


def series_of(readings: Readings, place: NumberPlace) -> tuple[NumberSample, ...]:
    """The samples of one place; raises NotMeasured when there are none."""
    if readings.failure is not None:
        raise NotMeasured(readings.failure)
    samples = readings.series.get(place, ())
    if not readings.began or not samples:
        raise NotMeasured(f"{place.path or 'INFO'}: not read, because the measurement window did not begin")
    return samples


def names_in(samples: Sequence[NumberSample]) -> list[str]:
    """What stood there, reading by reading, but for lost ones. Raises NotMeasured for a problem, and for nothing."""
    for sample in samples:
        if sample.problem is not None and not sample.lost:
            raise NotMeasured(sample.problem)
    names = [str(sample.value) for sample in samples if sample.problem is None]
    if not names:
        raise NotMeasured(str(samples[0].problem))
    return names


def collect(
    target: Target,
    places: Iterable[NumberPlace],
    cache_url: str | None,
    window: Window,
    allowance: Allowance,
    duration_s: float = 20.0,
) -> Readings:
    """Read all places until the window ended; never raises for what a server does."""
    wanted = tuple(dict.fromkeys(places))
    if not wanted:
        return Readings({}, window.wait_begin())
    return name_service.run(_collect(target, wanted, cache_url, window, allowance, reading_pace_s(duration_s)))


def reading_pace_s(duration_s: float) -> float:
    """Time between two readings in a window of `duration_s`."""
    return min(max(duration_s / READINGS, SHORTEST_S), _LONGEST_S)


async def _collect(
    target: Target,
    places: tuple[NumberPlace, ...],
    cache_url: str | None,
    window: Window,
    allowance: Allowance,
    every_s: float,
) -> Readings:
    series: dict[NumberPlace, list[NumberSample]] = {place: [] for place in places}
    left_out: Counter[str] = Counter()
    async with new_client() as client, new_client(kept=False) as passing:
        clients = (client, passing)
        while window.begin_s is None and not window.ended:
            await asyncio.sleep(_POLL_S)
        if window.begin_s is None:
            return Readings(dict.fromkeys(places, ()), False)
        first = True
        while True:
            due_s = time.monotonic() + every_s
            last = window.ended
            await _round(clients, target, series, cache_url, window, allowance, left_out, due_s, first=first, last=last)
            if last:
                break
            first = False
            while time.monotonic() < due_s and not window.ended:
                await asyncio.sleep(_POLL_S)
    return Readings({place: tuple(samples) for place, samples in series.items()}, True, left_out=left_out)


async def _round(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient],
    target: Target,
    series: dict[NumberPlace, list[NumberSample]],
    cache_url: str | None,
    window: Window,
    allowance: Allowance,
    left_out: Counter[str],
    due_s: float,
    *,
    first: bool,
    last: bool,
) -> None:
    """One reading of every document, side by side; one between the first and the last only if the load pays for it."""
    documents = sorted({(place.kind == "info", place.path, place.apart) for place in series})

    # When the load stops, what is under way is given up and the last reading begins.
    def stop() -> bool:
        return not last and window.ended

    timeout_s = ENDS_TIMEOUT_S if first or last else TIMEOUT_S
    late_s = time.monotonic() + timeout_s if first or last else due_s

    async def ask(path: str, apart: bool, turn: int, *, tries: int) -> ProbeAnswer | None:
        first_of = turn % max(len(target.addresses), 1) if apart else 0
        where = replace(target, addresses=target.addresses[first_of:] + target.addresses[:first_of])
        async with allowance.turn(
            _PROBE, path, lambda: time.monotonic() > late_s or stop(), extra=not (first or last)
        ) as sent:
            if sent is None:
                return None
            try:
                return await fetch(clients[apart], where, path, timeout_s=timeout_s, stop=stop, sent=sent)
            except FetchFailed as error:
                if tries == 1 or error.failure == "too_large":
                    raise
        await asyncio.sleep(TRY_AGAIN_AFTER_S)
        return await ask(path, apart, turn, tries=tries - 1)

    async def read(is_info: bool, path: str, apart: bool) -> None:
        mine = [one for one in series if (one.kind == "info", one.path, one.apart) == (is_info, path, apart)]
        at_s = time.monotonic()
        try:
            if is_info:
                found = _of_info(mine, await redis_info.info(cache_url or "", timeout_s=timeout_s), at_s)
            else:
                before = series[mine[0]]
                answered = any(not sample.lost for sample in before)
                answer = await ask(path, apart, len(before), tries=LAST_TRIES if last and answered else 1)
                if answer is None:
                    left_out[path] += not window.ended
                    return
                found = _of_answer(mine, answer, at_s)
        except NotMeasured as error:
            lost = is_info or (isinstance(error, FetchFailed) and error.failure != "too_large")
            found = {place: NumberSample(at_s, problem=str(error), lost=lost) for place in mine}
        for place, sample in found.items():
            series[place].append(sample)

    await asyncio.gather(*(read(*document) for document in documents))


def _of_info(places: list[NumberPlace], fields: Mapping[str, str], at_s: float) -> dict[NumberPlace, NumberSample]:
    found = {}
    for place in places:
        text = fields.get(place.item)
        if text is None:
            found[place] = NumberSample(at_s, problem=f"INFO has no field {place.item}")
        else:
            found[place] = NumberSample(at_s, _scalar(text), instance=fields.get("run_id"))
    return found


def _of_answer(places: list[NumberPlace], answer: ProbeAnswer, at_s: float) -> dict[NumberPlace, NumberSample]:
    found = {}
    document: object = None
    instance: str | None = None
    unread: str | None = None
    path = places[0].path
    if answer.status != 200 and any(place.kind != "header" for place in places):
        items = " and ".join(place.item for place in places if place.kind != "header")
        unread = f"{path}: answered {answer.status}, not 200, so {items} were not read"
    elif any(place.kind == "json" for place in places):
        try:
            document = json.loads(answer.body)
        except (ValueError, RecursionError):
            items = " and ".join(place.item for place in places)
            unread = f"{path}: the answer is not JSON, so {items} were not read"
        else:
            instance = _instance(document)
    text = answer.body.decode("utf-8", "replace") if any(place.kind == "prometheus" for place in places) else ""
    if text and unread is None:
        instance = _started(text)
    for place in places:
        if place.kind == "header":
            values = answer.values(place.item)
            found[place] = (
                NumberSample(at_s, _scalar(values[-1]))
                if values
                else NumberSample(at_s, problem=f"{place.shown}: no such header")
            )
        elif unread is not None:
            found[place] = NumberSample(at_s, problem=unread)
        else:
            found[place] = _read(place, document, text, at_s, instance)
    return found


def _read(place: NumberPlace, document: object, text: str, at_s: float, instance: str | None) -> NumberSample:
    try:
        value = (
            json_pointer.resolve(document, place.item) if place.kind == "json" else prometheus.select(text, place.item)
        )
    except LookupError:
        what = "the JSON has nothing there" if place.kind == "json" else "there is no such sample"
        return NumberSample(at_s, problem=f"{place.shown}: {what}")
    except ValueError as error:
        return NumberSample(at_s, problem=f"{place.shown}: {clean(error, 100)}")
    if isinstance(value, dict | list):
        return NumberSample(at_s, problem=f"{place.shown}: {type(value).__name__} is not a single value")
    if isinstance(value, str):
        value = clean(value, 60)
    return NumberSample(at_s, value if isinstance(value, Value) else None, instance=instance)


def _instance(document: object) -> str | None:
    given = document.get("instance") if isinstance(document, dict) else None
    return None if given is None else clean(given, 60)


def _started(text: str) -> str | None:
    try:
        return f"{prometheus.select(text, START_TIME):.15g}"
    except (LookupError, ValueError):
        return None


def _scalar(text: str) -> Value:
    """A number where the text is one, else the text."""
    try:
        value = float(text)
    except ValueError:
        return clean(text, 60)
    if not math.isfinite(value):
        return clean(text, 60)
    return int(value) if value.is_integer() and abs(value) < 2**63 and text.strip().isdigit() else value
