"""How a load ends before its time: `duration: until_decided`, `max_duration`, `abort_when`, `abort_after`."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from readiness.config import limits
from readiness.config.form import Complaint, Form, scalar, section
from readiness.config.model import STOP_METRICS, Limit, StopRule
from readiness.config.scalars import duration_form
from readiness.config.tree import Node, Scalar
from readiness.metrics import catalogue
from readiness.metrics.metric import Metric

UNTIL_DECIDED = "until_decided"
MAX_UNDECIDED_S = 300.0
"""`max_duration` where the file has none."""
ABORT_AFTER_S = 10.0
"""`abort_after` where the file has none."""


def duration(*, least_s: float, most_s: float) -> Form[float]:
    """A duration, or infinity for `until_decided`."""
    fixed = duration_form(least_s=least_s, most_s=most_s)

    def read(node: Node, path: str) -> float:
        return math.inf if isinstance(node, Scalar) and node.text == UNTIL_DECIDED else fixed.read(node, path)

    return Form(read, {"anyOf": [{"const": UNTIL_DECIDED}, fixed.schema]})


def stop_rules() -> Form[dict[str, Limit]]:
    """Metric to the limit that ends the load: `http.error_rate: "> 50 %"`."""
    found = [metric for name in STOP_METRICS if (metric := catalogue.find(name))]
    return section(_by_metric, {metric.name: (metric.name, _bad(metric)) for metric in found})


def _by_metric(**given: Limit) -> dict[str, Limit]:
    return given


def _bad(metric: Metric) -> Form[Limit]:
    """A limit that points the other way than those of checks: what meets it is bad."""
    other = replace(metric, better="lower" if metric.better == "higher" else "higher")
    return scalar(lambda node: limits.parse(node.text, other), {"type": "string", "pattern": limits.pattern(other)})


def take(given: dict[str, Any]) -> None:
    """The keys of the file -> arguments of `Load`, in place. Raises Complaint."""
    most_s = given.pop("max_duration_s", None)
    if given.get("duration_s") == math.inf:
        given["until_decided"], given["duration_s"] = True, most_s or MAX_UNDECIDED_S
        if "steps" in given:
            raise Complaint("cannot be until_decided beside steps: each is held as long as planned", "duration")
    elif most_s is not None:
        raise Complaint("belongs to duration: until_decided", "max_duration")
    after_s = given.pop("abort_after_s", None)
    if after_s is not None and "abort_when" not in given:
        raise Complaint("needs abort_when beside it", "abort_after")
    if "abort_when" in given:
        rules = given["abort_when"].items()
        given["abort_when"] = tuple(StopRule(name, limit, after_s or ABORT_AFTER_S) for name, limit in rules)
