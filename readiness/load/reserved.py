"""Names that Locust needs for itself: a scenario that takes one breaks its user, or never runs what it defines."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any

from locust import FastHttpUser, HttpUser, TaskSet, User

from readiness.load.code_places import is_own

CALLED: Mapping[str, str] = {
    "on_start": "begins a user",
    "on_stop": "ends a user",
    "wait_time": "asks how long to wait",
    "wait": "waits between two tasks",
    "context": "asks for words beside a request",
    "stop": "stops the user",
}
"""Methods that may be replaced by one that takes what Locust gives it."""
RUNS: Mapping[str, str] = {"run": "runs the user", "start": "starts the user"}
"""Methods that make the user go: one in their place that does not call them ends in a user that does nothing."""
SET = ("environment", "greenlet", "group")
"""What a user is given when it is made; HTTP users are given a client as well."""
TASK_SET_RUNS: Mapping[str, str] = {"run": "runs the tasks", "get_next_task": "chooses the next task"}
TASK_SET_CALLED = {name: what for name, what in CALLED.items() if name not in ("stop", "context")}
"""Those two are the user's: a TaskSet's task is often called `stop`, and interrupts it."""
TASK_SET_SET = ("user", "parent", "client")


def taken_name(cls: type[User]) -> str | None:
    """`file:line: Shop.run …` of a name that a class, or a TaskSet of it, must not take; None when all is well."""
    has_client = issubclass(cls, HttpUser | FastHttpUser) or hasattr(cls, "write_key")
    found = next(_taken(cls, RUNS, CALLED, (*SET, "client") if has_client else SET), None)
    seen: set[type] = set()
    inside = [task for task in cls.tasks if isinstance(task, type)]
    while inside and found is None:
        task_set = inside.pop()
        if task_set not in seen and issubclass(task_set, TaskSet):
            found = next(_taken(task_set, TASK_SET_RUNS, TASK_SET_CALLED, TASK_SET_SET), None)
            inside += [task for task in task_set.tasks if isinstance(task, type)]
        seen.add(task_set)
    return found


def _taken(cls: type[Any], runs: Mapping[str, str], called: Mapping[str, str], given: tuple[str, ...]) -> Iterator[str]:
    for name in (*runs, *given, *called):
        owner = next((one for one in cls.__mro__ if name in vars(one)), None)
        item = None if owner is None else vars(owner)[name]
        inner = item.fget if isinstance(item, property) else item
        if owner is None or not isinstance(inner, FunctionType) or not is_own(inner.__code__):
            continue
        code, is_task = inner.__code__, hasattr(inner, "locust_task_weight")
        where = f"{code.co_filename}:{code.co_firstlineno}: {owner.__name__}.{name}"
        if name in given:
            if not isinstance(item, property) or (item.fset is None and issubclass(cls, User)):
                yield f"{where}: Locust keeps something of its own under the name {name}: rename it"
        elif name in runs and not _calls_base(code, name):
            yield f"{where}: under the name {name} Locust {runs[name]}: rename it, such as {name}_it, or no task runs"
        elif name in called and is_task and not name.startswith("on_"):
            yield f"{where}: under the name {name} Locust {called[name]}: give the task another name"
        elif name in called and not _takes(inner, () if name != "stop" else (False,)):
            words = "self, force" if name == "stop" else "self"
            yield f"{where}: Locust {called[name]} with {name}({words}), which this does not take: change or rename it"


def _calls_base(code: Any, name: str) -> bool:
    return "super" in code.co_names or name in code.co_names


def _takes(method: FunctionType, given: tuple[object, ...]) -> bool:
    try:
        inspect.signature(method).bind(None, *given)
    except TypeError:
        return False
    return True
