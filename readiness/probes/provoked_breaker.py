"""A circuit breaker provoked: does it open, refuse at once, and let requests through again when it says so?

Two paths of the service behind one breaker: one that fails and one that works. The one that works tells the truth: its
own dependency is fine, so a refusal of it comes from the breaker. Sent after the load, only where thresholds.yaml names
both paths, and bounded in count and time.
"""

from __future__ import annotations

import json
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from readiness.config.probes import CircuitBreakerSettings, Provocation
from readiness.errors import NotMeasured
from readiness.measurements.provenance import Target
from readiness.measurements.run import Detail, Measurement, Witness
from readiness.probes import json_pointer
from readiness.probes.http import FetchFailed, Getter
from readiness.text import clean

OPENS = "circuit_breaker.opens"
RECOVERS = "circuit_breaker.recovers"
_SOURCE = "probe circuit_breaker"
_TIMEOUT_S = 5.0
FAILING_S = 30.0
"""Asking for failures ends after this long, whatever came."""
REFUSALS = 3
TRY_AGAIN_S = 0.5
SLOW_MS = 100.0
"""Failures that take less are quick themselves: a refusal has nothing to be faster than."""
FASTER = 0.5
"""Of slow failures a refusal may take this share: it asks nobody."""


@dataclass(frozen=True, slots=True)
class BreakerRequest:
    """One answer, or why there is none."""

    status: int | None
    elapsed_ms: float
    retry_after: str | None = None
    problem: str = ""

    @property
    def works(self) -> bool:
        """Whether it is what the path answers on a good day."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def words(self) -> str:
        """Such as `503`, or the failure."""
        return self.problem or str(self.status)


class _Breaker:
    """Asks the two paths and the state, until the run is ended."""

    def __init__(
        self, getter: Getter, settings: CircuitBreakerSettings, paths: Provocation, stopped: Callable[[], bool]
    ):
        self._getter = getter
        self._settings = settings
        self._paths = paths
        self._stopped = stopped

    def ask(self, path: str) -> BreakerRequest:
        """Raises NotMeasured when the run was ended."""
        self.go_on()
        started_s = time.monotonic()
        try:
            answer = self._getter.get(path, timeout_s=_TIMEOUT_S)
        except FetchFailed as error:
            return BreakerRequest(None, 1000 * (time.monotonic() - started_s), problem=clean(error, 100))
        after = answer.values("Retry-After")
        return BreakerRequest(answer.status, answer.elapsed_ms, after[0] if after else None)

    def state(self) -> str | None:
        """The service's own word for it; None where no pointer is declared. Raises NotMeasured when there is none."""
        pointer, path = self._paths.state, self._settings.statistics
        if pointer is None or path is None:
            return None
        try:
            found = json_pointer.resolve(json.loads(self._getter.get(path, timeout_s=_TIMEOUT_S).body), pointer)
        except LookupError:
            raise NotMeasured(f"{path} {pointer}: the JSON has nothing there") from None
        except (ValueError, RecursionError) as error:
            raise NotMeasured(f"{path} {pointer}: {clean(error, 100)}") from None
        if not isinstance(found, str):
            raise NotMeasured(f"{path} {pointer}: {clean(repr(found), 60)} is not the name of a state")
        return clean(found, 60)

    def is_closed(self, state: str | None) -> bool:
        """Whether the word means that everything is let through."""
        return state is not None and state.lower() in {word.lower() for word in self._settings.closed}

    def go_on(self) -> None:
        if self._stopped():
            raise NotMeasured("the run was ended while the circuit breaker was provoked; it may be open still")

    def wait(self, until_s: float) -> None:
        """Until the monotonic time `until_s`."""
        while (left_s := until_s - time.monotonic()) > 0:
            self.go_on()
            time.sleep(min(left_s, 0.1))


def provoke(
    target: Target, settings: CircuitBreakerSettings, stopped: Callable[[], bool]
) -> tuple[Measurement, Measurement]:
    """Whether it opens (1 or 0), and whether it lets requests through again; what cannot be told has a reason."""
    try:
        if settings.provoke is None:
            raise NotMeasured("probes.circuit_breaker.provoke names no paths; it is never guessed, because it disturbs")
        with Getter(target) as getter:
            return _story(_Breaker(getter, settings, settings.provoke, stopped), settings.provoke)
    except NotMeasured as error:
        return _missing(OPENS, str(error)), _missing(RECOVERS, str(error))


