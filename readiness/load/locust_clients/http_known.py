"""A request that requests itself prepared, kept for the next one that cannot differ."""

from __future__ import annotations

import math

from requests import PreparedRequest


class KnownRequest:
    """A prepared request, and all that follows from it."""

    __slots__ = ("method", "path_url", "prepared", "target", "until_s", "wire")

    def __init__(self, prepared: PreparedRequest, target: str, wire: bytes, until_s: float = math.inf) -> None:
        self.prepared = prepared
        self.target = target
        self.wire = wire
        self.method = str(prepared.method)
        self.path_url = prepared.path_url
        self.until_s = until_s
        """When a cookie expires that it carries (Unix time)."""


def copy_of(prepared: PreparedRequest) -> PreparedRequest:
    """As PreparedRequest.copy, which copies each cookie."""
    made = PreparedRequest.__new__(PreparedRequest)
    vars(made).update(vars(prepared))
    made.headers = prepared.headers.copy()
    made.hooks = {"response": []}
    return made
