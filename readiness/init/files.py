"""A draft becomes files: scenarios, their CSV files, limits, and a pipeline where one is wanted. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from readiness.config.lint import requests_per_s
from readiness.config.model import LoadSection
from readiness.config.think_time import pace_of
from readiness.errors import ConfigError
from readiness.init.code import method_names, python
from readiness.init.draft import DataFile, Draft, Scenario, Task, Variable
from readiness.init.limits import ProposedLimit, ProposedLoad, service_name, thresholds
from readiness.init.names import column, module, variable
from readiness.init.pipeline import Pipeline, PipelineKind, pipeline
from readiness.init.uses import unfixed, unfixed_of_scenario

FOLDER = "scenarios"
THRESHOLDS = "thresholds.yaml"
_DATA_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}\.csv")


@dataclass(frozen=True, slots=True)
class Given:
    """What the user said of the service, beside the draft."""

    service: str
    target: str | None
    load: ProposedLoad
    ci: PipelineKind | None
    named: str | None = None
    """Address that the source names, where the user gave no target."""


@dataclass(frozen=True, slots=True)
class Made:
    """The files by their paths below the folder, and what there is to say of them."""

    files: dict[str, str]
    variables: tuple[Variable, ...]
    """What the user must set, in order."""
    for_off: tuple[Variable, ...]
    """What only the switched-off tasks need."""
    running: int
    """Tasks that will run."""
    users: int
    """Scenario files that will run: a load needs as many users."""
    off: tuple[str, ...]
    """Those that will not: `scenarios/bags.py: create_bag, because it writes`."""
    pipeline: Pipeline | None


def files_of(draft: Draft, given: Given, limits: Sequence[ProposedLimit]) -> Made:
    """Everything that the draft becomes. Raises ConfigError when it has no task at all."""
    taken: set[str] = set()
    files: dict[str, str] = {}
    weights: dict[str, int] = {}
    off: list[str] = []
    running = 0
    for scenario in draft.scenarios:
        name = module(scenario.name, taken)
        taken.add(name)
        runs = [task for task in scenario.tasks if task.enabled]
        path = f"{FOLDER}/{name}.py" if runs else f"{FOLDER}/_{name}.py"  # a file with _ is left out of a run
        files[path] = python(scenario, name, draft.source)
        running += len(runs)
        off += [
            f"{path}: {method}, because {task.off_because or 'it writes'}{_to_set(task)}"
            for task, method in zip(scenario.tasks, method_names(scenario), strict=True)
            if not task.enabled
        ]
        if runs:
            weights[name] = max(1, round(sum(task.weight for task in runs)))
    weights = dict.fromkeys(weights, 1) if len(weights) == 1 else weights
    if not files:
        raise ConfigError(f"{draft.source}: no request of it could become a task", *draft.notes[:10])
    files |= {f"{FOLDER}/{data.name}": _csv(data) for data in draft.data if _DATA_NAME.fullmatch(data.name)}
    variables = _variables(draft.scenarios, off=False)
    needed = {one.name for one in variables}
    for_off = tuple(one for one in _variables(draft.scenarios, off=True) if one.name not in needed)
    files[THRESHOLDS] = thresholds(
        service=service_name(given.service),
        source=draft.source,
        weights=weights,
        off=tuple(Path(path).stem.removeprefix("_") for path in files if Path(path).stem.startswith("_")),
        load=replace(given.load, sent_per_s=_sent_per_s(files, weights, given.load.users)),
        limits=limits,
        health_paths=draft.health_paths,
        target=given.target,
        named=given.named,
        variables=variables,
        for_off=for_off,
    )
    runs_in = pipeline(given.ci, given.target, variables) if given.ci else None
    if runs_in:
        files[runs_in.path] = runs_in.text
    return Made(files, variables, for_off, running, len(weights), tuple(off), runs_in)


def _to_set(task: Task) -> str:
    """What a task needs to be switched on, beside @task."""
    parts = (part for call in task.calls for part in unfixed(call))
    names = dict.fromkeys(variable(part.name) for part in parts if isinstance(part, Variable))
    return f"; it needs {', '.join(names)}" if names else ""


def _sent_per_s(files: Mapping[str, str], weights: Mapping[str, int], users: int) -> float | None:
    """What so many users of the scenarios send, if answers take no time; None where their text does not tell."""
    paces = {name: pace for name in weights if (pace := pace_of(files[f"{FOLDER}/{name}.py"]))}
    return requests_per_s(LoadSection(scenarios=weights, users=max(users, len(weights))), paces)


def _variables(scenarios: Sequence[Scenario], *, off: bool) -> tuple[Variable, ...]:
    """Of the tasks that run, or those that only switched-off tasks need."""
    found: dict[str, Variable] = {}
    for scenario in scenarios:
        runs = replace(scenario, tasks=tuple(task for task in scenario.tasks if task.enabled))
        for part in unfixed_of_scenario(scenario if off else runs) if off or runs.tasks else ():
            if isinstance(part, Variable):
                found.setdefault(part.name, part)
    return tuple(found.values())


def _csv(data: DataFile) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column(name) for name in data.columns])
    writer.writerows(data.rows)
    return text.getvalue()
