from __future__ import annotations

import pytest

from readiness.config.probes import Probes, SecuritySettings
from readiness.measurements.measured_invariants import header_rules_are_counted
from readiness.probes.header_rules import findings
from readiness.probes.http import ProbeAnswer
from readiness.probes.observatory import score
from readiness.probes.window import Window
from tests.judge.builders import run
from tests.probes.conftest import Site, observe, raw, reply


def ended() -> Window:
    """Of a load that is over."""
    window = Window()
    window.end()
    return window


CSP = "Content-Security-Policy"
GOOD = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    CSP: "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(self)",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Set-Cookie": "session=s3cret; Path=/; HttpOnly; Secure; SameSite=Lax",
}


def failed(
    *more: tuple[str, str], without: tuple[str, ...] = (), profile: str = "html", https: bool = True
) -> dict[str, str]:
    """Header -> note of each rule that does not hold, for good headers with changes."""
    replaced = {name.lower() for name, _ in more} | {name.lower() for name in without}
    pairs = tuple(pair for pair in GOOD.items() if pair[0].lower() not in replaced) + more
    answer = ProbeAnswer(200, pairs, b"", 1.0, "https://127.0.0.1/")
    return {found.header: found.note for found in findings(answer, profile, https=https) if not found.ok}


def test_good_headers_hold_in_every_case_of_letters() -> None:
    assert failed() == {}
    assert failed(*((name.lower(), value) for name, value in GOOD.items())) == {}


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("X-Frame-Options", "ALLOWALL", "Framing"),
        ("X-Frame-Options", "DENY, SAMEORIGIN", "Framing"),
        ("X-Content-Type-Options", "sniff", "X-Content-Type-Options"),
        ("X-Content-Type-Options", "", "X-Content-Type-Options"),
        ("Strict-Transport-Security", "max-age=0", "Strict-Transport-Security"),
        ("Strict-Transport-Security", "max-age=31535999", "Strict-Transport-Security"),
        ("Strict-Transport-Security", "max-age=1; max-age=31536000", "Strict-Transport-Security"),
        ("Strict-Transport-Security", "includeSubDomains", "Strict-Transport-Security"),
        ("Referrer-Policy", "unsafe-url", "Referrer-Policy"),
        ("Referrer-Policy", "no-referrer, origin", "Referrer-Policy"),
        ("Permissions-Policy", "camera 'none'", "Permissions-Policy"),
        (CSP, "default-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'", CSP),
        (CSP, "default-src 'self' 'unsafe-eval'; object-src 'none'; base-uri 'none'", CSP),
        (CSP, "default-src *; object-src 'none'; base-uri 'none'", CSP),
        (CSP, "default-src 'self'; base-uri 'none'", CSP),
        (CSP, "default-src 'none'", CSP),
        (CSP, "frame-ancestors 'none'; object-src 'none'; base-uri 'none'", CSP),
        (CSP, "default-src 'none'; base-uri 'none'; frame-ancestors *", "Framing"),
        ("Set-Cookie", "session=1; Secure; SameSite=Lax", "Set-Cookie"),
        ("Set-Cookie", "session=1; HttpOnly; Secure", "Set-Cookie"),
        ("Set-Cookie", "session=1; HttpOnly; SameSite=Lax", "Set-Cookie"),
        ("Set-Cookie", "theme=1; SameSite=None", "Set-Cookie"),
    ],
)
def test_a_header_is_judged_by_its_value(name: str, value: str, rule: str) -> None:
    problems = failed((name, value))
    assert list(problems) == [rule]
    assert problems[rule]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Referrer-Policy", "unsafe-url, strict-origin-when-cross-origin"),
        ("Strict-Transport-Security", 'max-age="63072000"'),
        (CSP, "script-src 'nonce-abc' 'unsafe-inline' 'strict-dynamic' https:; object-src 'none'; base-uri 'self'"),
        (CSP, "default-src 'none'; base-uri 'none', frame-ancestors 'self'"),
        ("Set-Cookie", "theme=dark; Secure; SameSite=Strict"),
        ("Set-Cookie", "csrf_token=1; Secure; SameSite=Strict"),
    ],
)
def test_other_good_values_hold_too(name: str, value: str) -> None:
    assert failed((name, value)) == {}


@pytest.mark.parametrize(
    ("profile", "https", "cookie", "ok"),
    [
        ("html", False, "session=1; HttpOnly; SameSite=Lax", None),
        ("api", False, "session=1; HttpOnly; SameSite=Lax", None),
        ("html", False, "session=1; HttpOnly; SameSite=Lax; Secure", True),
        ("html", False, "session=1; SameSite=Lax", False),  # whatever Secure would be
        ("plain_http", False, "session=1; HttpOnly; SameSite=Lax", True),
        ("plain_http", True, "session=1; HttpOnly; SameSite=Lax", True),
        ("html", True, "session=1; HttpOnly; SameSite=Lax", False),
    ],
)
def test_a_cookie_without_secure_is_not_judged_over_http(
    profile: str, https: bool, cookie: str, ok: bool | None
) -> None:
    answer = ProbeAnswer(200, (("Set-Cookie", cookie),), b"", 1.0, "")
    (found,) = [one for one in findings(answer, profile, https=https) if one.header == "Set-Cookie"]
    assert (found.ok, "not judged over http" in found.note) == (ok, ok is None)
    (rule,) = [one for one in score(answer, profile, https=https).rules if one.header == "Set-Cookie"]
    assert (rule.points > 0, "not judged over http" in rule.why) == (ok is True, ok is None)


