"""The rules for security headers, one list. A header counts by its value, never by being there.

Sources: MDN HTTP Observatory (scoring algorithm 4), OWASP ASVS 5.0 V3.3 and V3.4.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from readiness.probes import cookies, csp
from readiness.probes.seen import Finding, Seen

__all__ = ["RULES", "Rule", "Seen"]

YEAR_S = 31_536_000
SAFE_REFERRERS = ("no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin")
KNOWN_REFERRERS = (*SAFE_REFERRERS, "no-referrer-when-downgrade", "origin", "origin-when-cross-origin", "unsafe-url")
POWERFUL = ("camera", "microphone", "geolocation", "payment", "usb")


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that an answer must say."""

    name: str
    applies: Callable[[Seen], bool]
    judge: Callable[[Seen], Finding]
    fix: str


def nosniff(seen: Seen) -> Finding:
    """X-Content-Type-Options is exactly nosniff."""
    return _exactly(seen, "x-content-type-options", ("nosniff",))


def framing(seen: Seen) -> Finding:
    """CSP frame-ancestors, else X-Frame-Options; browsers ignore the second where the first is given."""
    sources = csp.frame_ancestors(seen)
    if sources is None:
        return _exactly(seen, "x-frame-options", ("deny", "sameorigin"))
    shown = f"frame-ancestors {' '.join(sources)}"
    wide = [source for source in sources if source in csp.ANYWHERE]
    return Finding(shown, f"{wide[0]} lets any site frame the page" if wide else "")


def referrer(seen: Seen) -> Finding:
    """Referrer-Policy: the last known word counts (W3C Referrer Policy §8.1)."""
    lines = seen.values("referrer-policy")
    shown = ", ".join(lines)
    if len(set(lines)) > 1:
        return Finding(shown, "sent more than once with different values")
    known = [word for word in re.split(r"[,\s]+", shown.lower()) if word in KNOWN_REFERRERS]
    if not known:
        return Finding(shown, "absent" if not lines else "not a policy that browsers know")
    return Finding(shown, "" if known[-1] in SAFE_REFERRERS else "sends paths or origins to other sites")


def permissions(seen: Seen) -> Finding:
    """Permissions-Policy names features, and gives no powerful one to every site."""
    lines = seen.values("permissions-policy")
    shown = ", ".join(lines)
    found = re.findall(r"(?:^|,)\s*([a-z][a-z0-9-]*)\s*=\s*(\*|\([^)]*\)|self)", shown)
    if not found:
        return Finding(shown, "absent" if not lines else "not a valid policy")
    names = [name for name, _ in found]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        return Finding(shown, f"names {twice[0]} twice")
    wide = [name for name, allowed in found if name in POWERFUL and "*" in allowed]
    return Finding(shown, f"gives {wide[0]} to every site" if wide else "")


def transport(seen: Seen) -> Finding:
    """Strict-Transport-Security of at least a year, once (RFC 6797 §8.1 takes only the first)."""
    lines = seen.values("strict-transport-security")
    if len(lines) != 1:
        return Finding(", ".join(lines), "sent more than once" if lines else "absent")
    ages = [part.split("=", 1)[1].strip().strip('"') for part in lines[0].lower().split(";") if _is_max_age(part)]
    if len(ages) != 1 or not re.fullmatch(r"[0-9]{1,12}", ages[0]):
        return Finding(lines[0], "has no valid max-age, or two")
    return Finding(lines[0], "" if int(ages[0]) >= YEAR_S else "lasts less than a year")


def _is_max_age(part: str) -> bool:
    return "=" in part and part.split("=", 1)[0].strip() == "max-age"


def _exactly(seen: Seen, header: str, allowed: tuple[str, ...]) -> Finding:
    lines = seen.values(header)
    shown = ", ".join(lines)
    words = {word.strip().lower() for line in lines for word in line.split(",")}
    if not lines:
        return Finding("", "absent")
    if len(lines) > 1 or len(words) > 1:
        return Finding(shown, "sent more than once")
    return Finding(shown, "" if words <= set(allowed) else "a value that browsers ignore")


def _browser(seen: Seen) -> bool:
    return seen.profile != "api"


def _https(seen: Seen) -> bool:
    return seen.https and seen.profile != "plain_http"


def _cookies(seen: Seen) -> bool:
    return bool(seen.values("set-cookie"))


RULES: tuple[Rule, ...] = (
    Rule("X-Content-Type-Options", lambda seen: True, nosniff, "send `X-Content-Type-Options: nosniff` once"),
    Rule("framing", _browser, framing, "send `Content-Security-Policy: frame-ancestors 'none'` or `X-Frame-Options: DENY`"),
    Rule("Content-Security-Policy", _browser, csp.scripts, "send a policy such as `default-src 'self'; object-src 'none'`"),
    Rule("Referrer-Policy", lambda seen: True, referrer, "send `Referrer-Policy: strict-origin-when-cross-origin`"),
    Rule("Permissions-Policy", _browser, permissions, "send `Permissions-Policy: camera=(), microphone=(), geolocation=()`"),
    Rule("Strict-Transport-Security", _https, transport, "send `Strict-Transport-Security: max-age=31536000` once"),
    Rule("cookies: HttpOnly", _cookies, cookies.http_only, "add HttpOnly to cookies that scripts need not read"),
    Rule("cookies: SameSite", _cookies, cookies.same_site, "add `SameSite=Lax` or Strict"),
    Rule("cookies: Secure", lambda seen: _cookies(seen) and _https(seen), cookies.secure, "add Secure"),
)
