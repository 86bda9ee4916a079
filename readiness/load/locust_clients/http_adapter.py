"""The transport adapter of HttpUser's session: the target through our own connections, all else through Locust's.

What a file reaches for beneath requests (pool manager, retries, proxies, streams) needs urllib3, and gets it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from gevent import get_hub
from locust.clients import LocustHttpAdapter
from locust.clients import _preloaded_ssl_context as verified
from requests.adapters import DEFAULT_RETRIES
from requests.utils import select_proxy
from urllib3.util import Retry

from readiness.load.http.failures import Failure
from readiness.load.locust_clients.http_errors import requests_error
from readiness.load.locust_clients.http_raw import raw_of
from readiness.load.locust_clients.http_wire import wire_of
from readiness.load.locust_clients.own_target import OwnConnections, OwnTarget, Received

_AS_SENT = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-F]{2})*")
"""What urllib3 sends as it stands; it writes all else in another way (RFC 3986 §2.1, §3.3)."""


class OwnAdapter(LocustHttpAdapter):
    """Of one session and scheme."""

    def __init__(self, target: OwnTarget) -> None:
        self.target = target
        self.reached = ""
        """What the file reached for beneath us; from then on everything is Locust's."""
        self.max_retries = self._no_retries = Retry(DEFAULT_RETRIES, read=False)
        self.config: dict[str, Any] = {}
        self._locust: LocustHttpAdapter | None = None
        self._connections: dict[bool, OwnConnections] = {}
        self._replay: dict[int, requests.Response] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy elsewhere is Locust's own: connections cannot be taken along."""
        return LocustHttpAdapter, (None,)

    @property
    def locust(self) -> LocustHttpAdapter:
        """The adapter that Locust would have used."""
        if self._locust is None:
            self._locust = LocustHttpAdapter(pool_manager=None)
        self._locust.max_retries = self.max_retries
        return self._locust

    @property
    def poolmanager(self) -> Any:
        """urllib3's; whoever asks for it gets it for all requests from now on."""
        self.reached = "pool manager"
        return self.locust.poolmanager

    @poolmanager.setter
    def poolmanager(self, manager: Any) -> None:
        self.reached = "pool manager"
        self.locust.poolmanager = manager

    @property
    def proxy_manager(self) -> Any:  # type: ignore[override]
        """As `poolmanager`."""
        self.reached = "proxy manager"
        return self.locust.proxy_manager

    def other_way(self) -> str:
        """Why nothing of this session goes through our connections; "" where it may."""
        if self.reached:
            return self.reached
        return "" if self.max_retries is self._no_retries else "max_retries"

    def connections(self, *, verify: bool) -> OwnConnections:
        """With the certificate of the target verified, or not."""
        secure = self.target.origin.secure
        key = verify or not secure
        found = self._connections.get(key)
        if found is None:
            context = (verified if verify else self.target.unverified) if secure else None
            if context is not None:
                context.set_alpn_protocols(["http/1.1"])  # as urllib3
            found = self._connections[key] = OwnConnections(self.target, context)
        return found

    def close(self) -> None:
        """See HTTPAdapter."""
        for connections in self._connections.values():
            connections.pool.close()
        if self._locust is not None:
            self._locust.close()

    def send(
        self,
        request: Any,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """See HTTPAdapter."""
        if (answered := self._replay.pop(id(request), None)) is not None:
            return answered
        words = {"stream": stream, "timeout": timeout, "verify": verify, "cert": cert, "proxies": proxies}
        place = self.target.origin
        why, target = self._other_way_of(request, words)
        wire = None if why else wire_of(request, target, place)
        if wire is None:
            self.target.note(why or "a body or header of its own kind")
            found: requests.Response = self.locust.send(request, **words)
            return found
        connections = self.connections(verify=bool(verify))
        if connections.hub is not get_hub():
            self.target.note("a thread of its own")
            return self.locust.send(request, **words)
        try:
            # Somebody else keeps the total deadline.
            answer = connections.ask(wire, request.method, math.inf)
        except Failure as failure:
            raise requests_error(failure, request, target, place) from None
        return self.response(request, target, answer)

    def response(self, request: Any, target: str, answer: Received) -> requests.Response:
        """What `send` returns."""
        return self.build_response(request, raw_of(answer, request.method, target))

    def replay(self, request: Any, response: requests.Response) -> None:
        """`request` was sent already: the next `send` of it gives `response`."""
        self._replay[id(request)] = response

    def _other_way_of(self, request: Any, words: dict[str, Any]) -> tuple[str, str]:
        """Why `request` is for Locust's own client ("" where it is for ours), and what it asks for."""
        why = self.other_way()
        if words["stream"]:
            why = why or "stream=True"
        if words["timeout"] is not None:  # between two parts of an answer, where ours are for the whole of it
            why = why or "timeout="
        if self.target.origin.secure and (type(words["verify"]) is not bool or words["cert"]):
            why = why or "verify or cert"
        if words["proxies"] and select_proxy(request.url, words["proxies"]):
            why = why or "a proxy"
        target = target_of(request.url, self.target)
        return why or ("" if target else "another host, or a URL of its own kind"), target


def target_of(url: Any, target: OwnTarget) -> str:
    """Path and query of a prepared URL of the target; "" for another place."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return ""
    place = target.origin
    if (parts.scheme == "https") != place.secure or parts.hostname != place.host or port != place.port:
        return ""
    if parts.scheme not in ("http", "https"):
        return ""
    found = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return found if _AS_SENT.fullmatch(found) else ""
