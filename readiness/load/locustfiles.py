"""Scenario files -> Locust User classes, each with its share of the users. Runs in the engine child only."""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import math
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import FunctionType, ModuleType

from locust import TaskSet, User

from readiness.load.code_places import is_own, place_of, told
from readiness.load.connections import NotAllowed
from readiness.load.engine_plan import ScenarioFile
from readiness.load.loading import CodeRefused, line_of, watched
from readiness.load.pytest_files import classes_of_tests
from readiness.load.reserved import taken_name


class ScenarioError(Exception):
    """A scenario file is not usable; the text names the file and what to do."""

    reached_out = False
    """Whether that is because the file asked another host for something while it was read."""


def load_classes(scenarios: tuple[ScenarioFile, ...]) -> list[type[User]]:
    """Every concrete User class of the files, named after its scenario, with weights that add up to the file's.

    Those of a file by their names: of equal weights the first get the odd users, as under Locust.
    """
    classes: list[type[User]] = []
    for scenario in scenarios:
        module = _import(scenario)
        found = _user_classes(module) or _tests_of(module, scenario)
        if not found:
            raise ScenarioError(f"{scenario.path}: no User class found; define one, such as `class Shop(HttpUser)`")
        _refuse_weights(found, scenario)
        total = sum(cls.weight for cls in found)
        for cls in sorted(found, key=lambda cls: cls.__name__):
            cls.readiness_scenario = scenario.name  # type: ignore[attr-defined]
            cls.readiness_fixed = cls.fixed_count  # type: ignore[attr-defined]
            if scenario.weight is not None:
                cls.weight = scenario.weight * cls.weight / total
            if cls.__name__ in {other.__name__ for other in classes}:
                cls.__name__ = f"{scenario.name}_{cls.__name__}"
            if (
                not cls.tasks
                and not _gives_itself_tasks(cls)
                and (_is_ours(cls) or not any(one.tasks for one in found))
            ):
                raise ScenarioError(f"{scenario.path}: {cls.__name__} has no @task")
            if problem := taken_name(cls):
                raise ScenarioError(problem)
            classes.append(cls)
    return classes


def modules_of(scenarios: tuple[ScenarioFile, ...]) -> list[ModuleType]:
    """The modules that `load_classes` made of the files."""
    return [sys.modules[_module_name(Path(scenario.path))] for scenario in scenarios]


def _module_name(path: Path) -> str:
    return f"readiness_scenario_{path.stem}"


def scenario_of(cls: type[User]) -> str:
    """The scenario that a user class belongs to; its own name where no file gave it one."""
    return str(getattr(cls, "readiness_scenario", cls.__name__))


def class_name(cls: type[User]) -> str:
    """`shop: Visitor`, for people."""
    return f"{scenario_of(cls)}: {cls.__name__}"


def begins(cls: type[User]) -> bool:
    """Whether each of its users, or a TaskSet of theirs, begins with something of its own, such as a log-in."""
    sets = [task for task in cls.tasks if isinstance(task, type) and issubclass(task, TaskSet)]
    return cls.on_start is not User.on_start or any(_set_begins(one) for one in sets)


def _set_begins(tasks: type[TaskSet]) -> bool:
    inside = [task for task in tasks.tasks if isinstance(task, type) and issubclass(task, TaskSet)]
    return tasks.on_start is not TaskSet.on_start or any(_set_begins(one) for one in inside)


def shares(weights: list[float], users: int) -> list[int]:
    """`users` split by weight (largest remainder), but at least one each where there are enough users.

    Locust's own dispatcher may leave a light scenario without any user, and then nothing of it is measured.
    """
    total = sum(weights)
    exact = [users * weight / total for weight in weights]
    counts = [int(value) for value in exact]
    for index in sorted(range(len(weights)), key=lambda i: counts[i] - exact[i])[: users - sum(counts)]:
        counts[index] += 1
    if users >= len(weights):
        while 0 in counts:
            counts[counts.index(max(counts))] -= 1
            counts[counts.index(0)] += 1
    return counts


def users_of(classes: Sequence[type[User]], users: int) -> list[int]:
    """`users` for the classes, in their order."""
    return split([float(cls.weight) for cls in classes], [fixed_of(cls) for cls in classes], users)


def fixed_of(cls: type[User]) -> int:
    """Its `fixed_count`, as the file has it."""
    return int(getattr(cls, "readiness_fixed", 0))


def split(weights: Sequence[float], fixed: Sequence[int], users: int) -> list[int]:
    """First the users of those with a `fixed` count, as Locust has it, then the others by weight."""
    free = [place for place, count in enumerate(fixed) if not count]
    if sum(fixed) > users:
        return list(_cut(fixed, users))
    counts = list(fixed)
    if free:
        rest = shares([weights[place] for place in free], users - sum(fixed))
        for place, count in zip(free, rest, strict=True):
            counts[place] = count
    return counts


