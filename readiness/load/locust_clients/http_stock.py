"""An ordinary request of HttpUser, without what requests does for every request although nothing can differ.

Everything else goes the whole way: this only takes what it surely does alike. A request is prepared by requests itself,
once for the same method, URL, headers and cookies.
"""

from __future__ import annotations

import math
import time
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from locust.clients import HttpSession, LocustHttpAdapter, ResponseContextManager
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection

from readiness.load.locust_clients.http_adapter import OwnAdapter, target_of
from readiness.load.locust_clients.http_known import KnownRequest, copy_of
from readiness.load.locust_clients.http_wire import wire_of
from readiness.load.locust_clients.own_target import Received
from readiness.load.locust_clients.request_keys import cookies_key, first_expiry_s, params_key
from readiness.load.locust_clients.stock import Originals

_REMEMBERED = 16
"""Requests kept by each session; forgotten all at once when more are in use (random ids)."""
_FORM = (str, bytes, dict, list, tuple)
HTTP_ORIGINALS = Originals(
    *((HttpSession, name) for name in ("request", "prepare_request", "_send_request_safe_mode", "_build_url")),
    *(
        (requests.Session, name)
        for name in ("request", "send", "prepare_request", "get_adapter", "merge_environment_settings")
    ),
    *((requests.sessions.SessionRedirectMixin, name) for name in ("resolve_redirects", "get_redirect_target")),
    *((PreparedRequest, name) for name in vars(PreparedRequest) if name.startswith("prepare")),
    (HTTPAdapter, "send"),
    (HTTPAdapter, "build_response"),
    (LocustHttpAdapter, "send"),
    (urllib3.HTTPConnectionPool, "urlopen"),
    (HTTPConnection, "request"),
)
_SENDERS = (requests.Session.send, HTTPAdapter.send, urllib3.HTTPConnectionPool.urlopen)
"""Those that are replaced most, also while the load runs: asked for with every request."""


