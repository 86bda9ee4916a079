"""The score of one answer's headers by MDN HTTP Observatory (algorithm 4): its rules, its weights, its grades.

What it asks of a whole site and not of an answer is left out, and neither gives nor takes points: the redirect from
http to https, subresource integrity, and the HSTS preload list. `plain_http` leaves out HSTS and Secure too, `api`
what only a page needs. Source: github.com/mdn/mdn-http-observatory, src/grader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from readiness.probes import content_security_policy as csp
from readiness.probes.header_rules import (
    CSP,
    REFERRERS,
    SECURE_UNKNOWN,
    is_document,
    is_session,
    read_cookies,
    unknown_secure,
)
from readiness.probes.http import ProbeAnswer

SIX_MONTHS_S = 15_552_000
GRADES = (
    (100, "A+"), (90, "A"), (85, "A-"), (80, "B+"), (70, "B"), (65, "B-"), (60, "C+"), (50, "C"),
    (45, "C-"), (40, "D+"), (30, "D"), (25, "D-"), (0, "F"),
)  # fmt: skip
_PRIVATE = frozenset({"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"})
_LEAKING = frozenset({"origin", "origin-when-cross-origin", "unsafe-url"})


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule's points: below zero for what is wrong, above for what is better than needed."""

    header: str
    observed: str
    points: int
    why: str


@dataclass(frozen=True, slots=True)
class ObservatoryScore:
    """0 upwards; 100 is faultless, more is better than needed."""

    value: int
    grade: str
    rules: tuple[Rule, ...]


def score(answer: ProbeAnswer, profile: str, *, https: bool, sessions: Sequence[str] = ()) -> ObservatoryScore:
    """The score of `answer`; bonus points count only for who has at least 90 without them."""
    rules = tuple(_rules(answer, profile, https, sessions))
    uncurved = 100 + sum(rule.points for rule in rules if rule.points < 0)
    full = uncurved + sum(rule.points for rule in rules if rule.points > 0)
    value = max(full if uncurved >= 90 else uncurved, 0)
    grade = next(name for least, name in GRADES if min(value, 100) >= least)
    return ObservatoryScore(value, grade, rules)


def _rules(answer: ProbeAnswer, profile: str, https: bool, sessions: Sequence[str]) -> Iterator[Rule]:
    encrypted = https and profile != "plain_http"
    page = profile != "api" and is_document(answer)
    if page:
        yield from _content(answer)
        yield from _framing(answer)
    yield from _sniffing(answer)
    yield from _referrer(answer)
    yield from _sharing(answer)
    if encrypted:
        yield from _transport(answer)
    yield from _cookies(answer, encrypted, unknown_secure(profile, https=https), sessions)


def _content(answer: ProbeAnswer) -> Iterator[Rule]:
    policies = csp.parse(answer.values(CSP))
    observed = ", ".join(answer.values(CSP))
    if not policies:
        only = answer.values(f"{CSP}-Report-Only")
        why = "the policy is only reported, not enforced" if only else "no policy says what may run"
        yield Rule(CSP, only[0] if only else "absent", -25, why)
        return
    remedies = csp.problems(policies)
    if any("unsafe-inline" in remedy or "from anywhere" in remedy for remedy in remedies):
        yield Rule(CSP, observed, -20, "inline or foreign scripts may run; use nonces, hashes or 'self'")
    elif any("unsafe-eval" in remedy for remedy in remedies):
        yield Rule(CSP, observed, -10, "strings may be run as code; remove 'unsafe-eval'")
    elif any(policy.get("default-src") == ("'none'",) for policy in policies):
        yield Rule(CSP, observed, 10, "everything is forbidden that is not allowed by name")
    else:
        yield Rule(CSP, observed, 5, "no inline script and no eval")


def _framing(answer: ProbeAnswer) -> Iterator[Rule]:
    policies = csp.parse(answer.values(CSP))
    ancestors = [policy["frame-ancestors"] for policy in policies if "frame-ancestors" in policy]
    options = {part.strip().upper() for value in answer.values("X-Frame-Options") for part in value.split(",")}
    if any(not csp.is_open(sources) for sources in ancestors):
        yield Rule("X-Frame-Options", "frame-ancestors", 5, "the policy says who may frame the page")
    elif options in ({"DENY"}, {"SAMEORIGIN"}):
        yield Rule("X-Frame-Options", options.pop(), 0, "set, though frame-ancestors is what browsers go by")
    else:
        observed = ", ".join(answer.values("X-Frame-Options")) or "absent"
        yield Rule("X-Frame-Options", observed, -20, "any site may frame the page")


