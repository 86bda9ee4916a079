"""`probes.prometheus`: what is asked of systems that watch the service anyway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from readiness.config import promql
from readiness.config.form import Form, described, section
from readiness.config.scalars import block_form, word_form

PROMETHEUS_TAKES = ("max", "mean", "min", "last", "p95", "increase")
_LONGEST_QUERY = 5000


@dataclass(frozen=True, slots=True)
class PrometheusQuery:
    """One series over the measurement window, and what becomes of it."""

    query: str
    """PromQL; `$window` in it is the length of the window."""
    take: str
    """`max`, `mean`, `min`, `last` or `p95` of its points, or `increase`: by how much a counter grew."""


@dataclass(frozen=True, slots=True)
class PrometheusSettings:
    """Numbers by PromQL, from the server that READINESS_PROMETHEUS_URL names; by name of the metric `custom.<name>`."""

    queries: Mapping[str, PrometheusQuery] = field(default_factory=dict)


def query_form() -> Form[PrometheusQuery]:
    """One of `probes.prometheus.queries`."""
    text = described(
        block_form(_LONGEST_QUERY, check=promql.problem_of),
        f"PromQL that gives one series; {promql.WINDOW_WORD} is the length of the window.",
    )
    take = described(word_form(PROMETHEUS_TAKES), "What becomes of its points in the measurement window.")
    return section(PrometheusQuery, {"query": ("query", text), "take": ("take", take)}, required=("query", "take"))
