"""What looks like a page by which a person logs in: its address, or a field for a password."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"(?<![a-z])(log[-_]?in|sign[-_]?in|sso|o?auth2?|saml2?)(?![a-z])", re.IGNORECASE)
_PASSWORD = re.compile(rb"<input\b[^<>]{0,500}\btype\s{0,5}=\s{0,5}[\"']?password", re.IGNORECASE)
_HEAD_BYTES = 1 << 18


def is_log_in_address(place: str) -> bool:
    """Whether a path, or a host and a path, has a word of a log-in in it: /login, /account/sign-in, sso.example.com."""
    return _ADDRESS.search(place) is not None


def leads_to_log_in(asked: str, place: str, body: bytes) -> bool:
    """Whether a redirect from the path `asked` to the path `place` ended at a log-in page that nobody asked for."""
    if is_log_in_address(asked.partition("?")[0]):
        return False  # the log-in itself
    return is_log_in_address(place.partition("?")[0]) or _PASSWORD.search(body[:_HEAD_BYTES]) is not None
