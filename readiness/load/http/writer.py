"""Calls of one client become bytes; plain GETs are remembered, since most load repeats a few requests."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from readiness.load.http.cookies import Cookies
from readiness.load.http.headers import Headers
from readiness.load.http.renewal import Renewal
from readiness.load.http.request import PLAIN_DRAFT, Origin, RequestDraft, default_name, serialise

_REMEMBERED = 32
"""Requests kept as bytes by each user; forgotten all at once when more paths are in use (random ids)."""


@dataclass(frozen=True, slots=True)
class Written:
    """A request ready to send."""

    target: str
    identity: tuple[str, str]
    """Scenario, and what the request is called when the scenario gives it no name."""
    wire: bytes
    draft: RequestDraft


class Writer:
    """Knows the client's standing headers, cookies and credentials."""

    def __init__(self, scenario: str, origin: Origin, headers: Headers, cookies: Cookies) -> None:
        self._scenario = scenario
        self._origin = origin
        self._headers = headers
        self._cookies = cookies
        self.remembered: dict[str, Written] = {}
        """GETs with nothing but a path, by that path; good until `stale_s`."""
        self.stale_s = math.inf
        """When a cookie expires that they carry, or the client's token (perf_counter)."""
        self.renewal = Renewal()
        headers.on_change = cookies.on_change = self.forget

    def forget(self) -> None:
        """What every request carries has changed."""
        self.remembered.clear()
        self.stale_s = math.inf

    def plain(self, path: str, auth: tuple[str, str] | None) -> Written:
        """A GET with nothing but a path. Raises as `write` does."""
        if time.perf_counter() >= self.stale_s or len(self.remembered) >= _REMEMBERED:
            self.forget()
        written = self.remembered.get(path)
        if written is None:
            written = self.write("GET", self._origin.target_of(path), RequestDraft(auth=auth) if auth else PLAIN_DRAFT)
            self.remembered[path] = written
            self.stale_s = min(time.perf_counter() + self._cookies.expires_s - time.time(), self.renewal.due_s)
        return written

    def write(self, method: str, target: str, draft: RequestDraft) -> Written:
        """Any request. Raises ValueError for what cannot be sent."""
        origin = self._origin
        cookie = self._cookies.header(target.partition("?")[0], secure=origin.secure)
        wire = serialise(method, target, origin.authority, self._headers, draft, cookie)
        return Written(target, (self._scenario, default_name(method, target)), wire, draft)
