"""Secrets that stand in a document as examples: found before anything is written, so that no text repeats them."""

from __future__ import annotations

import re
from dataclasses import replace

from readiness.init.draft import Call, Draft, Json, Scenario, Task
from readiness.init.sources.openapi.nodes import Root
from readiness.init.sources.secrets_found import is_password_name, is_secret, is_telling, secrets_by_look
from readiness.text.redaction import hidden

_VALUES = ("example", "x-example", "default", "value", "examples")
_PUBLIC = re.compile(r"\d{4}-\d\d-\d\d|[a-z][a-z0-9+.-]*:|/|.*\s", re.IGNORECASE)
"""Dates, addresses, paths, prose."""


def secrets_in(root: Root) -> frozenset[str]:
    """Values whose name or form says that they are secret, wherever the document has one."""
    found: set[str] = set()
    seen: set[int] = set()
    todo: list[tuple[str, Json]] = [("", root.value)]
    while todo:
        name, here = todo.pop()
        if isinstance(here, str):
            found.update(secrets_by_look(here))
            if is_secret(name, here) and is_telling(here) and _is_value(name, here):
                found.add(here)
        elif isinstance(here, dict | list) and id(here) not in seen:  # YAML may repeat a part, also inside itself
            seen.add(id(here))
            root.step()
            todo += _parts(name, here)
    return frozenset(found)


def _is_value(name: str, text: str) -> bool:
    """Whether it may be somebody's secret, and is no word that stands in its place."""
    if _PUBLIC.match(text):
        return False
    return is_password_name(name) or any(character.isdigit() for character in text)


def _parts(name: str, here: dict[str, Json] | list[Json]) -> list[tuple[str, Json]]:
    """What is inside, each with the name that it goes by; texts of a description go by none."""
    if isinstance(here, list):
        return [(name, part) for part in here]
    own = here.get("name")
    name = own if isinstance(own, str) else name
    found: list[tuple[str, Json]] = []
    for key, part in here.items():
        if key in _VALUES or key in ("schema", "items"):
            found.append((name, part))
        elif key == "enum":  # values that all may know
            continue
        else:
            found.append((str(key), part) if not isinstance(part, str) or "type" not in here else ("", part))
    return found


def without_secrets(draft: Draft, secrets: frozenset[str]) -> Draft:
    """The draft with the words of the document cleared of its secrets; values are variables already."""
    if not secrets:
        return draft

    def clear(text: str) -> str:
        return hidden(text, secrets, cuts=True)

    def of_call(call: Call) -> Call:
        return replace(call, comment=clear(call.comment))

    def of_task(task: Task) -> Task:
        return replace(
            task,
            summary=clear(task.summary),
            off_because=clear(task.off_because),
            calls=tuple(of_call(call) for call in task.calls),
        )

    def of_scenario(one: Scenario) -> Scenario:
        return replace(one, summary=clear(one.summary), tasks=tuple(of_task(task) for task in one.tasks))

    return replace(
        draft,
        scenarios=tuple(of_scenario(one) for one in draft.scenarios),
        service=clear(draft.service),
        notes=tuple(clear(note) for note in draft.notes),
    )
