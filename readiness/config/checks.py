"""The `checks:` section: `metric` or `metric@scope` -> limits and options."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from readiness.config import limits
from readiness.config.database import CHANGE
from readiness.config.form import MAX_PROBLEMS, Complaint, Form, Problem, Wrong, described, join, scalar, section, table
from readiness.config.model import Check, Limit, OnFail
from readiness.config.scalars import choice_form, number_form, sentence_form
from readiness.config.tree import Node, Scalar
from readiness.metrics import catalogue
from readiness.metrics.baseline import BASELINE_PREFIX
from readiness.metrics.database import DATA_METRICS
from readiness.metrics.metric import Metric
from readiness.metrics.service import CUSTOM
from readiness.text import clean
from readiness.text.spelling import nearest

MAX_WEIGHT = 1e6
_SCOPE = r"(@.+)?$"


@dataclass(frozen=True, slots=True)
class DeclaredNames:
    """What the rest of the file declares and a check may use."""

    countable: frozenset[str] = frozenset()
    """Counts and queries, which an invariant may use."""
    invariants: frozenset[str] = frozenset()
    custom: frozenset[str] = frozenset()
    """Keys of probes.custom and of probes.prometheus.queries."""
    scenarios: frozenset[str] | None = None
    """Keys of load.scenarios; None when the file does not list them."""
    baseline: bool = True
    """Whether the file names a baseline run."""
    checks: frozenset[str] | None = None
    """Keys of checks, which a waiver may name; None when they are not known."""
    proxies: frozenset[str] = frozenset()
    drills: frozenset[str] = frozenset()
    restore: bool = True
    """Whether the file says how a backup is restored."""

    @property
    def data(self) -> frozenset[str]:
        """Every `data.<name>`."""
        return self.countable | self.invariants

    def has_data(self, name: str) -> bool:
        """Whether there is a measurement `data.<name>`."""
        return name in self.countable or name in self.invariants or name.removesuffix(CHANGE) in self.countable


def checks_form(names: DeclaredNames) -> Form[tuple[Check, ...]]:
    """The whole section, in the order of the file."""

    def read(node: Node, path: str) -> tuple[Check, ...]:
        checks: list[Check] = []
        problems: list[Problem] = []
        for key, value in table(node, path).pairs:
            if len(problems) > MAX_PROBLEMS:
                break
            where = join(path, clean(key.text, 120))
            try:
                metric, scope = _key(key.text, names)
                if isinstance(value, Scalar):
                    raise ValueError(f'must be a mapping, such as {{ pass: "{limits.example(metric)}" }}')
                checks.append(_check_form(metric, scope, key.line).read(value, where))
            except Wrong as wrong:
                problems += wrong.problems
            except ValueError as error:
                problems.append(Problem(key.line, where, str(error)))
        if problems:
            raise Wrong(*problems)
        if problem := _undecided(checks):
            raise Wrong(Problem(node.line, path, problem))
        return tuple(checks)

    patterns = {
        f"^{re.escape(metric.name)}{_SCOPE if catalogue.has_scope(metric.name) else '$'}": described(
            _check_form(metric, None, 0), f"{metric.title}: {metric.meaning}"
        ).schema
        for metric in catalogue.CATALOGUE
    }
    patterns[r"^data\.[A-Za-z_][A-Za-z0-9_]*(\.change)?$"] = described(
        _check_form(DATA_METRICS, None, 0), DATA_METRICS.meaning
    ).schema
    for unit, end in (("ms", "_ms"), ("%", "_percent"), ("/s", "_per_s"), ("", "")):
        plain = r"(?!.*(_ms|_percent|_per_s)$)" if not unit else ""
        key = rf"^custom\.{plain}[A-Za-z_][A-Za-z0-9_]*{end}$"
        patterns[key] = described(_check_form(replace(CUSTOM, unit=unit), None, 0), CUSTOM.meaning).schema
    schema = {"type": "object", "patternProperties": patterns, "additionalProperties": False, "minProperties": 1}
    return Form(read, schema)


def _check_form(metric: Metric, scope: str | None, line: int) -> Form[Check]:
    title = metric.title if scope is None else f"{metric.title} ({scope})"

    def make(
        pass_limit: Limit,
        warn_limit: Limit | None = None,
        title: str = clean(title, 200),
        weight: float | None = None,
        on_fail: OnFail = OnFail.CONDITION,
        not_applicable: str | None = None,
    ) -> Check:
        if warn_limit is not None:
            _compare(pass_limit, warn_limit)
        if weight is None:  # a note decides nothing, not through the score either
            weight = 0.0 if on_fail is OnFail.NOTE else 1.0
        return Check(metric.name, scope, title, pass_limit, warn_limit, weight, on_fail, not_applicable, line)

    limit = _limit_form(metric)
    return section(
        make,
        {
            "title": ("title", sentence_form()),
            "pass": ("pass_limit", limit),
            "warn": ("warn_limit", limit),
            "weight": ("weight", number_form(least=0, most=MAX_WEIGHT)),
            "on_fail": ("on_fail", choice_form(OnFail)),
            "not_applicable": ("not_applicable", sentence_form(300)),
        },
        required=("pass",),
    )


def _limit_form(metric: Metric) -> Form[Limit]:
    return scalar(lambda node: limits.parse(node.text, metric), {"type": "string", "pattern": limits.pattern(metric)})


def _compare(pass_limit: Limit, warn_limit: Limit) -> None:
    if not limits.same_direction(warn_limit, pass_limit):
        raise Complaint(f'must point the same way as pass "{pass_limit.text}"', "warn")
    if not limits.covers(warn_limit, pass_limit):
        raise Complaint(f'is tighter than pass "{pass_limit.text}"; warn is the wider limit', "warn")
    if limits.covers(pass_limit, warn_limit):
        raise Complaint(f'is the same as pass "{pass_limit.text}", so it never applies; widen or remove it', "warn")


def _key(text: str, names: DeclaredNames) -> tuple[Metric, str | None]:
    name, at, scope = text.partition("@")
    metric = catalogue.find(name)
    if name.startswith("custom.") and name.removeprefix("custom.") not in names.custom:
        guess = nearest(name, [f"custom.{one}" for one in names.custom])
        raise ValueError(f"is not under probes.custom or probes.prometheus.queries{guess}")
    if name.startswith("data.") and not names.has_data(name.removeprefix("data.")):
        guess = nearest(name, [f"data.{data}" for data in names.data])
        raise ValueError(f"is not under database (counts, queries or invariants){guess}")
    if metric is None:
        raise ValueError(f"unknown metric{nearest(name, _known(names)) or '; docs/reference/metrics.md lists all'}")
    if name.startswith(BASELINE_PREFIX) and not names.baseline:
        raise ValueError("needs the section baseline, such as `baseline: { run: baseline/run.json }`")
    if catalogue.is_restore(name) and not names.restore:
        raise ValueError("needs the section restore, such as `restore: { command: [./restore.sh] }`")
    if catalogue.is_drill(name):
        if scope not in names.drills:
            guess = nearest(scope, names.drills) if at else ""
            raise ValueError(
                f'"{clean(scope, 60)}" is not under drills{guess}' if at else f"needs its drill, such as {name}@NAME"
            )
        return metric, scope
    if not at:
        return metric, None
    if not catalogue.has_scope(name):
        raise ValueError(f"{name} is not measured per request, so it has no scope; remove @{clean(scope, 60)}")
    if clean(scope, 200) != scope or not scope:
        raise ValueError("the scope after @ must be a scenario, or an endpoint such as GET /api/bags/{qr}")
    if _no_scenario(scope, names.scenarios):
        guess = nearest(scope, names.scenarios or ())
        raise ValueError(f'"{scope}" is not under load.scenarios{guess} (an endpoint: write "POST {scope}")')
    return metric, scope


def _no_scenario(scope: str, scenarios: frozenset[str] | None) -> bool:
    """Whether `scope` looks like the name of a scenario, spelt wrongly; an endpoint may have a name without blanks."""
    if scenarios is None or scope in scenarios or " " in scope or "/" in scope:
        return False
    return nearest(scope, scenarios).startswith("; did")


def _known(names: DeclaredNames) -> set[str]:
    """Every key that could stand under checks, without its scope."""
    declared = {*(f"data.{data}" for data in names.data), *(f"custom.{one}" for one in names.custom)}
    return {*catalogue.names(), *declared, *(f"data.{data}{CHANGE}" for data in names.countable)}


def _undecided(checks: Collection[Check]) -> str | None:
    """Why these checks could not lead to a verdict; None when they can."""
    if not checks:
        return 'has no check, so nothing can be decided; add one, such as `http.success_rate: { pass: "> 99 %" }`'
    judged = [check for check in checks if check.not_applicable is None]
    if all(check.on_fail is OnFail.NOTE for check in judged):
        return "no check can decide: every one is a note or not applicable; give one `on_fail: condition` or `block`"
    if not sum(check.weight for check in judged):
        return "no check can decide: the weights add up to 0, so there is no score; give one a weight"
    return None
