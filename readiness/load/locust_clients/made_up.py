"""Answers of a session of requests' that came without a request: of a mock, a cache, a fake adapter or client.

Locust counts them, and so does the ledger; but nothing was measured, so a run with one of them is in doubt.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.client import HTTPResponse
from pathlib import Path
from types import CodeType
from typing import Any

import requests
import urllib3

from readiness.load.code_places import is_own
from readiness.load.locust_clients.http_raw import OriginalAnswer
from readiness.load.locust_clients.http_stock import HTTP_ORIGINALS


def is_made_up(response: Any) -> bool:
    """Whether no connection can have brought it; a transport that we do not know is believed."""
    if not isinstance(response, requests.Response) or not response.status_code:
        return False
    raw = response.raw
    if raw is None:
        return True
    sent = HTTPResponse, OriginalAnswer
    return isinstance(raw, urllib3.HTTPResponse) and not isinstance(raw._original_response, sent)


def told(makers: Mapping[str, int]) -> str:
    """A sentence on such answers, with what made them; empty where there were none."""
    by = ", ".join(f"{maker} ({count}×)" for maker, count in makers.items())
    return f"the locustfile: no request was sent for answers that were made by {by}" if by else ""


def maker_of(session: Any, url: str) -> str:
    """`Session.send (shop.py:9)`: what stands in the place of what sends."""
    found = dict(HTTP_ORIGINALS.replaced())
    adapter = next((one for prefix, one in session.adapters.items() if url.lower().startswith(prefix)), None)
    if not found and adapter is not None:
        found[f"the adapter {type(adapter).__name__}"] = type(adapter).send
    for name, function in found.items():
        code = getattr(function, "__code__", None)
        if isinstance(code, CodeType) and is_own(code):
            return f"{name} ({Path(code.co_filename).name}:{code.co_firstlineno})"
    return next(iter(found), "a client of its own")
