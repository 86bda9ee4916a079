"""A small cookie jar for one host: what one simulated browser keeps for the target.

Host-only by design: a client talks to one host, so a Domain attribute that does not cover that host drops the
cookie, and one that does adds nothing. Rules: RFC 6265 §5.2 (attributes), §5.1.4 (paths), §5.3 (deletion).
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from http import cookiejar

MAX_COOKIES = 180
"""As many as browsers keep for one site; the oldest goes first."""
MAX_COOKIE_BYTES = 4096
MAX_ATTRIBUTES = 20
MAX_DATE = 64
"""Characters of a date; the longest form has 33."""

_BAD = re.compile("[\x00-\x1f\x7f;]")


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie; `expires_s` is Unix time, None lasts as long as the client."""

    name: str
    value: str
    path: str
    secure: bool
    expires_s: float | None


class Cookies(MutableMapping[str, str]):
    """Name to value; set one to send it with every request. Paths are kept apart inside."""

    def __init__(self, host: str) -> None:
        self.on_change: Callable[[], None] = lambda: None
        """Called after each change."""
        self._host = host.lower()
        self._kept: dict[tuple[str, str], Cookie] = {}
        """By name and path."""

    def __getitem__(self, name: str) -> str:
        for cookie in self._kept.values():
            if cookie.name == name:
                return cookie.value
        raise KeyError(name)

    def __setitem__(self, name: str, value: str) -> None:
        if _BAD.search(name + value) or "=" in name:
            raise ValueError(f"cookie {name!r}: has a character that a cookie cannot hold")
        self._keep(Cookie(name, value, "/", False, None))

    def __delitem__(self, name: str) -> None:
        keys = [key for key in self._kept if key[0] == name]
        if not keys:
            raise KeyError(name)
        for key in keys:
            del self._kept[key]
        self.on_change()

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self._kept))

    def __len__(self) -> int:
        return len({name for name, _ in self._kept})

    def __repr__(self) -> str:
        return f"Cookies({', '.join(self)})"  # values are secrets

    def all(self) -> tuple[Cookie, ...]:
        """Every cookie with its path and flags, for `add` of another client."""
        return tuple(self._kept.values())

    def add(self, cookies: Iterable[Cookie]) -> None:
        """Keep these, with their flags: a Secure one stays at home over plain http."""
        for cookie in cookies:
            self._keep(cookie)

    @property
    def expires_s(self) -> float:
        """When the first of them expires (Unix time); infinite when none does."""
        return min((one.expires_s for one in self._kept.values() if one.expires_s is not None), default=math.inf)

    def _keep(self, cookie: Cookie) -> None:
        if self._kept.get((cookie.name, cookie.path)) == cookie:
            return
        self._kept[cookie.name, cookie.path] = cookie
        if len(self._kept) > MAX_COOKIES:
            del self._kept[next(iter(self._kept))]
        self.on_change()

    def store(self, set_cookie: str, request_path: str) -> None:
        """Take one Set-Cookie value of an answer to `request_path`; what is malformed is ignored, as browsers do."""
        pair, *attributes = set_cookie.split(";", MAX_ATTRIBUTES)
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not name or len(pair) > MAX_COOKIE_BYTES or _BAD.search(pair):
            return
        found = {key.strip().lower(): text.strip() for key, _, text in (part.partition("=") for part in attributes)}
        domain = found.get("domain", "").lower().lstrip(".")
        if domain and self._host != domain and not self._host.endswith("." + domain):
            return
        path = found.get("path", "")
        if not path.startswith("/"):
            path = request_path.rpartition("/")[0] or "/"
        now = time.time()
        expires_s = _expiry_s(found, now)
        if expires_s is not None and expires_s <= now:
            if self._kept.pop((name, path), None):
                self.on_change()
            return
        self._keep(Cookie(name, value, path, "secure" in found, expires_s))

    def header(self, path: str, *, secure: bool) -> str:
        """The Cookie header's value for a request of `path` (no query), empty when none fits; longest paths first."""
        if not self._kept:
            return ""
        now = None
        fitting: list[Cookie] = []
        for cookie in list(self._kept.values()):
            if cookie.expires_s is not None:
                now = now or time.time()
                if cookie.expires_s <= now:
                    del self._kept[cookie.name, cookie.path]
                    continue
            if (secure or not cookie.secure) and (cookie.path == "/" or _covers(cookie.path, path)):
                fitting.append(cookie)
        if len(fitting) > 1:
            fitting.sort(key=lambda cookie: -len(cookie.path))
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in fitting)


def _covers(cookie_path: str, path: str) -> bool:
    """RFC 6265 §5.1.4."""
    return path == cookie_path or (
        path.startswith(cookie_path) and (cookie_path.endswith("/") or path[len(cookie_path)] == "/")
    )


def _expiry_s(attributes: Mapping[str, str], now_s: float) -> float | None:
    """Max-Age wins over Expires; 0 is long ago."""
    max_age = attributes.get("max-age", "")
    if re.fullmatch(r"-?[0-9]{1,12}", max_age):
        return now_s + int(max_age) if int(max_age) > 0 else 0.0
    return _date_s(attributes["expires"]) if "expires" in attributes else None


def _date_s(text: str) -> float | None:
    """Unix time of an HTTP date in any of the forms that servers send; None when it is none."""
    try:
        seconds: float | None = cookiejar.http2time(text[:MAX_DATE])  # type: ignore[attr-defined]
    except (ValueError, OverflowError):  # a year or a number beyond all bounds
        return None
    return seconds
