"""PromQL in thresholds.yaml: what reads another time than the window, names, ceilings, variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.config import ceilings, promql
from readiness.config.definitions import definitions
from readiness.config.load import load
from readiness.config.model import Config
from readiness.config.trust import Trust
from readiness.errors import ConfigError

FILE = """version: 1
service: shop
probes:
  custom: {{ jobs: {{ header: X-Jobs, path: / }} }}
  prometheus: {{ queries: {{ {queries} }} }}
checks:
  custom.{name}: {{ pass: "{limit}" }}
"""


def read(folder: Path, queries: str, name: str = "it", limit: str = "< 5", **environ: str) -> Config:
    path = folder / "thresholds.yaml"
    path.write_text(FILE.format(queries=queries, name=name, limit=limit))
    return load(path, environ, trust=Trust(frozenset(environ)))


@pytest.mark.parametrize(
    ("query", "back_ms"),
    [
        ("up", 0),
        ("rate(a[30s])", 30_000),
        ('sum(rate(a{b="[5m]"}[1m30s])) / sum(rate(c[ 10s ])) # [1d]', 90_000),
        ("max_over_time(rate(a[1m])[5m:10s])", 360_000),
        ("increase(a[$window]) + rate(kafka_offset[1s])", 7_000),
        ("a{offset='5m'} + `[1h]`", 0),
        ("sum by (a, offset) (b{x='@ # offset', offset='1'}) # offset 1h @ 7", 0),
        ('a{b="\\\\"} + c{d="\\" offset 1h"} # \'', 0),
        ("(offset) - offset + kafka:offset + max_over_time(a[1m: # ]\n $window])", 60_000),
    ],
)
def test_how_far_a_query_reaches_back(query: str, back_ms: int) -> None:
    assert promql.problem_of(query) is None
    assert promql.reach_back_ms(query, 7_000) == back_ms


@pytest.mark.parametrize(
    ("queries", "words"),
    [
        ("it: { query: up offset 5m, take: max }", "offset reads another time"),
        ("it: { query: 'up @ end()', take: max }", "@ reads another time"),
        ('it: { query: "up offset # comment\\n 1h", take: max }', "offset reads another time"),
        ('it: { query: "up # \\"\\n offset 1h # \\"", take: max }', "offset reads another time"),
        ("it: { query: up offset +1h, take: max }", "offset reads another time"),
        ("it: { query: up OFFSET step(), take: max }", "OFFSET reads another time"),
        ("it: { query: up offset $window, take: max }", "offset reads another time"),
        ('it: { query: \'a{b="\\\\"} offset 1h # "\', take: max }', "offset reads another time"),
        ("it: { query: 'up @ 123', take: max }", "@ reads another time"),
        ("it: { query: '{\"a.b\"}@start()', take: max }", "@ reads another time"),
        ('it: { query: "up # a\\r offset 1h", take: max }', "control characters"),
        ("it: { query: 'rate(a[1m] smoothed)', take: max }", "smoothed reads another time"),
        ("it: { query: 'rate(a[1m + 1h])', take: max }", "must have ranges such as"),
        ("it: { query: 'rate(a[step()])', take: max }", "must have ranges such as"),
        ("it: { query: 'rate(a[1m:offset])', take: max }", "must have ranges such as"),
        ("it: { query: 'rate(a[\"1m\"])', take: max }", "must have ranges such as"),
        ("it: { query: 'rate(a[5 minutes])', take: max }", "must have ranges such as [30s] or [$window]"),
        ("it: { query: up, take: sum }", "must be max, mean, min, last, p95 or increase, not 'sum'"),
        ("it: { query: up }", "take: is required"),
        ("it: { take: max }", "query: is required"),
        ("it: up", "must be a mapping"),
        ("1: { query: up, take: max }", "is not a name"),
        ("it: { query: up, take: max }, jobs: { query: up, take: max }", "jobs stands under custom too"),
        ("it: { query: '${SECRET}', take: max }", "stands in a query, which can spell its value"),
        ("other: { query: up, take: max }", "is not under probes.custom or probes.prometheus.queries"),
        ("it_ms: { query: up, take: max }", 'did you mean "custom.it_ms"'),
    ],
)
def test_a_query_that_cannot_be_asked_is_refused_with_its_line(tmp_path: Path, queries: str, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, queries, SECRET="s3cret-value")
    assert words in str(error.value)
    assert "thresholds.yaml:" in str(error.value)
    assert "s3cret" not in str(error.value)


def test_the_name_ends_with_the_unit_and_the_ceiling_counts_queries(tmp_path: Path) -> None:
    config = read(tmp_path, "it_percent: { query: up, take: max }", "it_percent", "< 70 %")
    assert config.checks[0].pass_limit.value == 70
    many = ", ".join(f"q{n}: {{ query: up, take: max }}" for n in range(51))
    with pytest.raises(ConfigError, match=r"probes\.prometheus\.queries: 51 entries is more than c\.yaml allows"):
        ceilings.check(read(tmp_path, many, "q1"), ceilings.Ceilings(users=10**6, time_s=1e6), Path("c.yaml"))


def test_another_query_under_the_same_name_is_another_number(tmp_path: Path) -> None:
    def meaning(query: str, take: str) -> str:
        config = read(tmp_path, f"it: {{ query: {query}, take: {take} }}")
        return definitions(config.database, config.probes.prometheus.queries)["custom.it"]

    assert meaning("up", "max") == meaning("up", "max")
    assert len({meaning("up", "max"), meaning("up", "min"), meaning("down", "max")}) == 3
