"""`probes.prometheus` and `probes.kubernetes`: what is asked of systems that watch the service anyway."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from readiness.config import promql
from readiness.config.form import Complaint, Form, described, section_of
from readiness.config.scalars import block_form, named, text_form, word_form
from readiness.text import clean

_TAKES = ("max", "mean", "min", "last", "p95", "increase")
_LONGEST_QUERY = 5000
_KINDS = ("deployment", "statefulset", "daemonset")


def _matching(pattern: str, what: str, *, most: int = 63) -> Form[str]:
    def check(text: str) -> str | None:
        return None if re.fullmatch(pattern, text, re.ASCII) else f"must be {what}, not {clean(text, 60)!r}"

    return text_form(check=check, pattern=pattern, most=most)


_WORKLOAD = rf"^({'|'.join(_KINDS)})/[a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?$"
_NAMESPACE = _matching(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", "the name of a namespace")
_SELECTOR = _matching(r"^[A-Za-z0-9 !=,()._/-]+$", "labels, such as app=api", most=500)
_QUERY = described(
    block_form(_LONGEST_QUERY, check=promql.problem_of),
    f"PromQL that gives one series; {promql.WINDOW_WORD} is the length of the window.",
)


@dataclass(frozen=True, slots=True)
class PrometheusQuery:
    """One series over the measurement window, and what becomes of it."""

    query: Annotated[str, _QUERY]
    """PromQL; `$window` in it is the length of the window."""
    take: Annotated[str, described(word_form(_TAKES), "What becomes of its points in the measurement window.")]
    """`max`, `mean`, `min`, `last` or `p95` of its points, or `increase`: by how much a counter grew."""


@dataclass(frozen=True, slots=True)
class PrometheusSettings:
    """Numbers by PromQL, from the server that READINESS_PROMETHEUS_URL names; by name of the metric `custom.<name>`."""

    queries: Annotated[Mapping[str, PrometheusQuery], named(section_of(PrometheusQuery), least=1)] = field(
        default_factory=dict
    )


@dataclass(frozen=True, slots=True)
class KubernetesSettings:
    """The pods that serve: those of a workload, or those that a selector means; by READINESS_KUBECONFIG."""

    workload: Annotated[str | None, _matching(_WORKLOAD, "a kind and a name, such as deployment/api", most=270)] = None
    """Such as `deployment/api`."""
    selector: Annotated[str | None, _SELECTOR] = None
    """Labels, such as `app=api,tier=web`."""
    namespace: Annotated[str | None, _NAMESPACE] = None
    """None: that of the context, else `default`."""
    context: Annotated[str | None, text_form(most=200)] = None
    """None: the current one of the kubeconfig."""


def _pods(**given: str) -> KubernetesSettings:
    if ("workload" in given) == ("selector" in given):
        raise Complaint("needs one of workload and selector: which pods serve")
    return KubernetesSettings(**given)


PROMETHEUS = section_of(PrometheusSettings, required=("queries",))
KUBERNETES = section_of(KubernetesSettings, _pods)
