"""cache.consistency: whether a write is visible to a reader within the time that the service promises.

It writes to the target, so it runs only where thresholds.yaml declares a write and a read, after the load, a few times.
Where the write's body holds {n}, the value that is read must hold that number: another value is no proof, because two
stale caches behind one port, a counter or a clock give another one too. Without it the value must only be another one,
so it is watched first: what changes by itself says nothing.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from urllib.parse import urlencode

from readiness.config.probes import NUMBER, Consistency, RequestSettings
from readiness.errors import NotMeasured
from readiness.measurements.provenance import Target
from readiness.measurements.run import Detail, Measurement
from readiness.probes import json_pointer
from readiness.probes.forms import hidden_fields
from readiness.probes.http import Getter, Message, ProbeAnswer
from readiness.text import clean

CONSISTENCY_METRIC = "cache.consistency"
_SOURCE = "probe consistency"
_EVERY_S = 0.1
_IN_A_ROW = 3
"""Reads that must show a write: of several caches behind one port, one that shows it is not enough."""
_WATCHED_S = 1.2
"""How long a value is watched before the first write: a clock that shows seconds moves in it."""
_AHEAD = 40_000_000
"""What is written lies so many seconds ahead of the clock, so that no time that a service tells is taken for it."""
_TIMEOUT_S = 5.0
FORM = "application/x-www-form-urlencoded"


def measure(target: Target, settings: Consistency | None, stopped: Callable[[], bool]) -> Measurement:
    """Writes that were visible in time, in percent of all writes.

    Raises NotMeasured when nothing is declared, a write is refused, a read has no value at its pointer, a value changes
    without a write or to something else than was written, or a write that was not seen may have changed nothing,
    because it is the same each time.
    """
    if settings is None:
        raise NotMeasured("probes.cache.consistency declares no write and read; it is never guessed, because it writes")
    compares = NUMBER in settings.write.body
    details = []
    good = 0
    with Getter(target) as getter:
        cookies = _sign_in(getter, settings.sign_in) if settings.sign_in else {}

        def read() -> object:
            return _value(_send(getter, settings.read, cookies), settings.read)

        if not compares:
            _watch(read, settings.read, stopped)
        first = int(time.time()) + _AHEAD  # later runs write larger numbers, and they fit into 32 bits
        for number in range(first + 1, first + 1 + settings.times):
            which = f"write {number - first}"
            before = read()  # and the cache is warm now
            _write(getter, settings.write.numbered(number), cookies)
            shows = partial(_holds, number) if compares else partial(_differs, before)
            took_s, last = _await(read, shows, settings.within_s, stopped)
            in_time = took_s is not None and took_s <= settings.within_s
            good += in_time
            if not in_time:
                _check_comparable(settings, which, number, before, last)
            observed = "not visible" if took_s is None else f"visible after {1000 * took_s:,.0f} ms"
            promised = f"{settings.within_s:g} s are promised"
            details.append(Detail(f"{settings.read.path}: {which}", observed, in_time, promised))
    value = 100 * good / settings.times
    return Measurement(CONSISTENCY_METRIC, None, value, _SOURCE, samples=settings.times, details=tuple(details))


def _watch(read: Callable[[], object], request: RequestSettings, stopped: Callable[[], bool]) -> None:
    """Raises NotMeasured when the value is another one without a write."""
    first, ends_s = read(), time.monotonic() + _WATCHED_S
    while time.monotonic() < ends_s and not stopped():
        if (now := read()) != first:
            raise NotMeasured(
                f"{request.path} {request.pointer}: the value changes without a write ({_shown(first)}, then "
                f"{_shown(now)}), so it shows none; put {NUMBER} into the body of the write, and read it where it is"
            )
        time.sleep(_EVERY_S)


def _await(
    read: Callable[[], object], shows: Callable[[object], bool], within_s: float, stopped: Callable[[], bool]
) -> tuple[float | None, object]:
    """Seconds until all reads show the write, and what was read last.

    None when they do not, in the time promised and one reading more.
    """
    started_s = time.monotonic()
    since_s, row = started_s, 0
    while True:
        if stopped():
            raise NotMeasured("the run was ended before the write was visible")
        asked_s = time.monotonic()
        value = read()
        if shows(value):
            since_s, row = (since_s, row + 1) if row else (asked_s, 1)
            if row == _IN_A_ROW:
                return since_s - started_s, value
            continue
        row = 0
        if asked_s - started_s > within_s:
            return None, value
        time.sleep(_EVERY_S)


def _check_comparable(settings: Consistency, which: str, number: int, before: object, last: object) -> None:
    """Raises NotMeasured when a write that was not seen may be no fault of the service."""
    write, read = settings.write, settings.read
    if write.body and not write.varies:
        raise NotMeasured(
            f"{write.method} {write.path}: {which} was not seen, and every write has the same body, so it may have "
            f"changed nothing: put {NUMBER} into it where the value is"
        )
    if NUMBER not in write.body or last == before or _holds(number, last):
        return
    field = re.escape(read.pointer.rpartition("/")[2])
    if not field or not re.search(rf'(?<!\w){field}"?\s*[:=]\s*"?[^",&}}]*{re.escape(NUMBER)}', write.body):
        raise NotMeasured(
            f"{read.path} {read.pointer}: {which} wrote {number}, and the value went from {_shown(before)} to "
            f"{_shown(last)}, so nobody can tell whether it shows the write: read the field that holds {NUMBER}, or "
            f"send {NUMBER} in a header or the path alone"
        )


def _holds(number: int, value: object) -> bool:
    text = value if isinstance(value, str) else json.dumps(value)
    return re.search(rf"(?<!\d){number}(?!\d)", text) is not None


def _differs(before: object, value: object) -> bool:
    return value != before


def _shown(value: object) -> str:
    return clean(json.dumps(value), 40)


def _write(getter: Getter, request: RequestSettings, cookies: dict[str, str]) -> None:
    written = _send(getter, request, cookies)
    if not 200 <= written.status < 300:
        raise NotMeasured(f"{request.method} {request.path}: the write was answered {written.status}")


def _sign_in(getter: Getter, request: RequestSettings) -> dict[str, str]:
    """The cookies of somebody who is signed in."""
    given: dict[str, str] = {}
    if request.form is not None:
        page = getter.get(request.form, timeout_s=_TIMEOUT_S)
        if page.status != 200:
            raise NotMeasured(f"{request.form}: the form was answered {page.status}")
        given = _cookies(page)
        body = "&".join(filter(None, (urlencode(hidden_fields(page.body)), request.body.strip())))
        request = replace(request, body=body, headers={"Content-Type": FORM, **request.headers})
    answer = _send(getter, request, given)
    found = _cookies(answer)
    if answer.status >= 400 or not found:
        raise NotMeasured(f"{request.method} {request.path}: no cookie came with the answer ({answer.status})")
    return given | found


def _cookies(answer: ProbeAnswer) -> dict[str, str]:
    pairs = (line.split(";")[0].partition("=") for line in answer.values("Set-Cookie"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _send(getter: Getter, request: RequestSettings, cookies: dict[str, str]) -> ProbeAnswer:
    headers = dict(request.headers)
    if cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    message = Message(request.method, headers, request.body.encode())
    return getter.get(request.path, timeout_s=_TIMEOUT_S, message=message)


def _value(answer: ProbeAnswer, request: RequestSettings) -> object:
    where = f"{request.path} {request.pointer}"
    if answer.status != 200:
        raise NotMeasured(f"{request.path}: the read was answered {answer.status}")
    try:
        return json_pointer.resolve(json.loads(answer.body), request.pointer)
    except LookupError:
        raise NotMeasured(f"{where}: the JSON has nothing there") from None
    except (ValueError, RecursionError) as error:
        raise NotMeasured(f"{where}: {clean(error, 100)}") from None