def _story(breaker: _Breaker, paths: Provocation) -> tuple[Measurement, Measurement]:
    first_state, first = breaker.state(), breaker.ask(paths.works)
    if not first.works or (first_state is not None and not breaker.is_closed(first_state)):
        said = f", and its state was {first_state!r}" if first_state else ""
        raise NotMeasured(f"{paths.works}: answered {first.words}{said} before anything was provoked")
    failures, state = _fail(breaker, paths)
    refusals = [breaker.ask(paths.works) for _ in range(REFUSALS)]
    refused = [one for one in refusals if one.status == 503]
    said_open = state is not None and not breaker.is_closed(state)
    opened = refusals[0].status == 503 and (refusals[0].retry_after is not None or said_open)
    quick = at_once(failures, refused)
    broken = [one.words for one in refusals if not one.works and one.status != 503]
    details = [
        Detail(f"{paths.fails}: {len(failures):,} failures in a row", _shown(failures), None),
        Detail(
            f"{paths.works}, afterwards",
            _shown(refusals),
            opened,
            ""
            if opened
            else "this is no refusal: it broke"
            if broken
            else "nothing was refused, so nothing is kept off",
        ),
    ]
    if refused:
        after = refusals[0].retry_after
        note = "" if after else "say in Retry-After when to come back"
        details.append(Detail(f"{paths.works}: Retry-After", after or "absent", bool(after), note))
        details.append(quick)
    witnesses: tuple[Witness, ...] = ()
    if state is not None:
        witnesses = (
            Witness("answers", float(opened), note=_shown(refusals)),
            Witness("the service's own state", float(said_open), note=f"{first_state}, then {state}"),
        )
    value = float(opened and quick.ok is not False)
    opens = Measurement(OPENS, None, value, _SOURCE, samples=len(failures), details=tuple(details), witnesses=witnesses)
    if not opened:
        return opens, _missing(RECOVERS, "it did not open, so it could not close again")
    return opens, _recover(breaker, paths, refusals[-1])


def _fail(breaker: _Breaker, paths: Provocation) -> tuple[list[BreakerRequest], str | None]:
    """Failures in a row until it says that it is open, or `requests` of them; nothing good in between."""
    failures: list[BreakerRequest] = []
    state = None
    ends_s = time.monotonic() + FAILING_S
    while len(failures) < paths.requests and time.monotonic() < ends_s:
        one = breaker.ask(paths.fails)
        failures.append(one)
        if one.status is not None and one.status < 500:
            raise NotMeasured(f"{paths.fails}: answered {one.status}; it must fail (5xx), or no breaker counts it")
        state = breaker.state()
        if state is not None and not breaker.is_closed(state):
            break
    return failures, state


def at_once(failures: list[BreakerRequest], refused: list[BreakerRequest]) -> Detail:
    """The first failures were waited for; a refusal must not be. One that was slow by chance is no failure that is."""
    failure_ms = statistics.median(one.elapsed_ms for one in failures[:3])
    refusal_ms = min((one.elapsed_ms for one in refused), default=failure_ms)
    observed = f"refused in {refusal_ms:,.1f} ms, failed in {failure_ms:,.1f} ms"
    if failure_ms < SLOW_MS:
        return Detail("refused at once", observed, None, "the failure was as quick: nothing to be faster than")
    faster = refusal_ms <= FASTER * failure_ms
    return Detail("refused at once", observed, faster, "" if faster else "whoever is refused waits as for a failure")


def _recover(breaker: _Breaker, paths: Provocation, refusal: BreakerRequest) -> Measurement:
    """Comes back when it said so; raises nothing but NotMeasured."""
    began_s = time.monotonic()
    ends_s = began_s + paths.wait_s
    declared_s = _seconds(refusal.retry_after)
    if declared_s is not None and declared_s > paths.wait_s:
        return _missing(
            RECOVERS,
            f"open for {declared_s:,} s by its own Retry-After, and probes.circuit_breaker.provoke.wait is "
            f"{paths.wait_s:g} s, so it was left open; nothing of this run comes after it",
        )
    breaker.wait(began_s + (declared_s or 0))
    asked: list[BreakerRequest] = []
    state = None
    while True:
        asked.append(breaker.ask(paths.works))
        state = breaker.state()
        back = asked[-1].works
        if (back and (state is None or breaker.is_closed(state))) or time.monotonic() >= ends_s:
            break
        breaker.wait(min(time.monotonic() + TRY_AGAIN_S, ends_s))
    took_s = time.monotonic() - began_s
    promise = "no time was declared" if declared_s is None else f"Retry-After: {declared_s:,}"
    observed = f"{'works again' if back else 'refused still'} after {took_s:.1f} s"
    note = f"{promise}; {len(asked):,} tries: {_shown(asked)}"
    details = [Detail(paths.works, observed, back, note)]
    witnesses: tuple[Witness, ...] = ()
    if state is not None:
        witnesses = (
            Witness("answers", float(back), note=_shown(asked)),
            Witness("the service's own state", float(breaker.is_closed(state)), note=state),
        )
    left = "as it was found" if back else "open: the service still refuses, and needs somebody"
    details.append(Detail("left", left, back))
    return Measurement(
        RECOVERS, None, float(back), _SOURCE, samples=len(asked), details=tuple(details), witnesses=witnesses
    )


def _seconds(retry_after: str | None) -> int | None:
    """Whole seconds of a `Retry-After`; None where it holds none (a date is not read)."""
    text = (retry_after or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _shown(asked: list[BreakerRequest]) -> str:
    """Such as `503 (5×)`."""
    return ", ".join(f"{words} ({count:,}×)" for words, count in Counter(one.words for one in asked).items())


def _missing(metric: str, reason: str) -> Measurement:
    return Measurement(metric, None, None, _SOURCE, reason=clean(reason))
