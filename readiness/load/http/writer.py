"""Calls of one client become bytes; plain GETs are remembered, since most load repeats a few requests."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import readiness
from readiness.load.http.cookies import Cookies
from readiness.load.http.headers import Headers
from readiness.load.http.renewal import Renewal
from readiness.load.http.request import PLAIN_DRAFT, Origin, RequestDraft, default_name, serialise

STANDING = Headers({"User-Agent": f"readiness/{readiness.__version__}", "Accept": "*/*", "Accept-Encoding": "identity"})
"""Of every client, until its scenario changes them."""
_OWN_TRACE = b"\r\ntraceparent:"
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
    around: tuple[bytes, bytes] | None = None
    """`wire` before and after a `traceparent`; None where none is sent, or the scenario has one of its own."""


class Writer:
    """Knows the client's standing headers, cookies and credentials."""

    def __init__(
        self, scenario: str, origin: Origin, headers: Headers, cookies: Cookies, *, traced: bool = False
    ) -> None:
        self._scenario = scenario
        self._origin = origin
        self._headers = headers
        self._cookies = cookies
        self._traced = traced
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
        identity = (self._scenario, default_name(method, target))
        if self._traced and _OWN_TRACE not in wire.partition(b"\r\n\r\n")[0].lower():
            line, end, rest = wire.partition(b"\r\n")
            return Written(target, identity, wire, draft, (line + end, rest))
        return Written(target, identity, wire, draft)

    def again(self, method: str, target: str, draft: RequestDraft, trace: bytes) -> bytes:
        """The bytes of a request that belongs to one before, with the same trace. Raises as `write` does."""
        written = self.write(method, target, draft)
        if written.around is None or not trace:
            return written.wire
        return written.around[0] + trace + written.around[1]
