"""Values of answers that a later request needs: `json_value`, `form_value`, `meta_value`, `header_value`.

Each gives a text, or fails the request with the reason and ends the task: what needs the value cannot go on, and that
is the service's doing, not a mistake of the scenario.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any, NoReturn

from locust.exception import RescheduleTask

from readiness.load.http.failures import COUNTED, Failure
from readiness.text import clean

_MOST_HTML_CHARS = 1 << 20
"""A form stands in the beginning of a page, and damaged pages cost the parser more than their length."""
_STEP = re.compile(r"""\.?([^.\[\]"']+)|\[(-?\d+)\]|\[(?:"([^"]+)"|'([^']+)')\]""")
_EMPTY = "give the account of the test an item of it, or leave out the request that needs one"
_FIELDS = ("input", "button")

_Told = Callable[[Any, str, str], object]
_listeners: list[_Told] = []


class Unfound(RescheduleTask):
    """The request failed because it lacks what the task needs: the task is over. Locust goes on with the next one."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.add_note(COUNTED)


def listen(told: _Told) -> None:
    """Have `told(response, what, value)` called for every value that is found (`readiness try`)."""
    _listeners.append(told)


def json_value(response: Any, path: str) -> str:
    """The value at `path` in a JSON answer, such as `token`, `items[0].id`, `[-1]` or `["a.b"].c`.

    Numbers and booleans become text as JSON writes them. Raises ValueError for a path that is none.
    """
    steps = _steps(path)
    try:
        here = response.json()
    except (ValueError, TypeError, RecursionError, Failure):
        fail(response, f"the answer is not JSON, so it has no {path}")
    for step in steps:
        if not _has(here, step):
            fail(response, f"the JSON has no {path} ({_where(here, step)})")
        here = here[step]
    match here:
        case bool():
            value = "true" if here else "false"
        case str() | int() | float():
            value = str(here)
        case _:
            fail(response, f"{path} is {_kind(here)}, and not a text or a number")
    return _found(response, path, value)


def form_value(response: Any, name: str) -> str:
    """The value of the field `name` of a form in an HTML page (CSRF tokens), or of `<meta name=… content=…>`."""
    return _of_page(response, name, (*_FIELDS, "meta"), f"the page has no field and no meta element named {name}")


def meta_value(response: Any, name: str) -> str:
    """The content of `<meta name=… content=…>` in an HTML page."""
    return _of_page(response, name, ("meta",), f"the page has no meta element named {name}")


def header_value(response: Any, name: str) -> str:
    """The value of the header field `name`; the name's case does not count."""
    value = (response.headers or {}).get(name)
    if value is None:
        fail(response, f"the answer has no header {name}")
    return _found(response, f"header {name}", str(value))


class _Page(HTMLParser):
    """Finds the first element of `tags` with that name."""

    def __init__(self, name: str, tags: tuple[str, ...]) -> None:
        super().__init__(convert_charrefs=True)
        self._name = name
        self._tags = tags
        self.value: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Of every element that begins."""
        if tag in self._tags and self.value is None:
            found = dict(attrs)
            if found.get("name") == self._name:
                self.value = found.get("content" if tag == "meta" else "value")


def _of_page(response: Any, name: str, tags: tuple[str, ...], otherwise: str) -> str:
    page = _Page(name, tags)
    try:
        page.feed(str(response.text or "")[:_MOST_HTML_CHARS])
    except AssertionError:  # what the parser says of markup that is too damaged for it
        pass
    except Failure as failure:
        fail(response, f"the body cannot be read: {failure.detail}")
    if page.value is None:
        fail(response, otherwise)
    return _found(response, name, page.value)


def _found(response: Any, what: str, value: str) -> str:
    for told in _listeners:
        told(response, what, value)
    return value


def fail(response: Any, why: str) -> NoReturn:
    """Fail the request and end the task."""
    status = int(response.status_code or 0)
    if not 200 <= status < 300:
        why = f"HTTP {status}: {why}" if status else "no answer came"
    try:
        response.failure(clean(why))
    except Exception as problem:  # it was recorded when it ended: Locust's clients and ours say so in their own way
        if 200 <= status < 300:
            raise RuntimeError(
                f"{clean(why)}, and the request was already counted as good: pass catch_response=True and read the "
                "value inside `with self.client.… as response:`"
            ) from problem
    raise Unfound(clean(why))


@lru_cache(maxsize=256)
def _steps(path: str) -> tuple[str | int, ...]:
    found: list[str | int] = []
    at = 0
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None or (at == 0 and path.startswith(".")):
            break
        key, index, double, single = match.groups()
        found.append(int(index) if index is not None else key or double or single)
        at = match.end()
    if not found or at < len(path):
        raise ValueError(f'{path!r}: not a path into JSON; write it as "items[0].id"')
    return tuple(found)


def _has(here: object, step: str | int) -> bool:
    if isinstance(step, int):
        return isinstance(here, list) and -len(here) <= step < len(here)
    return isinstance(here, dict) and step in here


def _where(here: object, step: str | int) -> str:
    if isinstance(here, list) and isinstance(step, int):
        return f"a list of {len(here)} there" if here else f"the list is empty: {_EMPTY}"
    if isinstance(here, dict) and isinstance(step, str):
        return f"no key {step!r}; there are {', '.join(map(str, list(here)[:8])) or 'none'}"
    return f"{step!r} of {_kind(here)}"


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case dict():
            return "an object"
        case list():
            return "a list"
        case _:
            return "a text" if isinstance(value, str) else "a number"
