"""P9 and P10: whatever is missing from the facts of a READY run, or is no number there, is never READY for it."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator
from typing import Any

import pytest

from readiness.config.model import Config, OnFail
from readiness.errors import ConfigError
from readiness.judge.judge import judge
from readiness.judge.verdict import Decision, Verdict
from readiness.measurements.json import dumps, loads
from readiness.measurements.run import Rate
from tests.judge.builders import check, config, load, measured, recording, run

CONFIG: Config = config(
    check("http.success_rate", "> 90 %", on_fail=OnFail.BLOCK),
    check("latency.p95", "< 100 ms", on_fail=OnFail.BLOCK),
    check("latency.p95", "< 100 ms", scope="GET /b", on_fail=OnFail.BLOCK),
    check("cache.hit_rate", "> 80 %", on_fail=OnFail.BLOCK),
    check("data.x", "== 0", on_fail=OnFail.BLOCK),
)
SEEN = run(
    load(
        ("shop", "GET /a", recording([10.0] * 900 + [20.0] * 100, failed={"http_5xx": 5})),
        ("shop", "GET /b", recording([10.0] * 1000)),
    ),
    measured("cache.hit_rate", 99.0, evidence=Rate(990, 1000)),
    measured("data.x", 0),
)
DOCUMENT: dict[str, Any] = json.loads(dumps(SEEN))
WHOLE = judge(SEEN, CONFIG)
Place = tuple[Any, ...]


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Every key and element of the document; of long lists of numbers the first two."""
    if isinstance(value, dict):
        inside: list[tuple[Any, Any]] = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))[:2]
    else:
        return
    for key, item in inside:
        yield (*at, key)
        yield from places(item, (*at, key))


def changed(place: Place, value: Any = None, *, gone: bool = False) -> Verdict | None:
    """The verdict on the document with one place taken out or replaced; None when it is refused."""
    document = copy.deepcopy(DOCUMENT)
    holder = document
    for key in place[:-1]:
        holder = holder[key]
    if gone:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    try:
        return judge(loads(json.dumps(document), "run.json"), CONFIG)
    except ConfigError:
        return None


def figures(verdict: Verdict) -> list[object]:
    """What the checks say, without the words."""
    return [(one.key, one.outcome, one.value, one.low, one.high, one.samples) for one in verdict.checks]


def test_the_run_that_is_spoilt_is_ready_and_has_many_places() -> None:
    assert WHOLE.decision is Decision.READY
    assert len(list(places(DOCUMENT))) > 100
    assert changed(("id",), "other") is not None


def test_nothing_that_a_check_needs_can_be_missing_from_a_ready_run() -> None:
    lost = 0
    for place in places(DOCUMENT):
        verdict = changed(place, gone=True)
        if verdict is None or verdict.decision is not Decision.READY:
            lost += 1
            continue
        assert figures(verdict) == figures(WHOLE), place
        assert verdict.score == WHOLE.score, place
    assert lost > 30


@pytest.mark.parametrize("poison", [math.nan, math.inf, -math.inf, True, "0", None, [], 10**400, -1])
def test_what_is_no_number_is_refused_or_never_ready(poison: object) -> None:
    for place in places(DOCUMENT):
        value: Any = DOCUMENT
        for key in place:
            value = value[key]
        if type(value) not in (int, float):
            continue
        verdict = changed(place, poison)
        if verdict is not None and verdict.decision is Decision.READY:
            assert figures(verdict) == figures(WHOLE), (place, poison)
