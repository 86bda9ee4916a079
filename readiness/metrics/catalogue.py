"""Every metric: name, unit, which way is better, what it means, why it matters, how to fix it.

docs/reference/metrics.md is generated from this list; reports take titles, reasons and next steps from it.
"""

from __future__ import annotations

from dataclasses import replace

from readiness.metrics.baseline import BASELINE, BASELINE_PREFIX
from readiness.metrics.database import DATA_METRICS, DATABASE
from readiness.metrics.database_role import SERVICE_ROLE_METRICS
from readiness.metrics.drills import DRILL_PREFIX, DRILLS
from readiness.metrics.kubernetes import KUBERNETES_METRICS
from readiness.metrics.metric import Metric
from readiness.metrics.moments import MOMENT_METRICS, STREAM_PREFIX, moment_of
from readiness.metrics.performance import PERFORMANCE
from readiness.metrics.resources import DATABASE_PROCESS_METRICS, PROCESS_METRICS
from readiness.metrics.restore import RESTORE_FACT, RESTORE_PREFIX, RESTORES
from readiness.metrics.service import CUSTOM, SERVICE, custom_unit
from readiness.metrics.transport import DNS_METRICS, TLS_METRICS, TRACING_METRICS

CATALOGUE: tuple[Metric, ...] = (
    *PERFORMANCE,
    *MOMENT_METRICS,
    *SERVICE,
    *TLS_METRICS,
    *DNS_METRICS,
    *TRACING_METRICS,
    *PROCESS_METRICS,
    *DATABASE_PROCESS_METRICS,
    *KUBERNETES_METRICS,
    *DATABASE,
    *SERVICE_ROLE_METRICS,
    *BASELINE,
    *DRILLS,
    *RESTORES,
)

_BY_NAME = {metric.name: metric for metric in CATALOGUE}


def names() -> tuple[str, ...]:
    """Every name of the catalogue."""
    return tuple(_BY_NAME)


def find(name: str) -> Metric | None:
    """The metric called `name`, `data.<name>` and `custom.<name>` included; None when there is none."""
    if name.startswith("custom.") and len(name) > len("custom."):
        subject = name.removeprefix("custom.")
        title = subject.replace("_", " ").capitalize()
        return replace(CUSTOM, name=name, title=title, unit=custom_unit(subject))
    if name.startswith("data.") and len(name) > len("data."):
        subject = name.removeprefix("data.")
        words = subject.removesuffix(".change").replace("_", " ").capitalize()
        title = f"{words}: Change by the Run" if subject.endswith(".change") else words
        return replace(DATA_METRICS, name=name, title=title)
    return _BY_NAME.get(name)


def is_load(name: str) -> bool:
    """Whether the metric is computed from the load's own requests."""
    return name.startswith(("latency.", "http.", STREAM_PREFIX)) or name == "throughput"


def is_latency(name: str) -> bool:
    """Whether the metric is one of how long whole requests of the load took."""
    return name.startswith("latency.") and moment_of(name) is None


def has_scope(name: str) -> bool:
    """Whether a check of the metric may name a scenario or an endpoint, or must name a drill."""
    return is_load(name) or name.startswith(BASELINE_PREFIX) or is_drill(name)


def is_drill(name: str) -> bool:
    """Whether the metric is one of a drill, which is then its scope."""
    return name.startswith(DRILL_PREFIX)


def is_restore(name: str) -> bool:
    """Whether the metric is one of a restored backup."""
    return name.startswith(RESTORE_PREFIX)


def drill_of(name: str, scope: str | None) -> str | None:
    """The drill, as a report names it, that the metric belongs to; None for any other metric."""
    if is_restore(name):
        return RESTORE_FACT
    return scope if is_drill(name) else None
