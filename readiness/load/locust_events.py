"""Requests that scenario code tells of by itself, with Locust's `request` event: custom clients, manual reports.

Told when they are over, so one that hangs, or whose user was killed, is never heard of: nobody can count those. What
goes through `events.request.measure` is: it is in the ledger from its first line on.
"""

from __future__ import annotations

import math
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import gevent
from locust import User
from locust.event import EventHook

from readiness.load.addresses import Addresses
from readiness.load.http.failures import COUNTED, said
from readiness.load.http.request import endpoint_name
from readiness.load.http.response import Response
from readiness.load.life.endings import own_place
from readiness.load.life.their_connections import TheirConnections
from readiness.load.locust_clients.calls import seconds_of
from readiness.load.locust_clients.clients import StockClients
from readiness.load.locust_clients.failures import transport_class
from readiness.load.locustfiles import scenario_of
from readiness.load.recorder import OTHER, Recorder
from readiness.load.ticket import OpenCall

_MOST_UNTIMED = 20
"""Endpoints without a time that are told; the first says it all."""


class ToldRequests:
    """Puts them into the ledger."""

    def __init__(self, recorder: Recorder, target: Addresses, others: Collection[str]) -> None:
        """`others` are addresses that the run allows beside those of `target`."""
        self._recorder = recorder
        self.connections = TheirConnections(recorder, target, others)
        self.measuring: set[int] = set()
        """Ids of the greenlets that are in a block of `measure`."""
        self._told_s: defaultdict[int, float] = defaultdict(float)
        """How long the requests that were told of took together, by the second in which they did."""
        self._untimed: dict[str, str] = {}
        """How and where in the file, by the endpoints that were told of without a time."""

    def on_request(
        self, request_type: object, name: object, response_time: object, exception: object = None, **rest: Any
    ) -> None:
        """A listener of Locust's `request` event, for requests that no client of ours or of Locust's sent."""
        response = rest.get("response")
        if isinstance(response, Response):
            return  # our own client's: recorded already, and told for others
        end_s = time.perf_counter()
        took_s, called = seconds_of(response_time), _called(request_type, name)
        if took_s is None and called not in self._untimed and len(self._untimed) < _MOST_UNTIMED:
            self._untimed[called] = f"with response_time={response_time!r}{own_place(sys._getframe().f_back)}"
        call = self._recorder.begin(_scenario(), called, end_s - (took_s or 0.0))
        call.sent_s = call.start_s
        from_s = max(call.start_s, self._recorder.start_s)  # whatever the file says, it was no longer than the load
        while from_s < end_s:
            until_s = min(end_s, math.floor(from_s) + 1.0)
            self._told_s[math.floor(from_s)] += until_s - from_s
            from_s = until_s
        self._end(call, end_s, exception)

    def told_between(self, from_s: float, until_s: float) -> float:
        """How long, together, the requests took in this time that were told of when they were over."""
        seconds = range(math.floor(from_s), math.ceil(until_s))
        return sum(self._told_s.get(one, 0.0) * (min(until_s, one + 1) - max(from_s, one)) for one in seconds)

    def doubts(self) -> Iterator[str]:
        """What to say of them; nothing where all is well."""
        for called, how in self._untimed.items():
            yield f"the locustfile: it told of {called} {how}: its latency is unknown"
        yield from self.connections.doubts()

    def measured(self, hook: EventHook) -> Callable[..., Any]:
        """What stands for `hook.measure`: the same for the scenario, and its request is in the ledger while it runs."""

        @contextmanager
        def measure(
            request_type: str, name: str, response_length: int = 0, context: Any = None
        ) -> Iterator[dict[str, Any]]:
            fields: dict[str, Any] = {"request_type": request_type, "name": name, "response_length": response_length}
            fields |= {"context": context or {}, "exception": None, "start_time": time.time()}
            began_s = time.perf_counter()
            call = self._recorder.begin(_scenario(), _called(request_type, name), began_s)
            self.connections.measured += 1
            nested = (me := id(gevent.getcurrent())) in self.measuring
            self.measuring.add(me)
            try:
                yield fields
            except Exception as error:  # as Locust: it counts, and the task goes on; a killed user leaves it in flight
                fields["exception"] = error
            finally:
                if not nested:
                    self.measuring.discard(me)
            end_s = time.perf_counter()
            call.identity = (call.identity[0], _called(fields["request_type"], fields["name"]))
            self.connections.measured -= 1
            self._end(call, end_s, fields["exception"])
            others = EventHook()
            others._handlers = [one for one in hook._handlers if not isinstance(one, Listener)]
            others.fire(**fields | {"response_time": (end_s - began_s) * 1000})

        return measure

    def _end(self, call: OpenCall, end_s: float, exception: object) -> None:
        self.connections.told_of_one(call.identity[1], end_s - call.start_s, not exception)
        if not exception:  # as Locust takes it: also "" and False
            self._recorder.end(call, end_s)
            return
        failure = None
        if isinstance(exception, BaseException):
            failure = transport_class(exception)
            exception.add_note(COUNTED)  # if it goes on to end the task, the scenario is not charged for it again
        self._recorder.end(call, end_s, failure or "assertion", str(exception) if failure else said(exception))


def _called(request_type: object, name: object) -> str:
    """As Locust shows it: one without a type by its name alone."""
    return endpoint_name(request_type, name).strip() if request_type else str(name)


def _scenario() -> str:
    """Of the user whose greenlet this is; greenlets that scenario code started itself belong to none."""
    users = (one for one in getattr(gevent.getcurrent(), "args", ()) if isinstance(one, User))
    return next((scenario_of(type(user)) for user in users), OTHER)


class Listener:
    """The engine's own listener of Locust's `request` event."""

    def __init__(self, stock: StockClients, told: ToldRequests) -> None:
        self._stock = stock
        self._told = told
        stock.own = self

    def __call__(self, **fields: Any) -> None:
        """A request was told of: by a stock client, or by the scenario."""
        if not self._stock.told(fields):
            self._told.on_request(**fields)


def listened_to(environment: Any) -> bool:
    """Whether scenario code listens to `request` events; building one costs as much as a request."""
    return any(not isinstance(handler, Listener) for handler in environment.events.request._handlers)


def listen(request: EventHook, listener: Listener) -> None:
    """`listener` hears of every request, in the place of Locust's own statistics.

    Those are never read, and would cost every request a few microseconds.
    """
    request._handlers = [handler for handler in request._handlers if handler.__module__ != "locust.runners"]
    request.add_listener(listener)
