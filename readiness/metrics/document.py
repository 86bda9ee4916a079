"""The catalogue as docs/metrics.md: `python -m readiness.metrics.document > docs/metrics.md`."""

from __future__ import annotations

import sys

from readiness.metrics.catalogue import CATALOGUE
from readiness.metrics.database import DATA
from readiness.metrics.metric import Metric
from readiness.metrics.service import CUSTOM

_HEAD = """# Metrics

Generated from `readiness/metrics/`; a test compares the two. Each name may stand under `checks:` in
thresholds.yaml; the metrics of the load also with a scope, as `latency.p95@bag_lookup`.
"""


def render() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_section(metric) for metric in (*CATALOGUE, DATA, CUSTOM))])


def _section(metric: Metric) -> str:
    name = f"{metric.name}.<name>" if metric in (DATA, CUSTOM) else metric.name
    unit = {"": "a plain number", "ms": "ms", "%": "% (0 to 100)", "/s": "per second"}[metric.unit]
    better = {"lower": "lower is better", "higher": "higher is better", "equal": "only the limit says"}[metric.better]
    return (
        f"## `{name}`\n\n{metric.title}: {unit}; {better}; judged as {metric.kind.value}.\n\n"
        f"- **What**: {metric.meaning}\n- **Why**: {metric.why}\n- **Fix**: {metric.fix}\n"
    )


if __name__ == "__main__":
    sys.stdout.write(render())
