"""Cookies that an answer sets: their attributes, never their values."""

from __future__ import annotations

from dataclasses import dataclass

from readiness.probes.seen import Finding, Seen
from readiness.text import clean


@dataclass(frozen=True, slots=True)
class Cookie:
    """Name and attributes of one Set-Cookie line; attribute names in lower case."""

    name: str
    attributes: dict[str, str]

    @property
    def shown(self) -> str:
        """Name and attributes for a report."""
        return "; ".join([clean(self.name, 40), *sorted(clean(name, 20) for name in self.attributes)])


def cookies(seen: Seen) -> list[Cookie]:
    """Every cookie of the answer."""
    found = []
    for line in seen.values("set-cookie"):
        pair, *rest = line.split(";")
        attributes = {part.partition("=")[0].strip().lower(): part.partition("=")[2].strip().lower() for part in rest}
        found.append(Cookie(pair.partition("=")[0].strip(), {name: value for name, value in attributes.items() if name}))
    return found


def http_only(seen: Seen) -> Finding:
    """HttpOnly on all but anti-CSRF cookies, which the page's script must read."""
    lacking = [
        cookie
        for cookie in cookies(seen)
        if "httponly" not in cookie.attributes and not any(word in cookie.name.lower() for word in ("csrf", "xsrf"))
    ]
    return _finding(seen, lacking, "can be read by any script of the page")


def same_site(seen: Seen) -> Finding:
    """SameSite is Lax or Strict, or None together with Secure."""
    lacking = [cookie for cookie in cookies(seen) if not _bound_to_site(cookie)]
    return _finding(seen, lacking, "is sent along with requests from other sites")


def secure(seen: Seen) -> Finding:
    """Secure on every cookie."""
    lacking = [cookie for cookie in cookies(seen) if "secure" not in cookie.attributes]
    return _finding(seen, lacking, "is also sent over plain http")


def _bound_to_site(cookie: Cookie) -> bool:
    value = cookie.attributes.get("samesite")
    return value in ("lax", "strict") or (value == "none" and "secure" in cookie.attributes)


def _finding(seen: Seen, lacking: list[Cookie], problem: str) -> Finding:
    shown = " | ".join(cookie.shown for cookie in cookies(seen))
    return Finding(shown, f"{clean(lacking[0].name, 40)} {problem}" if lacking else "")
