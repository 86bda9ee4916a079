"""What requests takes from the environment (proxies, .netrc, authorities), read again only when it changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests.sessions

_NAMES = (
    "http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    "NETRC", "HOME", "REQUEST_METHOD", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
)  # fmt: skip
_MOST = 256
"""Hosts that are remembered; a locustfile that names more asks again."""


class EnvironmentLookups:
    """Both functions of requests', for which it reads a dozen variables and two files for every request."""

    def __init__(self) -> None:
        self._data: Any = vars(os.environ)["_data"]
        encode = vars(os.environ)["encodekey"]
        self._keys = [encode(name) for name in _NAMES]
        self._state: tuple[Any, ...] = ()
        self._proxies: dict[Any, dict[str, str]] = {}
        self._netrc: dict[Any, Any] = {}
        self._look_up_proxies: Callable[..., dict[str, str]] = vars(requests.sessions)["get_environ_proxies"]
        self._look_up_netrc: Callable[..., Any] = vars(requests.sessions)["get_netrc_auth"]

    def install(self) -> None:
        """In the place of requests' own, for sessions."""
        vars(requests.sessions)["get_environ_proxies"] = self.proxies
        vars(requests.sessions)["get_netrc_auth"] = self.netrc

    def proxies(self, url: str, no_proxy: Any = None) -> dict[str, str]:
        """See requests.utils.get_environ_proxies."""
        self.state()
        key = (_place(url), no_proxy)
        found = self._proxies.get(key)
        if found is None:
            found = self._proxies[key] = self._look_up_proxies(url, no_proxy=no_proxy)
        return dict(found)

    def netrc(self, url: str, raise_errors: bool = False) -> Any:
        """See requests.utils.get_netrc_auth."""
        self.state()
        key = _place(url)
        if key not in self._netrc:
            self._netrc[key] = self._look_up_netrc(url, raise_errors)
        return self._netrc[key]

    def is_silent(self, url: str) -> bool:
        """Whether it says nothing about requests to `url`."""
        if self.proxies(url) or self.netrc(url):
            return False
        names = () if url.lower().startswith("http:") else ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
        return not any(os.environ.get(name) for name in names)

    def state(self) -> tuple[Any, ...]:
        """The variables as they are now; what was looked up under others is forgotten."""
        get = self._data.get
        state = tuple([get(key) for key in self._keys])
        if state != self._state or len(self._proxies) > _MOST or len(self._netrc) > _MOST:
            self._state = state
            self._proxies.clear()
            self._netrc.clear()
        return self._state


def _place(url: Any) -> Any:
    try:
        parts = urlsplit(url)
    except (ValueError, AttributeError, TypeError):
        return url
    return parts.scheme, parts.netloc
