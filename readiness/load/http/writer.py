"""Calls of one client become bytes; plain ones are remembered, since most load repeats a few requests."""

from __future__ import annotations

from typing import NamedTuple

from readiness.load.http.cookies import Cookies
from readiness.load.http.headers import Headers
from readiness.load.http.request import Draft, Origin, default_name, serialise

EMPTY = Draft()
_REMEMBERED = 1024
"""Plain requests kept as bytes; forgotten all at once when more paths are in use (random ids)."""


class Written(NamedTuple):
    """A request ready to send."""

    target: str
    name: str
    """What it is called when the scenario gives no name."""
    wire: bytes
    draft: Draft


class Writer:
    """Knows the client's standing headers and cookies."""

    def __init__(self, origin: Origin, headers: Headers, cookies: Cookies) -> None:
        self._origin = origin
        self._headers = headers
        self._cookies = cookies
        self._plain: dict[tuple[str, str], Written] = {}
        self._version = headers.version

    def plain(self, method: str, path: str) -> Written:
        """A request with nothing but method and path, while there are no cookies. Raises as `write` does."""
        if self._version != self._headers.version:
            self._plain.clear()
            self._version = self._headers.version
        written = self._plain.get((method, path))
        if written is None:
            written = self.write(method, self._origin.target_of(path), EMPTY)
            if len(self._plain) >= _REMEMBERED:
                self._plain.clear()
            self._plain[method, path] = written
        return written

    def write(self, method: str, target: str, draft: Draft) -> Written:
        """Any request. Raises ValueError for what cannot be sent."""
        origin = self._origin
        cookie = self._cookies.header(target.partition("?")[0], secure=origin.secure) if self._cookies.kept else ""
        wire = serialise(method, target, origin.authority, self._headers, draft, cookie)
        return Written(target, default_name(method, target), wire, draft)
