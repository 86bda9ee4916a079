"""Postman Collection 2.1 (and 2.0): folders become scenarios, requests tasks, `{{x}}` values or variables.

Scripts are not run. What they plainly say (a value that is kept, a status expected) is read; the rest is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import msgspec

from readiness.errors import ConfigError
from readiness.init.draft import Body, Draft, Json
from readiness.init.sources import HEAD_BYTES
from readiness.init.sources.calls import Unusable, body_of, plain_call
from readiness.init.sources.halves import whole
from readiness.init.sources.listed import Listed, Request, draft_of
from readiness.init.sources.marks import address, from_braces, mark, spoken
from readiness.init.sources.postman_auth import auth_of, text_of
from readiness.init.sources.scripts import read_script
from readiness.text import clean

MOST_BYTES = 64 << 20
_MOST_DEPTH = 20
"""Of folders in folders."""


class _Pair(msgspec.Struct):
    key: str | None = None
    value: Any = None
    disabled: bool | None = None
    type: str | None = None
    src: Any = None
    contentType: str | None = None  # noqa: N815 as the format has it


class _Url(msgspec.Struct):
    raw: str | None = None
    protocol: str | None = None
    host: str | list[str] | None = None
    port: str | int | None = None
    path: str | list[Any] | None = None
    query: list[_Pair] | None = None
    variable: list[_Pair] | None = None


class _Graphql(msgspec.Struct):
    query: str | None = None
    variables: Any = None
    operationName: str | None = None  # noqa: N815 as the format has it


class _Body(msgspec.Struct):
    mode: str | None = None
    raw: str | None = None
    urlencoded: list[_Pair] | None = None
    formdata: list[_Pair] | None = None
    graphql: _Graphql | None = None
    options: Any = None
    disabled: bool | None = None


class _Script(msgspec.Struct):
    exec: str | list[str] | None = None


class _Event(msgspec.Struct):
    listen: str | None = None
    script: _Script | None = None


class _Request(msgspec.Struct):
    method: str | None = None
    url: str | _Url | None = None
    header: str | list[_Pair] | None = None
    body: _Body | None = None
    auth: dict[str, Any] | None = None


class _Item(msgspec.Struct):
    name: str | None = None
    item: list[msgspec.Raw] | None = None
    request: str | _Request | None = None
    auth: dict[str, Any] | None = None
    event: list[_Event] | None = None
    variable: list[_Pair] | None = None


class _Info(msgspec.Struct):
    name: str | None = None
    schema: str | None = None


class _Collection(msgspec.Struct):
    info: _Info
    item: list[msgspec.Raw]
    auth: dict[str, Any] | None = None
    variable: list[_Pair] | None = None
    event: list[_Event] | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """A request, and what it inherits."""

    at: str
    """JSON path."""
    folders: tuple[str, ...]
    item: _Item
    request: _Request
    auth: dict[str, Json] | None


def recognises(head: bytes) -> bool:
    """Whether a source that begins like this is a Postman collection."""
    text = head.lstrip()
    named = b"schema.getpostman.com" in text or b'"_postman_id"' in text
    first = b'"requests"' in text and b'"order"' in text and b'"folders"' in text
    return text[:1] == b"{" and (
        named or first or (b'"info"' in text and b'"item"' in text and b'"openapi"' not in text)
    )


def read(data: bytes, source: str) -> Draft:
    """The requests of the collection `data`. Raises ConfigError with the JSON path and the reason."""
    try:
        collection = msgspec.json.decode(whole(data), type=_Collection, strict=False)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
        if b'"requests"' in data[:HEAD_BYTES] and b'"info"' not in data[:HEAD_BYTES]:
            raise ConfigError(f"{source}: is a Postman collection of version 1: export it as version 2.1") from None
        raise ConfigError(f"{source}: is not a Postman collection: {clean(problem)}") from None
    schema = collection.info.schema or ""
    if "/v1" in schema:
        raise ConfigError(f"{source}: info.schema: {clean(schema, 100)}: export the collection as version 2.1")
    values: dict[str, str] = {}
    _learn(collection.variable, values)
    listed = Listed(values=values)
    found = list(_walk(collection.item, "item", (), collection.auth, values, listed, source))
    requests = [_request(one, listed) for one in found]
    if not requests:
        raise ConfigError(f"{source}: item: no request in this collection")
    return draft_of(requests, listed, source, writes_on=False, name=collection.info.name or "requests")


def _learn(pairs: list[_Pair] | None, values: dict[str, str]) -> None:
    """Variables that have a value; the first one counts, as folders are read from outside in."""
    for pair in pairs or ():
        if pair.key and not pair.disabled and (text := text_of(pair.value)):
            values.setdefault(pair.key.strip(), from_braces(text))


def _walk(
    items: list[msgspec.Raw], at: str, folders: tuple[str, ...], auth: dict[str, Json] | None, values: dict[str, str],
    listed: Listed, source: str,
) -> Iterator[_Found]:  # fmt: skip
    if len(folders) > _MOST_DEPTH:
        raise ConfigError(f"{source}: {at}: folders are nested deeper than {_MOST_DEPTH}")
    for number, raw in enumerate(items):
        here = f"{at}[{number}]"
        try:
            item = msgspec.json.decode(raw, type=_Item, strict=False)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
            raise ConfigError(f"{source}: {here}: {clean(problem)}") from None
        _learn(item.variable, values)
        name = clean(item.name or "", 100)
        if item.item is not None:
            inner = _inherited(item.auth, auth)
            yield from _walk(item.item, f"{here}.item", (*folders, name or "folder"), inner, values, listed, source)
        elif isinstance(item.request, _Request):
            yield _Found(here, folders, item, item.request, _inherited(item.request.auth, auth))
        elif isinstance(item.request, str):
            yield _Found(here, folders, item, _Request("GET", item.request), auth)
        else:
            listed.notes.append(f"{here}: has neither a request nor items: left out")


def _inherited(own: dict[str, Json] | None, outer: dict[str, Json] | None) -> dict[str, Json] | None:
    """The authorization of a request or folder: its own (`noauth` is one), else that of what it stands in."""
    return outer if own is None or own.get("type") == "inherit" else own


def _request(found: _Found, listed: Listed) -> Request:
    request = found.request
    name = clean(found.item.name or "", 100)
    place = f"{found.at} {name!r}" if name else found.at
    where = address(_url(request.url, listed), listed.values)
    headers = _headers(request.header)
    body, media, comment = _body(request.body, headers, place, listed)
    if media:
        headers.append(("Content-Type", media))
    query = where.query
    basic = where.basic
    for kind, key, value in auth_of(found.auth, place, listed):
        if kind == "basic":
            basic = (key, value)
        elif kind == "header":
            headers = [*(one for one in headers if one[0].lower() != key.lower()), (key, value)]
        else:
            query = "&".join([query] * bool(query) + [f"{quote(key)}={value}"])
    tests = [event.script.exec for event in found.item.event or () if event.listen == "test" and event.script]
    said = read_script("\n".join(_lines(tests)))
    if said.unread:
        listed.notes.append(f"{place}: a script is not run; what it sets is not known: {', '.join(said.unread)}")
    before = [event.script.exec for event in found.item.event or () if event.listen == "prerequest" and event.script]
    if _lines(before):
        listed.notes.append(f"{place}: a script before the request is not run")
    call = plain_call((request.method or "GET").upper(), where.path, query, headers, body, comment)
    call = replace(call, name=spoken(call.name), expected=said.expected, follows=True)
    title = " ".join((*found.folders[1:], name)).strip()
    folder = found.folders[0] if found.folders else ""
    return Request(place, title, call, folder=folder, origin=where.origin, basic=basic, brings=said.brings)


def _url(url: str | _Url | None, listed: Listed) -> str:
    """The address with marks, also for its path variables (`:id`)."""
    if url is None or isinstance(url, str):
        return from_braces(url or "/")
    raw = url.raw
    if not raw:
        host = ".".join(url.host) if isinstance(url.host, list) else url.host or ""
        path = (
            "/".join(text_of(part) for part in url.path) if isinstance(url.path, list) else (url.path or "").lstrip("/")
        )
        pairs = [f"{pair.key}={text_of(pair.value)}" for pair in url.query or () if pair.key and not pair.disabled]
        port = f":{url.port}" if url.port else ""
        scheme = f"{url.protocol}://" if url.protocol else ""
        raw = f"{scheme}{host}{port}/{path}" + ("?" + "&".join(pairs) if pairs else "")
    head, question, query = from_braces(raw).partition("?")
    values = {pair.key: from_braces(text_of(pair.value)) for pair in url.variable or () if pair.key}
    segments = head.split("/")
    for index, segment in enumerate(segments):
        if segment.startswith(":") and len(segment) > 1 and index > 0:
            segments[index] = values.get(segment[1:]) or mark(segment[1:])
    return "/".join(segments) + question + query


def _headers(given: str | list[_Pair] | None) -> list[tuple[str, str]]:
    if isinstance(given, str):
        pairs = (line.partition(":") for line in given.splitlines())
        return [(name.strip(), from_braces(value.strip())) for name, _, value in pairs if name.strip()]
    return [
        (pair.key.strip(), from_braces(text_of(pair.value))) for pair in given or () if pair.key and not pair.disabled
    ]


def _body(
    body: _Body | None, headers: list[tuple[str, str]], place: str, listed: Listed
) -> tuple[Body | None, str, str]:
    """The body, a media type that it needs and has no header for, and why it is left out."""
    if body is None or body.disabled:
        return None, "", ""
    has_media = next((value for name, value in headers if name.lower() == "content-type"), "")
    if body.mode == "urlencoded":
        return Body("form", fields=_fields(body.urlencoded)), "", ""
    if body.mode == "graphql" and body.graphql is not None:
        return Body("json", json=_graphql(body.graphql)), "", ""
    if body.mode == "formdata":
        return _parts(body.formdata, place, listed)
    if body.mode == "file":
        return None, "", _not_read(place, "the file of the body", listed)
    media = has_media or _language(body.options)
    try:
        found = body_of(from_braces(body.raw or ""), media)
    except Unusable as problem:
        return None, "", _not_read(place, str(problem), listed)
    return found, media if found is not None and found.kind == "text" and not has_media else "", ""


def _parts(given: list[_Pair] | None, place: str, listed: Listed) -> tuple[Body | None, str, str]:
    """A form in parts; its files are told, and the other fields sent without them."""
    pairs = [pair for pair in given or () if pair.key and not pair.disabled]
    texts = [pair for pair in pairs if pair.type != "file"]
    files = ", ".join(clean(pair.key, 40) for pair in pairs if pair.type == "file")
    comment = _not_read(place, f"the file of the form field {files}", listed) if files else ""
    body = Body("multipart", fields=_fields(texts), types=tuple(pair.contentType or "" for pair in texts))
    return body if texts else None, "", comment


def _not_read(place: str, what: str, listed: Listed) -> str:
    listed.notes.append(f"{place}: {what} is not read: the request is sent without it")
    return f"{what} is not read: sent without it"


def _fields(pairs: list[_Pair] | None) -> tuple[tuple[str, tuple[str]], ...]:
    return tuple(
        (pair.key, (from_braces(text_of(pair.value)),)) for pair in pairs or () if pair.key and not pair.disabled
    )


def _graphql(graphql: _Graphql) -> Json:
    sent: dict[str, Json] = {"query": from_braces(graphql.query or "")}
    variables = graphql.variables
    if isinstance(variables, str) and variables.strip():
        try:
            variables = msgspec.json.decode(from_braces(variables))
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, UnicodeEncodeError):
            variables = None
    if isinstance(variables, dict):
        sent["variables"] = variables
    if graphql.operationName:
        sent["operationName"] = graphql.operationName
    return sent


def _language(options: Json) -> str:
    """The media type that the editor's setting for a raw body means."""
    raw = options.get("raw") if isinstance(options, dict) else None
    language = raw.get("language") if isinstance(raw, dict) else None
    return {"json": "application/json", "xml": "application/xml", "html": "text/html"}.get(str(language), "")


def _lines(scripts: list[str | list[str] | None]) -> list[str]:
    lists = ([script] if isinstance(script, str) else script or [] for script in scripts)
    return [line for script in lists for line in script if line.strip()]