def _cut(fixed: Sequence[int], users: int) -> Iterator[int]:
    for count in fixed:
        given = min(count, users)
        users -= given
        yield given


def part_of(counts: list[int], shard: int, shards: int) -> list[int]:
    """One engine's part of the users of each class: every `shards`-th of all of them in a row.

    The parts of all engines add up to `counts`, and differ by at most one user in all.
    """
    starts = itertools.accumulate(counts, initial=0)
    return [len(range((shard - start) % shards, count, shards)) for start, count in zip(starts, counts, strict=False)]


def sha256(path: str) -> str:
    """Of the file's bytes."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _import(scenario: ScenarioFile) -> ModuleType:
    path = Path(scenario.path)
    folder = str(path.parent)
    sys.meta_path.append(_OwnPackages(path.absolute()))
    if folder not in sys.path:
        sys.path.append(folder)  # a locustfile finds its neighbours, and none of them stands in for an installed module
    spec = importlib.util.spec_from_file_location(_module_name(path), path)
    if spec is None or spec.loader is None:
        raise ScenarioError(f"{scenario.path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        with watched():
            spec.loader.exec_module(module)
    except CodeRefused as refused:
        line = line_of(scenario.path, refused)
        raise ScenarioError(f"{scenario.path}{f':{line}' if line else ''}: {refused}") from None
    except BaseException as error:  # a locustfile may also call sys.exit()
        refusal = ScenarioError(_unreadable(scenario, error))
        refusal.reached_out = _reached_out(error)
        raise refusal from error
    return module


def _tests_of(module: ModuleType, scenario: ScenarioFile) -> list[type[User]]:
    """Of a file whose tests are its users."""
    if not any(name.startswith(("test", "Test")) for name in vars(module)):
        return []  # and pytest need not be imported
    try:
        with watched():
            return classes_of_tests(module, scenario.path)
    except ValueError as error:
        raise ScenarioError(f"{scenario.path}: {error}") from None
    except BaseException as error:  # of a conftest.py, or of pytest's own settings
        raise ScenarioError(_unreadable(scenario, error)) from error


class _OwnPackages:
    """Finds the packages that a file is part of: `tests` and `load` for a `shop.py` in the folder `load` of `tests`.

    Asked last. With Locust they come from the working directory, which here nothing comes from.
    """

    def __init__(self, path: Path) -> None:
        self._places = {folder.name: str(folder.parent) for folder in reversed(path.parents) if folder.name}

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """As importlib asks for it."""
        place = self._places.get(name)
        return None if place is None else PathFinder.find_spec(name, [place])


def _unreadable(scenario: ScenarioFile, error: BaseException) -> str:
    """`file:line: KeyError: 'items'`, with the place in the user's files that is nearest to what happened."""
    file, line, _ = place_of(error) or (scenario.path, None, "")
    by = "" if Path(file).resolve() == Path(scenario.path) else f" (read by {scenario.path})"
    hint = ""
    if isinstance(error, SystemExit):
        hint = ": the file ends the program while it is read; keep the User classes, and leave that out"
    elif isinstance(error, ModuleNotFoundError):
        hint = f": install it beside readiness ({sys.executable}), or put it next to the scenario file"
    return f"{file}{f':{line}' if line else ''}: {told(error)}{hint}{by}"


def _reached_out(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, NotAllowed):
        error = error.__cause__ or error.__context__
    return error is not None


def _refuse_weights(found: list[type[User]], scenario: ScenarioFile) -> None:
    """A class that gets no users was written down and would never run."""
    for cls in found:
        weight: object = cls.weight
        if not isinstance(weight, int | float) or not math.isfinite(weight) or weight < 0:
            raise ScenarioError(f"{scenario.path}: {cls.__name__} has the weight {weight!r}; give it a number above 0")
        if not weight:
            raise ScenarioError(
                f"{scenario.path}: {cls.__name__}: weight 0 means no users, so it would never run; give it a weight "
                "above 0, or set `abstract = True` to leave it out"
            )


def _gives_itself_tasks(cls: type[User]) -> bool:
    """Whether a method of the class's own fills `self.tasks`, which happens when a user is made or starts."""
    methods = [item for one in cls.__mro__ for item in vars(one).values() if isinstance(item, FunctionType)]
    return any("tasks" in method.__code__.co_names and is_own(method.__code__) for method in methods)


def _user_classes(module: ModuleType) -> list[type[User]]:
    """As Locust, which also starts users of a base class without tasks; each of them raises, and that is a doubt.

    One of our own User's need not say `abstract`: no other tool has ever run it.
    """
    items = dict.fromkeys(item for item in vars(module).values() if isinstance(item, type))  # one may have two names
    found = [item for item in items if issubclass(item, User) and item.abstract is False]
    bases = {base for cls in found for base in cls.__mro__[1:] if _is_ours(cls)}
    return [cls for cls in found if cls.tasks or cls not in bases]


def _is_ours(cls: type[User]) -> bool:
    return any(base.__module__ == "readiness.scenario" for base in cls.__mro__)
