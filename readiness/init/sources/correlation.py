"""Values that an answer brought and a later request sent back: tokens, CSRF fields, ids.

An equal value is no proof: `1` is in every answer. A value counts when it is long and mixed enough to be no accident,
or when both sides call it an id; a field of an HTML form counts for the field of the same name.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

import msgspec

from readiness.init.draft import Json
from readiness.init.sources.calls import Site
from readiness.init.sources.secrets_found import is_secret_name
from readiness.init.sources.values import MOST_LEAVES, leaves, singular, snake, words, written

MOST_HTML_CHARS = 2_000_000
MOST_JSON_CHARS = 4_000_000
"""Of one answer; what stands in a larger one is not searched for."""
LONGEST_VALUE = 8_192
LEAST_DISTINCT = 8
_TAG = re.compile(r"<(input|meta)\b([^<>]{0,4000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([A-Za-z:_-]{1,40})=(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_ID_WORDS = frozenset(["id", "uuid", "guid", "slug", "key", "code", "number", "ref", "reference", "token", "sku", "qr"])
_LONE = frozenset(["id", "uuid", "guid", "slug", "key", "code", "number", "ref", "name", "value", "token", "sku", "pk"])
"""Keys that say nothing without the thing that they belong to."""


PlaceKind = Literal["json", "form", "header", "meta", "cookie"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the recording."""

    status: int
    media: str
    text: str
    headers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str:
        """The first header of that name (small letters), or nothing."""
        return next((value for key, value in self.headers if key.lower() == name), "")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value came from."""

    call: int
    """Number of the exchange."""
    hop: int
    """Of its answers, where redirects were followed."""
    where: PlaceKind
    at: str
    label: str
    """What it could be called."""
    key: str
    """The last key, field or header name, for the comparison with the place where the value is sent."""


class AnswerValues:
    """What the answers so far have brought."""

    def __init__(self) -> None:
        self._first: dict[str, Source] = {}
        self._last: dict[str, Source] = {}
        """Of forms and cookies: a token is renewed with each page."""

    def add(self, call: int, hop: int, answer: Answer, noun: str) -> None:
        """Everything in one answer that may be sent back; `noun` is what the request was for."""
        for value, source in _sources(call, hop, answer, noun):
            if 0 < len(value) <= LONGEST_VALUE:
                self._first.setdefault(value, source)
                if source.where in ("form", "meta", "cookie"):
                    self._last[value] = source

    def explain(self, site: Site) -> tuple[str, Source] | None:
        """What stands before the value in `site` (`Bearer `), and where the value came from."""
        before, value = "", site.raw
        if site.where == "header" and " " in value:
            before, _, value = value.rpartition(" ")
            before += " "
        for form in dict.fromkeys((value, unquote(value) if site.where == "path" else value)):
            for found in (self._last.get(form), self._first.get(form)):
                if found is not None and _fits(site, form, found):
                    return before, found
        return None


def _fits(site: Site, value: str, source: Source) -> bool:
    """Whether an equal value is the same value."""
    if site.where == "text":
        return False
    if source.where == "form":
        telling = is_distinct(value) or is_secret_name(source.key) or not _ID_WORDS.isdisjoint(words(source.key)[-1:])
        return telling and (site.name == source.key or (is_secret_name(source.key) and is_distinct(value)))
    if source.where in ("meta", "cookie"):
        return site.where != "path" and is_distinct(value)
    if source.where == "header":
        return is_distinct(value)
    if is_distinct(value):
        return True
    is_id = not _ID_WORDS.isdisjoint(words(source.key)[-1:])
    named = not _ID_WORDS.isdisjoint(words(site.name)[-1:])
    return is_id and (site.where == "path" or named) and not (value.isalpha() and len(value) < 4)


def is_distinct(value: str) -> bool:
    """Long enough, and no word or round number, to be met twice by accident."""
    return len(value) >= LEAST_DISTINCT and any(c.isdigit() for c in value) and " " not in value


def _sources(call: int, hop: int, answer: Answer, noun: str) -> Iterator[tuple[str, Source]]:
    for name, value in answer.headers:
        lower = name.lower()
        if lower == "set-cookie":
            cookie, _, rest = value.partition("=")
            for form in dict.fromkeys((unquote(rest.partition(";")[0]), rest.partition(";")[0])):
                key = cookie.strip()
                yield form, Source(call, hop, "cookie", key, snake(key, "cookie"), key)
        elif is_secret_name(name) or lower in ("x-request-token", "etag"):
            yield value.removeprefix("Bearer "), Source(call, hop, "header", name, snake(name, "header"), name)
    if "json" in answer.media:
        yield from _of_json(call, hop, answer.text, noun)
    elif "html" in answer.media:
        yield from _of_html(call, hop, answer.text[:MOST_HTML_CHARS])


def _of_json(call: int, hop: int, text: str, noun: str) -> Iterator[tuple[str, Source]]:
    if len(text) > MOST_JSON_CHARS:
        return
    try:
        value: Json = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, UnicodeEncodeError):
        return
    for path, leaf in leaves(value):
        if leaf is None or isinstance(leaf, (bool, float)):
            continue
        at = written(path)
        if at is None:
            continue
        keys = [part for part in path if isinstance(part, str)]
        key = keys[-1] if keys else ""
        parent = keys[-2] if len(keys) > 1 and words(keys[-2]) not in (["data"], ["items"], ["results"]) else noun
        label = snake(key, "value")
        if label in _LONE:
            label = f"{singular(snake(parent, 'value'))}_{label}"
        yield str(leaf), Source(call, hop, "json", at, label, key)


def _of_html(call: int, hop: int, text: str) -> Iterator[tuple[str, Source]]:
    fields: set[str] = set()
    for count, tag in enumerate(_TAG.finditer(text)):
        if count >= MOST_LEAVES:
            return
        found = {m[1].lower(): html.unescape(m[2] or m[3] or m[4] or "") for m in _ATTRIBUTE.finditer(tag[2])}
        name = found.get("name", "")
        if not name:
            continue
        if tag[1].lower() == "meta":
            if is_secret_name(name):
                yield found.get("content", ""), Source(call, hop, "meta", name, snake(name, "token"), name)
        elif found.get("type", "text").lower() == "hidden" and name not in fields:
            fields.add(name)
            yield found.get("value", ""), Source(call, hop, "form", name, snake(name, "field"), name)
