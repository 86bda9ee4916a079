"""Cookies of FastHttpUser's sessions."""

from __future__ import annotations

from http.cookiejar import CookieJar
from typing import Any


class Jar(CookieJar):
    """The standard library's, which goes through all its rules also when there is no cookie: 11 % of a request."""

    def add_cookie_header(self, request: Any) -> None:
        """Nothing to add where none is kept."""
        if self._cookies:  # type: ignore[attr-defined]  # the standard library's own
            super().add_cookie_header(request)

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Nothing to keep where none is set."""
        headers = response.info()
        if "set-cookie" in headers or "set-cookie2" in headers:
            super().extract_cookies(response, request)
