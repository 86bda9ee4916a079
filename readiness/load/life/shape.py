"""Asks a LoadTestShape for its whole load beforehand: `tick` for every second, by a clock that does not wait.

Windows, evidence and every worker's share must be known before the first request. So a shape that reads the
answers of the load, or that never ends, is refused with its line.
"""

from __future__ import annotations

import inspect
import math
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from locust import LoadTestShape, User

from readiness.load.code_places import place_of, told
from readiness.load.loading import CodeRefused, watched
from readiness.load.locustfiles import ScenarioError
from readiness.load.shape_course import Shape, Stage

_LONGEST_S = 86_400
_CLOCKS = ("time", "monotonic", "perf_counter")


def shape_of(modules: Sequence[ModuleType], classes: Sequence[type[User]], options: Namespace) -> Shape | None:
    """The shape of the files, if there is one. Raises ScenarioError when it cannot be known beforehand."""
    found = list(
        dict.fromkeys(
            item
            for module in modules
            for item in vars(module).values()
            if isinstance(item, type) and issubclass(item, LoadTestShape) and not getattr(item, "abstract", True)
        )
    )
    if not found:
        return None
    kind = found[0]
    ticks = list(_ticks(kind, {cls: cls.__name__ for cls in classes}, options))
    if not ticks:
        raise ScenarioError(f"{_place(kind)}: tick() gives None at once, so there is no load: give users and a rate")
    stages: list[Stage] = []
    for tick in ticks:
        before = stages[-1] if stages else None
        if before is not None and before[1:] == tick:
            stages[-1] = before._replace(seconds=before.seconds + 1)
        else:
            stages.append(Stage(1, *tick))
    if not max(stage.users for stage in stages):
        raise ScenarioError(f"{_place(kind)}: tick() asks for no users at any time, so there is no load")
    name = _place(kind) if len(found) == 1 else f"{_place(kind)} (the first of {len(found)} shapes, as under Locust)"
    return Shape(name, bool(kind.use_common_options), tuple(stages))


class _Runner(SimpleNamespace):
    """What a tick may know of the runner before the load: how many users there are by then."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"runner.{name} is known only while the load runs")


def _ticks(
    kind: type[LoadTestShape], names: dict[type[User], str], options: Namespace
) -> Iterator[tuple[int, float, tuple[str, ...]]]:
    runner = _Runner(user_count=0, target_user_count=0, state="running", environment=_Runner(parsed_options=options))
    where = _place(kind)
    try:
        with watched(), _clock() as clock:
            shape = kind()
            shape.runner = runner  # type: ignore[assignment]
            shape.reset_time()
            for second in range(_LONGEST_S):
                clock[0] = float(second)
                answer = shape.tick()
                if answer is None:
                    return
                users, rate, classes = _checked(answer, where, names)
                yield users, rate, classes
                moved = min(max(users - runner.user_count, -rate), rate)
                runner.user_count = round(runner.user_count + moved)
                runner.target_user_count = users
    except ScenarioError:
        raise
    except (Exception, CodeRefused) as error:
        place = place_of(error)
        at = f"{place[0]}:{place[1]}" if place else where
        raise ScenarioError(
            f"{at}: {kind.__name__} cannot be asked for its load beforehand ({told(error)}): let tick() depend on "
            "get_run_time() alone, or say the load in thresholds.yaml and set `abstract = True`"
        ) from error
    raise ScenarioError(f"{where}: tick() has no end within 24 hours: let it give None when the load is over")


def _checked(answer: Any, where: str, names: dict[type[User], str]) -> tuple[int, float, tuple[str, ...]]:
    try:
        users, rate, *more = answer
        count, per_s = round(float(users)), float(rate)
        chosen = tuple(names[cls] for cls in (more[0] if more and more[0] else ()))
        if len(more) > 1 or count < 0 or not 0 < per_s < math.inf:
            raise ValueError
    except (TypeError, ValueError, KeyError, OverflowError):
        raise ScenarioError(
            f"{where}: tick() gave {answer!r}: it gives (users, users per second above 0), with a list of user "
            "classes of the file as a third if need be, or None at the end"
        ) from None
    return count, per_s, chosen


@contextmanager
def _clock() -> Iterator[list[float]]:
    """Python's clocks stand still, but for the number of the list."""
    now = [0.0]
    before = {name: getattr(time, name) for name in _CLOCKS}
    started = {name: clock() for name, clock in before.items()}
    try:
        for name in _CLOCKS:
            setattr(time, name, lambda name=name: started[name] + now[0])
        yield now
    finally:
        for name, clock in before.items():
            setattr(time, name, clock)


def _place(kind: type[LoadTestShape]) -> str:
    try:
        file, line = inspect.getsourcefile(kind) or "", inspect.getsourcelines(kind)[1]
        return f"{Path(file)}:{line}: {kind.__name__}"
    except (OSError, TypeError):
        return kind.__name__
