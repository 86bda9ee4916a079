"""The rules for response headers, by value and never by mere presence.

Sources: OWASP ASVS 5.0 V3.3 and V3.4; RFC 6797 (HSTS); CSP Level 3; Referrer Policy; RFC 6265bis (cookies). Two
different values of a header that may have one fail: what a browser makes of them is luck.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from readiness.probes import content_security_policy as csp
from readiness.probes.http import ProbeAnswer

YEAR_S = 31_536_000
CSP = "Content-Security-Policy"
SAFE_REFERRERS = frozenset({"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"})
REFERRERS = SAFE_REFERRERS | {"no-referrer-when-downgrade", "origin", "origin-when-cross-origin", "unsafe-url"}
DOCUMENTS = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml"})
SECURE_UNKNOWN = "Secure is not judged over http: check the cookie over https, or choose profile: plain_http"
_SESSION = re.compile(r"sess|login|auth|token|jwt|^(?:__host-|__secure-)?sid$|\bsid\b", re.IGNORECASE)
_NOT_SESSION = re.compile(r"csrf|xsrf", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HeaderFinding:
    """One rule on one answer."""

    header: str
    observed: str
    ok: bool | None
    """None where part of the rule could not be judged and the rest holds: it counts neither way."""
    note: str
    """Why it does not hold and how to fix it, or what was not judged; empty when it holds."""


@dataclass(frozen=True, slots=True)
class SetCookie:
    """One Set-Cookie line; its value is a secret and not kept."""

    name: str
    attributes: Mapping[str, str]
    """Lower-case names."""
    shown: str


def findings(
    answer: ProbeAnswer, profile: str, *, https: bool, sessions: Sequence[str] = ()
) -> tuple[HeaderFinding, ...]:
    """Every rule of `profile` (html, api or plain_http) that applies to the answer.

    `sessions` are the names of session cookies; without any they are told by their names.
    """
    found = [_nosniff(answer), _referrer(answer)]
    if profile != "api" and is_document(answer):
        found += [_framing(answer), _content(answer), _permissions(answer)]
    encrypted = https and profile != "plain_http"
    if encrypted:
        found.append(_transport(answer))
    return (
        *found,
        *_cookies(answer, encrypted=encrypted, unknown=unknown_secure(profile, https=https), sessions=sessions),
    )


def unknown_secure(profile: str, *, https: bool) -> bool:
    """Whether a missing Secure says nothing: over http many services leave it out and send it behind a TLS proxy."""
    return not https and profile != "plain_http"


def is_document(answer: ProbeAnswer) -> bool:
    """Whether a browser would show the answer as a page; one that does not say what it is counts as one."""
    kinds = [value.split(";")[0].strip().lower() for value in answer.values("Content-Type")]
    redirect_only = 300 <= answer.status < 400 and not kinds
    return not redirect_only and (not kinds or kinds[-1] in DOCUMENTS)


def is_session(name: str, sessions: Sequence[str] = ()) -> bool:
    """Whether the cookie stands for a user who is logged in."""
    if sessions:
        return name in sessions
    return bool(_SESSION.search(name)) and not _NOT_SESSION.search(name)


def read_cookies(answer: ProbeAnswer) -> list[SetCookie]:
    """Every Set-Cookie line of the answer."""
    found = []
    for line in answer.values("Set-Cookie"):
        pair, *rest = line.split(";")
        name = pair.partition("=")[0].strip()
        attributes = {part.partition("=")[0].strip().lower(): part.partition("=")[2].strip() for part in rest}
        found.append(SetCookie(name, attributes, "; ".join([f"{name}=…", *(part.strip() for part in rest)])))
    return found


def _single(answer: ProbeAnswer, header: str, judge: Callable[[str], str]) -> HeaderFinding:
    """A header with one value: `judge` gives what is wrong with it, or nothing."""
    values = list(dict.fromkeys(value.strip() for value in answer.values(header)))
    if not values:
        return HeaderFinding(header, "absent", False, judge(""))
    if len(values) > 1:
        note = f"sent {len(answer.values(header))} times with different values; send it once"
        return HeaderFinding(header, " | ".join(values), False, note)
    wrong = judge(values[0])
    return HeaderFinding(header, values[0], not wrong, wrong)


def _nosniff(answer: ProbeAnswer) -> HeaderFinding:
    def judge(value: str) -> str:
        parts = {part.strip().lower() for part in value.split(",")}
        return "" if parts == {"nosniff"} else "browsers may guess the content type; send nosniff"

    return _single(answer, "X-Content-Type-Options", judge)


def _referrer(answer: ProbeAnswer) -> HeaderFinding:
    def judge(value: str) -> str:
        # A list is a fall-back chain: browsers take the last value that they know.
        known = [part for part in re.split(r"[,\s]+", value.lower()) if part in REFERRERS]
        if known and known[-1] in SAFE_REFERRERS:
            return ""
        return "URLs may leak to other sites; send strict-origin-when-cross-origin or no-referrer"

    return _single(answer, "Referrer-Policy", judge)


def _framing(answer: ProbeAnswer) -> HeaderFinding:
    """frame-ancestors and X-Frame-Options: each that is sent must hold, and one must be sent."""
    remedy = f"send {CSP}: frame-ancestors 'none' (or 'self')"
    policies = csp.parse(answer.values(CSP))
    ancestors = [policy["frame-ancestors"] for policy in policies if "frame-ancestors" in policy]
    options = {part.strip().upper() for value in answer.values("X-Frame-Options") for part in value.split(",")}
    observed = ", ".join(
        [f"frame-ancestors {' '.join(sources)}".strip() for sources in ancestors]
        + [f"X-Frame-Options {', '.join(answer.values('X-Frame-Options'))}"] * bool(options)
    )
    if not observed:
        return HeaderFinding("Framing", "absent", False, f"any site may frame the page; {remedy}")
    if options and options not in ({"DENY"}, {"SAMEORIGIN"}):
        return HeaderFinding("Framing", observed, False, "X-Frame-Options must be DENY or SAMEORIGIN, once")
    if ancestors and all(csp.is_open(sources) for sources in ancestors):
        return HeaderFinding("Framing", observed, False, f"frame-ancestors lets any site frame the page; {remedy}")
    return HeaderFinding("Framing", observed, True, "")


def _content(answer: ProbeAnswer) -> HeaderFinding:
    values = answer.values(CSP)
    policies = csp.parse(values)
    if not policies:
        report_only = answer.values(f"{CSP}-Report-Only")
        why = "only reported, not enforced" if report_only else "injected scripts would run"
        note = f"{why}; send {CSP}: default-src 'self'; object-src 'none'; base-uri 'none'"
        return HeaderFinding(CSP, f"Report-Only: {report_only[0]}" if report_only else "absent", False, note)
    problems = csp.problems(policies)
    return HeaderFinding(CSP, ", ".join(values), not problems, "; ".join(problems))


def _permissions(answer: ProbeAnswer) -> HeaderFinding:
    def judge(value: str) -> str:
        apart = re.sub(r"\([^()]*\)", lambda found: found[0].replace(",", " "), value)
        members = [member.strip() for member in apart.split(",")]
        if all(re.fullmatch(r"[a-z][a-z0-9-]*=(?:\*|self|\([^()]*\))(?:;.*)?", member) for member in members):
            return ""
        return "switch off what the page does not use, such as camera=(), geolocation=(), microphone=()"

    return _single(answer, "Permissions-Policy", judge)


def _transport(answer: ProbeAnswer) -> HeaderFinding:
    def judge(value: str) -> str:
        directives = [part.strip().lower() for part in value.split(";") if part.strip()]
        ages = [part for part in directives if part.startswith("max-age")]
        age = re.fullmatch(r'max-age\s*=\s*"?([0-9]{1,15})"?', ages[0]) if len(ages) == 1 else None
        if age and int(age.group(1)) >= YEAR_S:
            return ""
        return f"browsers may go back to http; send max-age={YEAR_S}; includeSubDomains"

    return _single(answer, "Strict-Transport-Security", judge)


def _cookies(answer: ProbeAnswer, *, encrypted: bool, unknown: bool, sessions: Sequence[str]) -> list[HeaderFinding]:
    """One finding per cookie; its value is a secret and never shown."""
    found: list[HeaderFinding] = []
    seen: set[tuple[str, str, str]] = set()
    for cookie in read_cookies(answer):
        problems = _cookie_problems(cookie, encrypted=encrypted, session=is_session(cookie.name, sessions))
        identity = (cookie.name, cookie.attributes.get("path", ""), cookie.attributes.get("domain", "").lower())
        if identity in seen:
            problems.append("set twice in one answer; set it once")
        seen.add(identity)
        if not problems and unknown and "secure" not in cookie.attributes:
            found.append(HeaderFinding("Set-Cookie", cookie.shown, None, SECURE_UNKNOWN))
            continue
        found.append(HeaderFinding("Set-Cookie", cookie.shown, not problems, "; ".join(problems)))
    return found


def _cookie_problems(cookie: SetCookie, *, encrypted: bool, session: bool) -> list[str]:
    problems = []
    attributes = cookie.attributes
    same_site = attributes.get("samesite", "").lower()
    if session and "httponly" not in attributes:
        problems.append("scripts can read this session cookie; add HttpOnly")
    if same_site not in ("strict", "lax", "none"):
        problems.append("other sites' requests may carry it; add SameSite=Lax")
    if same_site == "none" and "secure" not in attributes:
        problems.append("browsers drop SameSite=None without Secure")
    elif encrypted and "secure" not in attributes:
        problems.append("it would also be sent over http; add Secure")
    return problems
