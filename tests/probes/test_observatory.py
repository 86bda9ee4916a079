"""Scores of known sets of headers, reckoned by hand from MDN HTTP Observatory's table of modifiers."""

from __future__ import annotations

import pytest

from readiness.probes.http import ProbeAnswer
from readiness.probes.observatory import score

CSP, HSTS = (
    ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'"),
    (
        "Strict-Transport-Security",
        "max-age=31536000",
    ),
)
NOSNIFF, REFERRER = ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer")
HTML = ("Content-Type", "text/html")
GOOD = (HTML, CSP, HSTS, NOSNIFF)


def of(*headers: tuple[str, str], profile: str = "html", https: bool = True) -> tuple[int, str]:
    found = score(ProbeAnswer(200, headers, b"", 1.0, "https://127.0.0.1/"), profile, https=https)
    return found.value, found.grade


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        # CSP absent -25, framing -20, nosniff -5, HSTS -20
        ((HTML,), (30, "D")),
        # CSP without unsafe +5, frame-ancestors +5
        (GOOD, (110, "A+")),
        ((*GOOD, REFERRER, ("Cross-Origin-Resource-Policy", "same-origin")), (125, "A+")),
        ((HTML, ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"), HSTS, NOSNIFF), (115, "A+")),
        # below 90 without them, no bonus counts: inline scripts -20
        ((HTML, ("Content-Security-Policy", "default-src 'self' 'unsafe-inline'"), HSTS, NOSNIFF, REFERRER,
          ("X-Frame-Options", "DENY")), (80, "B+")),
        # at 90 and over, it does: eval -10, Referrer-Policy +5
        ((HTML, ("Content-Security-Policy", "default-src 'self' 'unsafe-eval'"), HSTS, NOSNIFF, REFERRER,
          ("X-Frame-Options", "DENY")), (95, "A")),
        # HSTS shorter than six months -10
        ((HTML, CSP, ("Strict-Transport-Security", "max-age=86400"), NOSNIFF), (100, "A+")),
        # a session cookie without Secure, under HSTS -10; without HttpOnly -30: the worse one
        ((*GOOD, ("Set-Cookie", "session=1; HttpOnly; SameSite=Lax")), (100, "A+")),
        ((*GOOD, ("Set-Cookie", "session=1; SameSite=Lax")), (70, "B")),
        ((*GOOD, ("Set-Cookie", "session=1; Secure; HttpOnly; SameSite=Lax")), (115, "A+")),
        ((*GOOD, ("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Credentials", "true")), (50, "C")),
    ],
)  # fmt: skip
def test_known_headers_have_the_known_score(headers: tuple[tuple[str, str], ...], expected: tuple[int, str]) -> None:
    assert of(*headers) == expected


def test_never_below_zero() -> None:
    cors = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Credentials", "true"))
    assert of(HTML, *cors, ("Set-Cookie", "session=1")) == (0, "F")


def test_profiles_ask_only_for_what_applies() -> None:
    assert of(HTML, CSP, NOSNIFF, profile="plain_http", https=False) == (110, "A+")
    assert of(HTML, CSP, NOSNIFF, https=False) == (110, "A+")
    assert of(HTML, CSP, NOSNIFF) == (80, "B+")
    assert of(("Content-Type", "application/json"), NOSNIFF, HSTS, profile="api") == (100, "A+")
