"""Links to traces: the address that thresholds.yaml gives, with a trace id in the place of {trace_id}."""

from __future__ import annotations

import string

_PLACE = "{trace_id}"
_ALLOWED = frozenset(string.ascii_letters + string.digits + "-._~:/?#@!$&*+,;=%")
"""Of URLs (RFC 3986), without what would end one in Markdown or HTML."""


def wrong_trace_url(url: str) -> str | None:
    """What is wrong with an address of traces; None for a good one."""
    rest = url.replace(_PLACE, "", 1)
    scheme, colon, after = rest.partition("://")
    host = after.partition("/")[0]
    if url.count(_PLACE) != 1:
        return f"must hold {_PLACE} once, such as https://traces.example.org/trace/{_PLACE}"
    if not colon or scheme not in ("http", "https") or not host or _PLACE in url.partition("://")[2].partition("/")[0]:
        return f"must be an http or https address, such as https://traces.example.org/trace/{_PLACE}"
    if "@" in host:
        return "must hold no name and password: the report shows it"
    if set(rest) - _ALLOWED:
        return f"must be written as a URL; encode {min(set(rest) - _ALLOWED)!r} with %"
    return None


def trace_link(url: str | None, trace_id: str) -> str | None:
    """Where a trace is shown; None without a good address. `trace_id` is 32 hexadecimal digits."""
    if url is None or wrong_trace_url(url) is not None:
        return None
    return url.replace(_PLACE, trace_id)
