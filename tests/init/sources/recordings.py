"""Recordings of a small shop, written by hand: only what the tests read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

ORIGIN = "https://shop.example"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def entry(
    method: str,
    path: str,
    *,
    at_s: float = 0.0,
    page: str | None = None,
    status: int = 200,
    media: str = "text/html",
    answer: str = "",
    sent: str = "",
    sent_media: str = "application/x-www-form-urlencoded",
    headers: dict[str, str] | None = None,
    answered: list[tuple[str, str]] | None = None,
    kind: str = "document",
) -> dict[str, Any]:
    """One entry of a HAR file, 50 ms long; a path without a host is the shop's."""
    request: dict[str, Any] = {
        "method": method,
        "url": path if "://" in path else ORIGIN + path,
        "httpVersion": "HTTP/1.1",
        "headers": [{"name": name, "value": value} for name, value in (headers or {}).items()],
    }
    if sent:
        request["postData"] = {"mimeType": sent_media, "text": sent}
    location = next((value for name, value in answered or [] if name == "Location"), "")
    made: dict[str, Any] = {
        "startedDateTime": (START + timedelta(seconds=at_s)).isoformat().replace("+00:00", "Z"),
        "time": 50.0,
        "request": request,
        "response": {
            "status": status,
            "headers": [{"name": name, "value": value} for name, value in answered or []],
            "content": {"mimeType": media, "text": answer},
            "redirectURL": location,
        },
        "_resourceType": kind,
    }
    return made | ({"pageref": page} if page else {})


def har(*entries: dict[str, Any], titles: dict[str, str] | None = None) -> bytes:
    """A HAR file."""
    pages = [{"id": key, "title": title, "startedDateTime": START.isoformat()} for key, title in (titles or {}).items()]
    log = {"version": "1.2", "creator": {"name": "hand", "version": "1"}, "pages": pages, "entries": list(entries)}
    return json.dumps({"log": log}).encode()


def form(*fields: tuple[str, str]) -> str:
    """An HTML page with a form of hidden fields."""
    inputs = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in fields)
    return f"<html><body><form method=post>{inputs}<input name=q></form></body></html>"


def api(
    method: str, path: str, at_s: float, page: str, answer: str = "", sent: str = "", **more: Any
) -> dict[str, Any]:
    """An entry of a script that sends and gets JSON."""
    return entry(
        method, path, at_s=at_s, page=page, answer=answer, sent=sent,
        media="application/json", sent_media="application/json", kind="xhr", **more,
    )  # fmt: skip
