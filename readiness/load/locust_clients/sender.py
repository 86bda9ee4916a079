"""What both senders of ordinary requests share: the call in the ledger, its name, its context, Locust's event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from greenlet import getcurrent
from locust import User

from readiness.load.http.request import endpoint_name
from readiness.load.locust_clients.calls import StockCall, Unjudged
from readiness.load.locust_clients.deadlines import Deadlines
from readiness.load.locust_clients.stock_traces import traced_wire
from readiness.load.locust_clients.timed import Timed
from readiness.load.locustfiles import scenario_of
from readiness.load.recorder import OTHER, Recorder
from readiness.load.traced_calls import TracedCalls

_MOST_NAMES = 1024


class Clients(Protocol):
    """StockClients."""

    recorder: Recorder
    deadlines: Deadlines
    timed: Timed
    open: dict[int, StockCall]
    own: object
    traced: TracedCalls

    def end(self, fields: dict[str, Any]) -> bool: ...
    def left(self, mark: Unjudged, response: Any, problem: BaseException | None) -> None: ...
    def answered(self, call: StockCall, response: Any) -> None: ...
    def broke(self, call: StockCall, problem: BaseException) -> None: ...


class StockSender:
    """Of one session."""

    def __init__(self, clients: Clients, session: Any, whole_way: Callable[..., Any]) -> None:
        self.clients = clients
        self.session = session
        self.mine: dict[str, Any] = vars(session)
        self.whole_way = whole_way
        """For what is not ordinary."""
        self.recorder = clients.recorder
        self.timeout_s = clients.deadlines.timeout_s
        self._traced = clients.traced if clients.traced.on else None
        user: Any = session.user
        self._scenario = OTHER if user is None else scenario_of(type(user))
        self._users: dict[str, Any] = {} if user is None else vars(user)
        self._identities: dict[tuple[str, str], tuple[str, str]] = {}
        self._own_context: Callable[[], dict[str, Any]] | None = None
        if user is not None and type(user).context is not User.context:
            self._own_context = user.context

    def begin(self, method: str, name: str, url: str, start_s: float) -> StockCall:
        """The call of a request that goes out now."""
        identity = self._identities.get((method, name))
        if identity is None:
            if len(self._identities) >= _MOST_NAMES:
                self._identities.clear()
            identity = self._identities[method, name] = (self._scenario, endpoint_name(method, str(name)))
        call = StockCall(identity, start_s, start_s, "://" not in url)
        if "readiness_intended_s" in self._users:  # of an open load; used once
            call.start_s = self._users.pop("readiness_intended_s")
        self.recorder.enter(call)
        return call

    def traced(self, call: StockCall, wire: bytes) -> bytes:
        """What goes out, with the call's `traceparent` if it is its turn."""
        if self._traced is None or not (line := self._traced.line()):
            return wire
        return traced_wire(call, wire, line)

    def context(self, call: StockCall, context: Any) -> dict[str, Any]:
        """What the user adds to each event; its own code, so it may raise."""
        own = self._own_context
        if own is None:
            return context or {}
        try:
            return {**own(), **(context or {})}
        except BaseException as problem:
            self.clients.broke(call, problem)
            raise

    def tell(self, call: StockCall, response: Any, fire: Callable[[], object]) -> None:
        """Locust's event, which also ends the call."""
        opened, key = self.clients.open, id(getcurrent())
        outer = opened.get(key)  # a hook of a request may send another
        opened[key] = call
        try:
            fire()
        finally:
            if opened.get(key) is call:
                del opened[key]
                self.clients.answered(call, response)
            if outer is not None:
                opened[key] = outer
