"""The catalogue as docs/reference/metrics.md: `python -m readiness.metrics.document > docs/reference/metrics.md`."""

from __future__ import annotations

import sys
import textwrap

from readiness.metrics.catalogue import CATALOGUE
from readiness.metrics.database import DATA_METRICS
from readiness.metrics.metric import Metric
from readiness.metrics.service import CUSTOM

_WIDTH = 120
_HEAD = """# Metrics

Generated from `readiness/metrics/`; a test compares the two. Each name may stand under `checks:` in
thresholds.yaml; the metrics of the load also with a scope, as `latency.p95@bag_lookup`.
"""


def render() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_section(metric) for metric in (*CATALOGUE, DATA_METRICS, CUSTOM))])


def _section(metric: Metric) -> str:
    name = f"{metric.name}.<name>" if metric in (DATA_METRICS, CUSTOM) else metric.name
    unit = {"": "a plain number", "ms": "ms", "%": "% (0 to 100)", "/s": "per second", "/min": "per minute"}.get(
        metric.unit, metric.unit
    )
    unit = "yes (1) or no (0)" if metric.yes_no else unit
    better = {"lower": "lower is better", "higher": "higher is better", "equal": "only the limit says"}[metric.better]
    facts = (f"- **What**: {metric.meaning}", f"- **Why**: {metric.why}", f"- **Fix**: {metric.fix}")
    wrapped = (
        textwrap.fill(fact, _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        for fact in facts
    )
    head = f"{metric.title}: {unit}; {better}; judged as {metric.kind.value}."
    return "\n".join([f"## `{name}`\n\n{head}\n", *wrapped, ""])


if __name__ == "__main__":
    sys.stdout.write(render())
