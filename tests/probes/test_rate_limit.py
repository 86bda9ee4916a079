"""Rate limits: what a service declares, and when this load would reach it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from readiness.probes.http import ProbeAnswer
from readiness.probes.rate_limit import DeclaredLimit, budget, declarations
from tests.judge.builders import load, recording

HOUR = 3600


def declared(*values: str) -> list[DeclaredLimit]:
    pairs = tuple(("ratelimit-policy", value) for value in values)
    return list(declarations(ProbeAnswer(200, pairs, b"", 1.0, "")))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (('"api";q=50000;w=3600',), [DeclaredLimit("api", 50_000, HOUR)]),
        (
            ('"b";q=100;w=60, "day";q=2000000;w=86400',),
            [DeclaredLimit("b", 100, 60), DeclaredLimit("day", 2_000_000, 86_400)],
        ),
        (("50000;w=3600",), [DeclaredLimit("", 50_000, HOUR)]),
        (("10;w=1, 50;w=60",), [DeclaredLimit("", 10, 1), DeclaredLimit("", 50, 60)]),
        (('"a";q=5;w=1', '"b";q=6;w=1'), [DeclaredLimit("a", 5, 1), DeclaredLimit("b", 6, 1)]),
        (('"none";q=0;w=60',), []),
        (('"never";q=5;w=0',), []),
        (("100",), []),
        (("q=many;w=60",), []),
        (('"x' + "9" * 40 + '";q=' + "9" * 40 + ";w=1",), []),
        (("5;w=" + "9" * 40,), []),
        ((), []),
    ],
)  # fmt: skip
def test_policies_are_read_by_the_current_draft_and_by_older_ones(
    values: tuple[str, ...], expected: list[DeclaredLimit]
) -> None:
    assert declared(*values) == expected


def test_each_limit_is_held_against_the_rate_of_the_endpoints_under_it() -> None:
    seen = load(
        ("staff", "GET /bags", recording([5.0] * 900, failed={"http_5xx": 100})),
        ("staff", "POST /login", recording([5.0] * 10)),
        ("staff", "GET /free", recording([5.0] * 500)),
    )  # in a measurement window of ten seconds
    api, auth = DeclaredLimit("api", 50_000, HOUR), DeclaredLimit("auth", 10_000, HOUR)
    lines = budget(seen, (("GET /bags", api), ("POST /login", api), ("POST /login", auth)))
    assert [(line.subject, line.observed) for line in lines] == [
        ("limit api: 50,000 per 1 h (2 endpoints)", "reached after 8.25 min at 101.0 /s"),
        ("limit auth: 10,000 per 1 h (1 endpoint)", "never reached: 36 % of it at 1.0 /s"),
    ]
    assert "if one client sent all of it" in lines[0].note
    assert lines[1].note == ""


def test_without_load_or_requests_there_is_no_arithmetic() -> None:
    limit = DeclaredLimit("api", 1, 1)
    assert budget(None, (("GET /bags", limit),)) == []
    seen = load(("staff", "GET /bags", recording([5.0])))
    assert budget(seen, (("GET /other", limit),)) == []
    assert budget(seen, ()) == []
    assert budget(replace(seen, judged_end_s=seen.judged_start_s), (("GET /bags", limit),)) == []