class StockRequests:
    """Those of one session."""

    def __init__(self, session: HttpSession, adapter: OwnAdapter) -> None:
        self.session = session
        self.adapter = adapter
        self._mine: dict[str, Any] = vars(session)
        self._names = frozenset(self._mine)
        self._count = len(self._mine)
        self._timed = self._mine.get("_send_request_safe_mode")
        self._prefix = "https://" if adapter.target.origin.secure else "http://"
        self._known: dict[Any, KnownRequest] = {}

    def find(
        self,
        method: Any,
        url: Any,
        headers: Any,
        data: Any,
        json: Any,
        params: Any,
        verify: Any,
        others: dict[str, Any],
    ) -> KnownRequest | None:
        """The request as it goes out; None where it is not surely one that we do alike."""
        # What else a request may have: stream, timeout, files, auth, cookies, hooks, proxies, cert.
        if others and any(value is not None for name, value in others.items() if name != "stream" or value):
            return None
        if not self._is_ordinary(verify):
            return None
        has_body = data is not None or json is not None
        if (data and not isinstance(data, _FORM)) or (headers is not None and type(headers) is not dict):
            return None
        try:
            standing = self._standing()
            if standing is None:
                return None
            key = (
                method,
                url,
                standing,
                self.adapter.target.environment.state(),
                tuple(headers.items()) if headers else None,
                params_key(params),
                has_body,
            )
            known = self._known.get(key)
        except TypeError:  # a value that cannot be hashed
            return None
        if known is None or (known.until_s != math.inf and time.time() >= known.until_s):
            known = self._prepare(method, url, headers, params, has_body)
            if known is None:
                return None
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = known
        return self._with_body(known, data, json) if has_body else known

    def _is_ordinary(self, verify: Any) -> bool:
        """Whether the session is as Locust made it, but for what `_standing` tells."""
        mine = self._mine
        if len(mine) != self._count and not self._same_attributes():
            return False
        if mine["stream"] or mine["params"] or mine["proxies"] or mine["cert"] or mine["hooks"] != {"response": []}:
            return False
        adapters, adapter = mine["adapters"], self.adapter
        if len(adapters) != 2 or adapters.get(self._prefix) is not adapter or adapter.other_way():
            return False
        if (mine["verify"] if verify is None else verify) not in (True, False):
            return False
        if (requests.Session.send, HTTPAdapter.send, urllib3.HTTPConnectionPool.urlopen) != _SENDERS:
            return False
        return mine["_send_request_safe_mode"] is self._timed

    def _standing(self) -> tuple[Any, ...] | None:
        """What the session adds to each request; None where that cannot be told."""
        mine = self._mine
        own, jar, auth = mine["headers"], mine["cookies"], mine["auth"]
        if type(own) is CaseInsensitiveDict:
            fields = tuple(own._store.values())
        elif type(own) is dict:
            fields = tuple(own.items())
        else:
            return None
        if type(jar) is not RequestsCookieJar or type(jar._policy) is not DefaultCookiePolicy:
            return None
        if auth is not None:
            if type(auth) is HTTPBasicAuth:
                auth = (auth.username, auth.password)
            elif type(auth) is not tuple:
                return None
        return mine["base_url"], fields, cookies_key(jar) if jar._cookies else None, auth  # type: ignore[attr-defined]

    def _same_attributes(self) -> bool:
        """The file set some of the session's own; those that hide what the session does are not for us."""
        added = [
            name for name in self._mine if name not in self._names and name not in ("explicit_name", "request_name")
        ]
        if any(hasattr(HttpSession, name) for name in added):
            return False
        self._count = len(self._mine)
        return True

    def _prepare(self, method: Any, url: Any, headers: Any, params: Any, has_body: bool) -> KnownRequest | None:
        """By requests itself, as far as the body; None where it raises, since the whole way raises the same."""
        session = self.session
        if type(method) is not str or type(url) is not str or not HTTP_ORIGINALS.are_there():
            return None
        try:
            built = session._build_url(url)
            if not self.adapter.target.environment.is_silent(built):
                return None
            request = requests.Request(method.upper(), built, headers=headers, params=params or {})
            prepared = requests.Session.prepare_request(session, request)
        except Exception:
            return None
        target = target_of(prepared.url, self.adapter.target)
        if not target or "@" in str(prepared.url).partition("?")[0]:
            return None
        if has_body:  # its length is another's
            if not any(str(name).lower() == "content-length" for name in headers or ()):
                prepared.headers.pop("Content-Length", None)
            if session.auth is not None:
                prepared.headers.pop("Authorization", None)
            return KnownRequest(prepared, target, b"", first_expiry_s(session.cookies))
        wire = wire_of(prepared, target, self.adapter.target.origin)
        return None if wire is None else KnownRequest(prepared, target, wire, first_expiry_s(session.cookies))

    def _with_body(self, known: KnownRequest, data: Any, json: Any) -> KnownRequest | None:
        prepared = copy_of(known.prepared)
        try:
            prepared.prepare_body(data or {}, None, json)
            if self.session.auth is not None:
                prepared.prepare_auth(self.session.auth, str(prepared.url))
        except Exception:
            return None
        wire = wire_of(prepared, known.target, self.adapter.target.origin)
        return None if wire is None else KnownRequest(prepared, known.target, wire)


def stock_response(answer: Received, known: KnownRequest, catch_response: bool) -> Any:
    """What requests and Locust would have made of `answer`, as far as scenarios read it."""
    response: Any = ResponseContextManager.__new__(ResponseContextManager)
    response.__dict__ = {
        "_content": answer.body,
        "_content_consumed": True,
        "_next": None,
        "status_code": answer.status,
        "url": known.prepared.url,
        "history": [],
        "_entered": False,
        "_manual_result": None,
        "_catch_response": catch_response,
    }
    return response