def test_what_was_not_judged_counts_neither_way(site: Site) -> None:
    site.paths["/"] = reply(
        200, b"{}", ("Content-Type", "application/json"), ("X-Content-Type-Options", "nosniff"),
        ("Set-Cookie", "session=s3cret; HttpOnly; SameSite=Lax"),
    )  # fmt: skip
    measured = observe(site.target, Probes(security=SecuritySettings(paths=("/",))), set(), ended())["security.headers"]
    assert (measured.value, measured.samples) == (50.0, 2)
    assert [detail.ok for detail in measured.details] == [False, None, True]
    assert not list(header_rules_are_counted(run(None, measured))), "a run with it is read again"


def test_a_policy_that_only_reports_is_not_enforced() -> None:
    problems = failed((f"{CSP}-Report-Only", GOOD[CSP]), without=(CSP,))
    assert "not enforced" in problems[CSP]


def test_a_header_that_is_absent_is_so_in_what_was_seen_and_not_again_in_the_note() -> None:
    answer = ProbeAnswer(200, (), b"", 1.0, "https://127.0.0.1/")
    absent = [found for found in findings(answer, "html", https=True) if found.observed == "absent"]
    assert len(absent) == 6
    assert not any("absent" in found.note for found in absent)


def test_conflicting_duplicates_fail_and_equal_ones_do_not() -> None:
    age = "Strict-Transport-Security"
    assert list(failed((age, "max-age=31536000"), (age, "max-age=0"))) == [age]
    assert failed((age, "max-age=31536000"), (age, "max-age=31536000")) == {}
    assert list(failed(("X-Frame-Options", "DENY"), ("X-Frame-Options", "SAMEORIGIN"))) == ["Framing"]


def test_one_of_frame_ancestors_and_frame_options_is_enough() -> None:
    assert failed(without=("X-Frame-Options",)) == {}
    assert failed((CSP, "default-src 'none'; base-uri 'none'")) == {}
    assert "Framing" in failed((CSP, "default-src 'none'; base-uri 'none'"), without=("X-Frame-Options",))


def test_profiles_leave_out_what_cannot_apply() -> None:
    everything = tuple(GOOD)
    assert {"Framing", CSP, "Permissions-Policy"}.isdisjoint(failed(without=everything, profile="api"))
    assert "Strict-Transport-Security" in failed(without=everything, profile="api")
    assert "Strict-Transport-Security" not in failed(without=everything, profile="plain_http", https=False)
    assert failed(("Set-Cookie", "session=1; HttpOnly; SameSite=Lax"), profile="plain_http", https=False) == {}


def test_every_path_counts_and_a_cookie_value_is_never_shown(site: Site) -> None:
    site.paths["/"] = reply(200, b"", *GOOD.items())
    settings = SecuritySettings(paths=("/", "/no-such-page"), profile="plain_http")
    measured = observe(site.target, Probes(security=settings), set(), ended())["security.headers"]
    assert measured.value == pytest.approx(100 * 6 / 11)
    assert all(detail.note for detail in measured.details if not detail.ok)
    assert {detail.subject for detail in measured.details if detail.ok is False} >= {f"/no-such-page: {CSP}"}
    assert "s3cret" not in str(measured)


def test_an_unreachable_path_is_not_measured(site: Site) -> None:
    site.paths["/"] = raw(b"")
    assert str(observe(site.target, Probes(), set(), ended())["security.headers"].reason).startswith("/: ")


@pytest.mark.parametrize(
    ("name", "value", "active"),
    [
        ("RateLimit-Policy", '"default";q=100;w=60', 1.0),
        ("RateLimit", '"default";r=50;t=30', 1.0),
        ("RateLimit", "limit=100, remaining=50, reset=5", 1.0),
        ("X-RateLimit-Limit", "100", 1.0),
        ("x-rate-limit-limit", "100, 100;w=60", 1.0),
        ("X-RateLimit-Limit", "0", 0.0),
        ("X-RateLimit-Limit", "unlimited", 0.0),
        ("RateLimit-Policy", "", 0.0),
        ("X-Other", "100", 0.0),
    ],
)
def test_a_rate_limit_is_active_when_a_sane_one_is_declared(site: Site, name: str, value: str, active: float) -> None:
    site.paths["/"] = reply(200, b"", (name, value))
    measured = observe(site.target, Probes(), {"rate_limit.active"}, ended())["rate_limit.active"]
    assert measured.value == active
    assert measured.details[0].ok is bool(active)
