"""An ordinary request of FastHttpUser, without what its client does for every request although nothing can differ.

Everything else goes the whole way: this only takes what it surely does alike. A request is prepared by geventhttpclient
itself, once for the same method, URL, headers and cookies; a body takes its place in it.
"""

from __future__ import annotations

import json as json_module
import math
import re
import time
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlencode

from geventhttpclient import useragent
from geventhttpclient.client import HTTPClient, HTTPClientPool
from geventhttpclient.header import Headers
from locust.contrib import fasthttp
from locust.contrib.fasthttp import FastHttpSession, FastRequest, FastResponse, LocustUserAgent

from readiness.load.locust_clients.fast_agent import OwnAgent
from readiness.load.locust_clients.fast_wire import fast_wire
from readiness.load.locust_clients.jar import Jar
from readiness.load.locust_clients.request_keys import cookies_key, first_expiry_s, params_key
from readiness.load.locust_clients.stock import Originals

_REMEMBERED = 32
"""Requests kept by each session; forgotten all at once when more are in use (random ids)."""
_LENGTH = re.compile(rb"(?<=\r\ncontent-length: )\d+(?=\r\n)", re.IGNORECASE)
_JARS = (CookieJar, Jar)
_FORMS: dict[type, str] = {str: "text", bytes: "bytes", dict: "form"}
FAST_ORIGINALS = Originals(
    *((FastHttpSession, name) for name in ("request", "_send_request_safe_mode", "_build_url")),
    *((useragent.UserAgent, name) for name in ("urlopen", "_make_request", "_handle_error")),
    *((LocustUserAgent, name) for name in ("_urlopen", "_verify_status", "response_type", "request_type")),
    *((HTTPClient, name) for name in ("request", "_build_request", "from_url")),
    *((useragent.CompatRequest, name) for name in ("__init__", "set_url", "add_unredirected_header")),
    *((HTTPClientPool, name) for name in ("get_client", "close")),
    (FastResponse, "__init__"),
    (FastRequest, "body"),
)


_SENDERS = (useragent.UserAgent.urlopen, LocustUserAgent._urlopen, HTTPClient.request)
"""Those that are replaced most, also while the load runs: asked for with every request."""


class KnownFast:
    """A prepared request, and all that follows from it."""

    __slots__ = ("after", "before", "headers", "method", "request", "until_s", "url")

    def __init__(
        self, request: FastRequest, headers: dict[str, str], before: bytes, after: bytes, url: str, until_s: float
    ) -> None:
        self.request = request
        self.headers = headers
        """As the session gives them to its client."""
        self.before = before
        """The head; of a request with a body as far as its length."""
        self.after = after
        self.method = str(request.method)
        self.url = url
        """As the session built it."""
        self.until_s = until_s
        """When a cookie expires that it carries (Unix time)."""


class Outgoing:
    """A request as it goes out."""

    __slots__ = ("body", "head", "known", "params", "payload")

    def __init__(self, known: KnownFast, head: bytes, body: bytes, payload: Any, params: Any) -> None:
        self.known = known
        self.head = head
        self.body = body
        self.payload = payload
        """As the session gives it to its client."""
        self.params = params

    @property
    def url(self) -> str:
        """As the session built it."""
        return self.known.url

    def request(self) -> FastRequest:
        """For one answer."""
        like: Any = self.known.request
        return _request_like(like, self.body if type(like.payload) is bytes else self.payload, self.head)


def _request_like(request: FastRequest, payload: Any, head: bytes) -> FastRequest:
    """A copy, with the body that was sent."""
    made = FastRequest.__new__(FastRequest)
    vars(made).update(vars(request))
    made.headers = request.headers.copy()
    made.payload = payload
    if "content-length" in made.headers and (length := _LENGTH.search(head)):  # the other one's
        made.headers["content-length"] = length[0].decode()
    return made


