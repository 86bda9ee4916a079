"""What the calls of a scenario take from elsewhere, and which of its tasks brings it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from readiness.init.draft import Body, Call, Column, Extracted, FormLogIn, Generated, LogIn, Scenario, Text, Variable
from readiness.init.sources.calls import is_write

_TOKEN = re.compile(r"[A-Za-z0-9!$&*+.^_|~-]{1,60}")
_SIGNS_UP = re.compile(r"regist|sign[-_]?up|join|accounts?|users?/?$", re.IGNORECASE)
"""What takes a password too, and makes an account each time."""
Unfixed = Variable | Column | Extracted | Generated


def fixed(text: Text) -> bool:
    """Whether the text is known now."""
    return all(isinstance(part, str) for part in text)


def sendable(items: Iterable[tuple[str, Text]]) -> tuple[tuple[str, Text], ...]:
    """Headers or cookies whose name can stand in a request at all."""
    return tuple((name, value) for name, value in items if _TOKEN.fullmatch(name))


def texts(call: Call) -> Iterator[Text]:
    """Every text of a call."""
    yield call.path
    for _, text in (*call.query, *call.headers, *sendable(call.cookies), *call.same):
        yield text
    yield from call.basic or ()
    if call.body is not None:
        yield from _texts_of_body(call.body)


def _texts_of_body(body: Body) -> Iterator[Text]:
    yield body.text
    for _, text in (*body.fields, *body.replaced):
        yield text


def _texts_of_log_in(log_in: LogIn | FormLogIn | None) -> Iterator[Text]:
    if isinstance(log_in, LogIn):
        yield from _texts_of_body(log_in.body)
        yield from log_in.basic or ()
    elif log_in is not None:
        yield from (log_in.username, log_in.password)


def unfixed(call: Call) -> Iterator[Unfixed]:
    """What the call needs that is not known now, in order."""
    for text in texts(call):
        for part in text:
            if not isinstance(part, str):
                yield part


def unfixed_of_scenario(scenario: Scenario, *, tasks: bool = True) -> Iterator[Unfixed]:
    """The same for everything in the scenario, or for what comes before its tasks."""
    for text in (
        *(text for _, text in sendable((*scenario.headers, *scenario.cookies))),
        *(scenario.basic or ()),
        *_texts_of_log_in(scenario.log_in),
    ):
        for part in text:
            if not isinstance(part, str):
                yield part
    for call in (*scenario.on_start, *(call for task in scenario.tasks for call in task.calls if tasks)):
        yield from unfixed(call)


def extracts_of(scenario: Scenario) -> Mapping[str, int | None]:
    """By name, the first task that extracts it (an enabled one, if there is one); None: `on_start`."""
    found: dict[str, int | None] = {extract.name: None for call in scenario.on_start for extract in call.extracts}
    for enabled in (True, False):
        for place, task in enumerate(scenario.tasks):
            if task.enabled is enabled:
                for call in task.calls:
                    for extract in call.extracts:
                        found.setdefault(extract.name, place)
    return found


def providers(scenario: Scenario) -> Mapping[str, int | None]:
    """Who brings each value that is used. Raises ValueError when nobody does."""
    brought = extracts_of(scenario)
    used = dict.fromkeys(part.name for part in unfixed_of_scenario(scenario) if isinstance(part, Extracted))
    missing = [name for name in used if name not in brought]
    if missing:
        raise ValueError(f"nothing extracts {', '.join(missing)}")
    return {name: brought[name] for name in used}


def starts_once(scenario: Scenario) -> bool:
    """Whether `on_start` may not be sent again: it writes, and is not only a log-in."""
    return any(is_write(call) and not _logs_in(call) for call in scenario.on_start)


def _logs_in(call: Call) -> bool:
    sent = (part.name for part in unfixed(call) if isinstance(part, Variable))
    return any(name.startswith("READINESS_PASSWORD") for name in sent) and _SIGNS_UP.search(call.name) is None


def circular(scenario: Scenario, brought: Mapping[str, int | None]) -> frozenset[int]:
    """Tasks that wait for each other's values: none of them may call the others first."""
    needs = {place: _needs(task.calls, brought) - {place} for place, task in enumerate(scenario.tasks)}
    done: set[int] = set()
    while ready := [place for place in needs if place not in done and needs[place] <= done]:
        done.update(ready)
    return frozenset(needs.keys() - done)


def _needs(calls: tuple[Call, ...], brought: Mapping[str, int | None]) -> set[int]:
    had: set[str] = set()
    found: set[int] = set()
    for call in calls:
        for part in unfixed(call):
            if isinstance(part, Extracted) and part.name not in had:
                place = brought[part.name]
                found |= set() if place is None else {place}
        had |= {extract.name for extract in call.extracts}
    return found