def _sniffing(answer: ProbeAnswer) -> Iterator[Rule]:
    values = {value.strip().lower() for value in answer.values("X-Content-Type-Options")}
    if values != {"nosniff"}:
        yield Rule("X-Content-Type-Options", ", ".join(values) or "absent", -5, "browsers may guess the content type")


def _referrer(answer: ProbeAnswer) -> Iterator[Rule]:
    values = answer.values("Referrer-Policy")
    if not values:
        return
    known = [part for part in re.split(r"[,\s]+", " ".join(values).lower()) if part in REFERRERS]
    observed = ", ".join(values)
    if known and known[-1] in _PRIVATE:
        yield Rule("Referrer-Policy", observed, 5, "URLs stay private")
    elif not known or known[-1] in _LEAKING:
        yield Rule("Referrer-Policy", observed, -5, "URLs leak to other sites")


def _sharing(answer: ProbeAnswer) -> Iterator[Rule]:
    credentials = [value.strip().lower() for value in answer.values("Access-Control-Allow-Credentials")]
    origin = [value.strip() for value in answer.values("Access-Control-Allow-Origin")]
    if credentials == ["true"] and origin in (["*"], ["null"]):
        yield Rule("Access-Control-Allow-Origin", origin[0], -50, "any site may read answers as the user")
    policy = [value.split(";")[0].strip().lower() for value in answer.values("Cross-Origin-Resource-Policy")]
    if policy and policy[-1] in ("same-origin", "same-site"):
        yield Rule("Cross-Origin-Resource-Policy", policy[-1], 10, "other sites cannot load it")
    elif policy and policy[-1] != "cross-origin":
        yield Rule(
            "Cross-Origin-Resource-Policy", policy[-1], -5, "not a policy: same-origin, same-site or cross-origin"
        )


def _transport(answer: ProbeAnswer) -> Iterator[Rule]:
    header = "Strict-Transport-Security"
    values = answer.values(header)
    ages = re.findall(r'max-age\s*=\s*"?([0-9]{1,15})"?', values[0].lower()) if len(set(values)) == 1 else []
    if len(ages) != 1:
        yield Rule(header, ", ".join(values) or "absent", -20, "browsers may go back to http")
    elif int(ages[0]) < SIX_MONTHS_S:
        yield Rule(header, values[0], -10, "shorter than six months")


def _cookies(answer: ProbeAnswer, encrypted: bool, unknown: bool, sessions: Sequence[str]) -> Iterator[Rule]:
    cookies = read_cookies(answer)
    if not cookies:
        return
    lasting = encrypted and bool(answer.values("Strict-Transport-Security"))
    worst = Rule("Set-Cookie", f"{len(cookies)} set", 5, "every cookie has its flags")
    for cookie in cookies:
        session = is_session(cookie.name, sessions)
        same_site = cookie.attributes.get("samesite")
        found = []
        if encrypted and "secure" not in cookie.attributes:
            points = (-10 if lasting else -40) if session else (-5 if lasting else -20)
            found.append((points, "it would also be sent over http; add Secure"))
        if session and "httponly" not in cookie.attributes:
            found.append((-30, "scripts can read this session cookie; add HttpOnly"))
        if same_site is not None and same_site.lower() not in ("strict", "lax", "none"):
            found.append((-20, "SameSite has a value that browsers do not know"))
        elif same_site is None and re.search("csrf", cookie.name, re.IGNORECASE):
            found.append((-20, "a token against forged requests needs SameSite"))
        elif same_site is None:
            found.append((0, "SameSite is left to the browser"))
        if unknown and "secure" not in cookie.attributes:
            found.append((0, SECURE_UNKNOWN))
        for points, why in found:
            if points < worst.points:
                worst = Rule("Set-Cookie", cookie.shown, points, why)
    yield worst
