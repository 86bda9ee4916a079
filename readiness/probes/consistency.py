"""cache.consistency: whether a write is visible to a reader within the time that the service promises.

It writes to the target, so it runs only where thresholds.yaml declares a write and a read, after the load, a few times.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
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
_TIMEOUT_S = 5.0
FORM = "application/x-www-form-urlencoded"


def measure(target: Target, settings: Consistency | None, stopped: Callable[[], bool]) -> Measurement:
    """Writes that were visible in time, in percent of all writes.

    Raises NotMeasured when nothing is declared, a write is refused, a read has no value at its pointer, or a write that
    was not seen may have changed nothing, because it is the same each time.
    """
    if settings is None:
        raise NotMeasured("probes.cache.consistency declares no write and read; it is never guessed, because it writes")
    details = []
    good = 0
    with Getter(target) as getter:
        cookies = _sign_in(getter, settings.sign_in) if settings.sign_in else {}
        first = int(time.time())  # later runs write larger numbers, and they fit into 32 bits
        for number in range(1, settings.times + 1):
            write = settings.write.numbered(first + number)
            took_s = _once(getter, settings, write, cookies, stopped)
            in_time = took_s is not None and took_s <= settings.within_s
            good += in_time
            if not in_time and settings.write.body and not settings.write.varies:
                raise NotMeasured(
                    f"{settings.write.method} {settings.write.path}: write {number} was not seen, and every write has "
                    f"the same body, so it may have changed nothing: put {NUMBER} into it where the value is"
                )
            observed = "not visible" if took_s is None else f"visible after {1000 * took_s:,.0f} ms"
            details.append(
                Detail(
                    f"{settings.read.path}: write {number}", observed, in_time, f"{settings.within_s:g} s are promised"
                )
            )
    value = 100 * good / settings.times
    return Measurement(CONSISTENCY_METRIC, None, value, _SOURCE, samples=settings.times, details=tuple(details))


def _once(
    getter: Getter, settings: Consistency, write: RequestSettings, cookies: dict[str, str], stopped: Callable[[], bool]
) -> float | None:
    """Seconds until a write was visible; None when it was not, in the time promised and one reading more."""
    before = _value(_send(getter, settings.read, cookies), settings.read)  # and the cache is warm now
    written = _send(getter, write, cookies)
    if not 200 <= written.status < 300:
        raise NotMeasured(f"{write.method} {write.path}: the write was answered {written.status}")
    started_s = time.monotonic()
    while True:
        if stopped():
            raise NotMeasured("the run was ended before the write was visible")
        asked_s = time.monotonic()
        if _value(_send(getter, settings.read, cookies), settings.read) != before:
            return asked_s - started_s
        if asked_s - started_s > settings.within_s:
            return None
        time.sleep(_EVERY_S)


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
