"""Requests that scenario code tells of by itself, with Locust's `request` event: custom clients, manual reports.

Told when they are over, so one that hangs, or whose user was killed, is never heard of: nobody can count those. What
goes through `events.request.measure` is: it is in the ledger from its first line on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import gevent
from locust import User
from locust.event import EventHook

from readiness.load.addresses import Addresses
from readiness.load.http.failures import COUNTED
from readiness.load.http.request import endpoint_name
from readiness.load.http.response import Response
from readiness.load.life.their_connections import TheirConnections
from readiness.load.locust_clients.clients import StockClients
from readiness.load.locust_clients.failures import transport_class
from readiness.load.locustfiles import scenario_of
from readiness.load.recorder import OTHER, Recorder
from readiness.load.ticket import OpenCall


class ToldRequests:
    """Puts them into the ledger."""

    def __init__(self, recorder: Recorder, target: Addresses, others: Collection[str]) -> None:
        """`others` are addresses that the run allows beside those of `target`."""
        self._recorder = recorder
        self.connections = TheirConnections(recorder, target, others)

    def on_request(
        self, request_type: str, name: str, response_time: float, exception: object = None, **rest: Any
    ) -> None:
        """A listener of Locust's `request` event, for requests that no client of ours or of Locust's sent."""
        response = rest.get("response")
        if isinstance(response, Response):
            return  # our own client's: recorded already, and told for others
        end_s = time.perf_counter()
        call = self._recorder.begin(
            _scenario(), endpoint_name(request_type, name).strip(), end_s - response_time / 1000
        )
        call.sent_s = call.start_s
        self._end(call, end_s, exception)

    def measured(self, hook: EventHook) -> Callable[..., Any]:
        """What stands for `hook.measure`: the same for the scenario, and its request is in the ledger while it runs."""

        @contextmanager
        def measure(
            request_type: str, name: str, response_length: int = 0, context: Any = None
        ) -> Iterator[dict[str, Any]]:
            fields: dict[str, Any] = {"request_type": request_type, "name": name, "response_length": response_length}
            fields |= {"context": context or {}, "exception": None, "start_time": time.time()}
            began_s = time.perf_counter()
            call = self._recorder.begin(_scenario(), endpoint_name(request_type, name).strip(), began_s)
            self.connections.measured += 1
            try:
                yield fields
            except Exception as error:  # as Locust: it counts, and the task goes on; a killed user leaves it in flight
                fields["exception"] = error
            end_s = time.perf_counter()
            call.identity = (call.identity[0], endpoint_name(fields["request_type"], fields["name"]).strip())
            self.connections.measured -= 1
            self._end(call, end_s, fields["exception"])
            others = EventHook()
            others._handlers = [one for one in hook._handlers if not isinstance(one, Listener)]
            others.fire(**fields | {"response_time": (end_s - began_s) * 1000})

        return measure

    def _end(self, call: OpenCall, end_s: float, exception: object) -> None:
        self.connections.told_of_one(end_s - call.start_s, exception is None)
        failure = None
        if isinstance(exception, BaseException):
            failure = transport_class(exception) or "assertion"
            exception.add_note(COUNTED)  # if it goes on to end the task, the scenario is not charged for it again
        elif exception is not None:
            failure = "assertion"
        self._recorder.end(call, end_s, failure, "" if exception is None else str(exception))


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