class FastRequests:
    """Those of one session."""

    def __init__(self, session: FastHttpSession, own: OwnAgent) -> None:
        self.session = session
        self.own = own
        self.agent: Any = session.client
        self._mine: dict[str, Any] = vars(session)
        self._agents: dict[str, Any] = vars(self.agent)
        self._names = frozenset((*self._mine, "auth_header"))
        self._count = len(self._mine)
        self._agent_names = frozenset((*self._agents, "redirect_response_codes", "valid_response_codes"))
        self._timed = self._mine["_send_request_safe_mode"]
        self._urlopen = self._agents["_urlopen"]
        self._known: dict[Any, KnownFast] = {}

    def find(
        self, method: Any, url: Any, headers: Any, data: Any, json: Any, params: Any, auth: Any
    ) -> Outgoing | None:
        """The request as it goes out; None where it is not surely one that we do alike."""
        if not self._is_ordinary() or (headers is not None and type(headers) is not dict):
            return None
        kind = _FORMS.get(type(data)) if data else "" if json is None else "json"
        if kind is None:
            return None
        try:
            jar = self._agents["cookiejar"]
            key = (
                method, url, self._mine["base_url"], tuple(headers.items()) if headers else None, auth or None,
                self.session.auth_header, params_key(params), kind, tuple(dict.items(self._agents["default_headers"])),
                cookies_key(jar) if jar is not None and jar._cookies else None,
            )  # fmt: skip
            known = self._known.get(key)
        except TypeError:  # a value that cannot be hashed
            return None
        try:
            payload = json_module.dumps(json) if kind == "json" else data
            if known is None or (known.until_s != math.inf and time.time() >= known.until_s):
                known = self._prepare(method, url, headers, kind, payload, params, auth)
                if known is None:
                    return None
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[key] = known
            body = _encoded(kind, payload)
        except Exception:  # the whole way raises the same
            return None
        if not kind:
            return Outgoing(known, known.before, b"", payload, params)
        return Outgoing(known, b"%s%d%s" % (known.before, len(body), known.after), body, payload, params)

    def _is_ordinary(self) -> bool:
        """Whether the session is as Locust made it, but for what the key of `find` tells."""
        mine, agents = self._mine, self._agents
        if len(mine) != self._count and not self._same_attributes():
            return False
        if mine["client"] is not self.agent or mine["_send_request_safe_mode"] is not self._timed:
            return False
        jar = agents["cookiejar"]
        if jar is not None and (type(jar) not in _JARS or type(jar._policy) is not DefaultCookiePolicy):
            return False
        if not agents.keys() <= self._agent_names or agents["_urlopen"] is not self._urlopen:
            return False
        if (useragent.UserAgent.urlopen, LocustUserAgent._urlopen, HTTPClient.request) != _SENDERS:
            return False
        if type(agents["default_headers"]) is not Headers:
            return False
        return not self.own.other_way()

    def _same_attributes(self) -> bool:
        """The file set some of the session's own; those that hide what the session does are not for us."""
        if any(hasattr(FastHttpSession, name) for name in self._mine if name not in self._names):
            return False
        self._count = len(self._mine)
        return True

    def _prepare(
        self, method: Any, url: Any, headers: Any, kind: Any, payload: Any, params: Any, auth: Any
    ) -> KnownFast | None:
        """By geventhttpclient itself; None where that is not for us, and raises what it raises."""
        if type(method) is not str or type(url) is not str or not FAST_ORIGINALS.are_there():
            return None
        if any(type(name) is not str or type(value) is not str for name, value in (headers or {}).items()):
            return None
        session, agent = self.session, self.agent
        built = session._build_url(url)
        own = _headers(dict(headers or {}), auth, session.auth_header, is_json=kind == "json")
        found = agent.default_headers.copy()
        found.update(own)
        if "content-length" in found:
            return None
        request = agent._make_request(built, method=method, headers=found, payload=payload, params=params)
        if agent.cookiejar is not None:
            agent.cookiejar.add_cookie_header(request)
        wire = fast_wire(request, self.own.target.origin)
        if wire is None:
            return None
        head, body = wire
        before, after = head, b""
        if kind:
            places = list(_LENGTH.finditer(head))
            if len(places) != 1 or int(places[0][0]) != len(body):
                return None
            before, after = head[: places[0].start()], head[places[0].end() :]
        return KnownFast(request, own, before, after, built, first_expiry_s(agent.cookiejar or ()))


def _headers(headers: dict[str, str], auth: Any, standing: str | None, *, is_json: bool) -> dict[str, str]:
    """What FastHttpSession.request adds to a request's headers."""
    if auth:
        headers["Authorization"] = fasthttp._construct_basic_auth_str(auth[0], auth[1])
    elif standing:
        headers["Authorization"] = standing
    if "Accept-Encoding" not in headers and "accept-encoding" not in headers:
        headers["Accept-Encoding"] = "gzip, deflate, br"
    if is_json:
        for name, lower in (("Content-Type", "content-type"), ("Accept", "accept")):
            if name not in headers and lower not in headers:
                headers[name] = "application/json"
    return headers


def _encoded(kind: str, payload: Any) -> bytes:
    """What geventhttpclient sends for it."""
    if not kind or kind == "bytes":
        return bytes(payload or b"")
    return (urlencode(payload) if kind == "form" else payload).encode()
