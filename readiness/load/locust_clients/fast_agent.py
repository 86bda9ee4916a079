"""What a session of FastHttpUser sends with: the target through our own connections, all else through Locust's.

It stands in the place of `_urlopen` of Locust's user agent, so redirects, cookies and retries are geventhttpclient's.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import Any

import gevent.ssl
from gevent import get_hub
from gevent.lock import Semaphore
from geventhttpclient.client import HTTPClientPool
from geventhttpclient.connectionpool import _CA_CERTS, init_ssl_context
from greenlet import getcurrent
from locust.contrib.fasthttp import insecure_ssl_context_factory

from readiness.config.tls import target_context
from readiness.load.http.failures import Failure
from readiness.load.locust_clients.fast_errors import fast_error
from readiness.load.locust_clients.fast_parts import ReceivedFast
from readiness.load.locust_clients.fast_wire import fast_wire
from readiness.load.locust_clients.own_target import OwnConnections, OwnTarget, Received

_SETTINGS = frozenset({
    "ssl_context_factory", "insecure", "network_timeout", "connection_timeout", "concurrency", "proxy_host",
    "proxy_port",
})  # fmt: skip
"""Of a client pool: those that we know what to do with."""
_RESENT_AS = {"PUT": "OPTIONS", "DELETE": "OPTIONS", "TRACE": "OPTIONS"}
"""Methods that geventhttpclient sends again where our own client does not; as this one they are sent again too."""


class OwnAgent:
    """Of one session."""

    def __init__(self, session: Any, target: OwnTarget, streaming: Container[int]) -> None:
        self.target = target
        self.agent: Any = session.client
        self._pool: HTTPClientPool = self.agent.clientpool
        self._given = getattr(session.user, "client_pool", None) is self._pool
        self._streaming = streaming
        self._locust = self.agent._urlopen
        self._locust_asks = False
        """Who asks the pool for a client next is Locust's own code."""
        self.reached = ""
        """What the file reached for beneath us; from then on everything is Locust's."""
        self.connections: OwnConnections | None = None
        self._turns = Semaphore(1)
        self._first: dict[int, tuple[Received, bytes] | Exception] = {}
        vars(self.agent)["_urlopen"] = self.urlopen
        if not self._given:
            vars(self._pool).update(get_client=self._get_client, close=self.close)

    def close(self) -> None:
        """In the place of HTTPClientPool.close; its settings are read again with the next request."""
        if self.connections is not None:
            self.connections.pool.close()
            self.connections = None
        HTTPClientPool.close(self._pool)

    def _get_client(self, url: Any) -> Any:
        if not self._locust_asks:
            self.reached = "a client of the pool's"
        self._locust_asks = False
        return HTTPClientPool.get_client(self._pool, url)

    def other_way(self) -> str:
        """Why nothing of this session goes through our connections; "" where it may."""
        if self.reached:
            return self.reached
        if self.agent.clientpool is not self._pool:
            return "a client pool of the file's own"
        if self.connections is None:
            self.reached = self._connect()
        elif self.connections.hub is not get_hub():
            return "a thread of its own"
        return self.reached

    def _connect(self) -> str:
        """Take the pool's settings; why they are not for us."""
        settings = self._pool.client_args
        if self._given or "ssl_context_factory" not in settings:
            return "a client pool of the file's own"
        if settings.get("proxy_host") is not None:
            return "a proxy"
        if not settings.keys() <= _SETTINGS or self._pool.clients:
            return "settings of the client pool's own"
        times = [settings.get(name, 5.0) for name in ("network_timeout", "connection_timeout")]
        network_s, connect_s = [math.inf if one is None else one for one in times]
        if network_s < self.target.timeout_s:  # between two parts of an answer, where ours are for the whole of it
            return "network_timeout"
        try:
            self._turns = Semaphore(settings.get("concurrency", 1))
            context = self._context() if self.target.origin.secure else None
        except Exception:  # Locust's own client raises it too
            return "settings of the client pool's own"
        self.connections = OwnConnections(self.target, context, min(connect_s, self.target.timeout_s))
        return ""

    def _context(self) -> Any:
        factory = self._pool.client_args["ssl_context_factory"]
        insecure = self._pool.client_args.get("insecure", False)
        if insecure and factory is insecure_ssl_context_factory:
            return self.target.unverified
        if factory is target_context and not insecure:
            return target_context()
        contexts = self.target.contexts
        if factory is gevent.ssl.create_default_context and insecure in contexts:
            return contexts[insecure]
        context = init_ssl_context(factory, _CA_CERTS, check_hostname=not insecure)
        if factory is gevent.ssl.create_default_context:
            contexts[insecure] = context
        return context

    def ask(self, wire: bytes, method: str, deadline_s: float) -> Received:
        """One exchange, after `other_way` said nothing. Raises Failure."""
        assert self.connections is not None
        with self._turns:
            return self.connections.ask(wire, _RESENT_AS.get(method, method), deadline_s)

    @contextmanager
    def sent(self, first: tuple[Received, bytes] | Exception) -> Iterator[None]:
        """The next request of this greenlet was sent already: its answer and head, or what sending it raised."""
        key = id(getcurrent())
        self._first[key] = first
        try:
            yield
        finally:
            self._first.pop(key, None)

    def urlopen(self, request: Any) -> Any:
        """See LocustUserAgent._urlopen."""
        first = self._first.pop(id(getcurrent()), None)
        if isinstance(first, Exception):
            raise first
        if first is not None:
            return self._response(request, *first)
        why = self.other_way()
        if id(getcurrent()) in self._streaming:
            why = why or "stream=True"
        wire = None if why else fast_wire(request, self.target.origin)
        if wire is None:
            self.target.note(why or "another host, or a body of its own kind")
            self._locust_asks = True
            return self._locust(request)
        try:
            # Somebody else keeps the total deadline.
            answer = self.ask(b"".join(wire), request.method, math.inf)
        except Failure as failure:
            raise fast_error(failure) from failure
        return self._response(request, answer, wire[0])

    def _response(self, request: Any, answer: Received, head: bytes) -> Any:
        below = ReceivedFast(answer, request.method, head)
        return self.agent.response_type(below, request=request, sent_request=below._sent_request)
