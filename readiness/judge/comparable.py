"""Whether two runs may be compared at all, and what else is not the same in both."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.measurements.run import Run
from readiness.text import clean

MOST_NAMES = 10
SAME = ("model", "users", "rate_per_s", "scenarios", "timeout_s")
"""Facts of the plan without which the numbers are of different things. Other lengths are named, and may differ."""


def obstacles(base: Run, head: Run, doubts: tuple[tuple[str, ...], tuple[str, ...]]) -> tuple[str, ...]:
    """Why the two must not be compared, as sentences; `doubts` are those about base and about head."""
    found: list[str] = []
    for name, run, unsure in (("base", base, doubts[0]), ("head", head, doubts[1])):
        if run.interrupted:
            found.append(f"the {name} run was ended by {run.interrupted}")
        if run.load is None:
            found.append(f"the {name} run sent no load")
        found += [f"the {name} run cannot be trusted: {clean(doubt)}" for doubt in unsure[:3]]
    if base.id == head.id:
        found.append("both are the same run")
    if base.service != head.service:
        found.append(f"they are of two services, {clean(base.service)} and {clean(head.service)}")
    found += [f"the plan differs: {line}" for line in _plan(base, head, wanted=True)]
    found += [f"the scenario {name} is not the same file" for name in _scenarios(base, head)]
    return tuple(found)


def cautions(base: Run, head: Run) -> tuple[str, ...]:
    """What may explain a difference although the service is the same, as sentences."""
    found = [f"the plan differs: {line}" for line in _plan(base, head, wanted=False)]
    one, other = base.provenance, head.provenance
    for name, before, after in (
        ("the version of readiness", one.tool_version, other.tool_version),
        ("the version of Python", one.python, other.python),
        ("the version of Locust", one.locust, other.locust),
        ("the load generator", one.engine, other.engine),
        ("the machine", one.platform, other.platform),
        ("the number of cores", one.cores, other.cores),
        ("the target", base.target.name, head.target.name),
    ):
        if before != after:
            found.append(f"{name} differs: {clean(before)} in base, {clean(after)} in head")
    names = [{endpoint.name for endpoint in run.load.endpoints} if run.load else set() for run in (base, head)]
    for side, only in (("base", names[0] - names[1]), ("head", names[1] - names[0])):
        found += [f"the endpoint {clean(name)} is only in {side}" for name in sorted(only)[:MOST_NAMES]]
    return tuple(found)


def _plan(base: Run, head: Run, *, wanted: bool) -> Iterator[str]:
    for key in dict.fromkeys((*base.plan, *head.plan)):
        before, after = base.plan.get(key), head.plan.get(key)
        if before != after and (key in SAME) is wanted:
            name, unit = (clean(key).removesuffix("_s"), " s") if key.endswith("_s") else (clean(key), "")
            name, unit = (name.removesuffix("_per"), "/s") if name.endswith("_per") else (name, unit)
            yield f"{name} is {_shown(before, unit)} in base, {_shown(after, unit)} in head"


def _scenarios(base: Run, head: Run) -> Iterator[str]:
    before, after = base.provenance.scenarios, head.provenance.scenarios
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            yield clean(name)


def _shown(value: object, unit: str = "") -> str:
    return "not set" if value is None else clean(f"{value:g}" if isinstance(value, float) else value) + unit
