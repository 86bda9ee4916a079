"""A request as the source has it becomes a Call, in two steps: plain texts first, then each text is examined once.

The readers differ in what a text can hold (a secret, a value of an earlier answer, `{{variable}}`); where texts stand
in a request is the same for all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import parse_qsl, unquote

import msgspec

from readiness.init.draft import Body, Call, Extracted, Json, Part, Text, graphql, joined
from readiness.init.sources.folding import fold
from readiness.init.sources.traffic import ending
from readiness.init.sources.values import MOST_DEPTH, Path
from readiness.text import clean

MOST_BODY_CHARS = 262_144
"""Of one request; a larger body is an upload, which no journey repeats by heart."""
MOST_FIELDS = 500
Where = Literal["path", "query", "header", "field", "json", "number", "text"]
Rewriter = Callable[["Site"], Text]
_CLIENTS_OWN = """
    cookie host connection content-length transfer-encoding user-agent accept-encoding origin referer pragma
    cache-control if-none-match if-modified-since upgrade-insecure-requests dnt te priority keep-alive expect upgrade
    proxy-connection accept-language x-client-data purpose trailer range if-range save-data traceparent tracestate
"""
LEFT_OUT = frozenset(_CLIENTS_OWN.split())
"""Headers that a browser or the client itself sets, and that say nothing of the request."""


_ACTIONS = frozenset({"action", "act", "do", "cmd", "command", "op", "operation", "task", "method", "_method"})
"""Keys of a query that say what a request does."""


class Unusable(ValueError):
    """Why a body cannot be sent again."""


@dataclass(frozen=True, slots=True)
class Site:
    """One text of a request."""

    where: Where
    name: str
    """Of the header, field, query key or JSON key; for a piece of a path the piece before it."""
    raw: str


def plain_call(
    method: str,
    path: str,
    query: str,
    headers: list[tuple[str, str]],
    body: Body | None,
    comment: str = "",
    *,
    cookies: bool = True,
) -> Call:
    """A Call whose texts are the source's own; headers that the client sets are left out, cookies on request."""
    media = next((value for name, value in headers if name.lower() == "content-type"), "")
    kept = [(name, value) for name, value in headers if _is_kept(name.lower(), value, body, media, cookies)]
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_FIELDS) if query else []
    return Call(
        method=method,
        path=(path,),
        name=" ".join((unquote(fold(path).template), *_operation(body))),
        query=tuple((key, (value,)) for key, value in pairs),
        headers=tuple((name, (value,)) for name, value in kept),
        body=body,
        comment=comment,
    )


def body_of(text: str, media: str) -> Body | None:
    """What a body of the media type `media` says. Raises Unusable."""
    if not text:
        return None
    if len(text) > MOST_BODY_CHARS:
        raise Unusable(f"the body has {len(text):,} characters; at most {MOST_BODY_CHARS:,} are repeated")
    kind = media.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        try:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, strict_parsing=True)
        except ValueError:
            return Body("text", text=(text,))
        return Body("form", fields=tuple((name, (value,)) for name, value in pairs))
    if kind.endswith(("/json", "+json")) or (not kind and text.lstrip()[:1] in ("{", "[")):
        try:
            return Body("json", json=msgspec.json.decode(text))
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, UnicodeEncodeError):
            return Body("text", text=(text,))
    return Body("text", text=(text,))


def is_write(call: Call) -> bool:
    """Whether a call may change something; a GraphQL query is sent with POST and changes nothing."""
    if call.method in ("GET", "HEAD", "OPTIONS"):
        return False
    return graphql(call.body).lstrip()[:8].lower() in ("", "mutation")


def why_off(call: Call, name: str = "") -> str:
    """Why nobody sends a call unasked: it writes, or says that it deletes or ends something. Empty: it is sent."""
    if is_write(call):
        return "it writes"
    if call.method not in ("GET", "HEAD"):
        return ""
    asked = (
        _one(value) if key.lower() in _ACTIONS else key if _one(value).lower() in ("", "1", "true") else ""
        for key, value in call.query
    )
    return ending(call.name, (name, *asked))


def _operation(body: Body | None) -> list[str]:
    """What a GraphQL operation is called, as one word; nothing of another body, and where it has no name."""
    said = body.json.get("operationName") if body is not None and isinstance(body.json, dict) else None
    found = _NAMED.match(graphql(body))
    name = said if isinstance(said, str) and said and graphql(body) else found[1] if found else ""
    return [clean(name, 60)] if name else []


def sites(call: Call) -> Iterator[Site]:
    """Every text of a plain call."""
    found: list[Site] = []

    def note(site: Site) -> Text:
        found.append(site)
        return (site.raw,)

    rewritten(call, note)
    yield from found


def rewritten(call: Call, text: Rewriter) -> Call:
    """`call` with each of its texts replaced by what `text` makes of it. Raises Unusable for a body too deep."""
    return replace(
        call,
        path=_path(call.path, text),
        query=tuple((name, text(Site("query", name, _one(value)))) for name, value in call.query),
        headers=tuple((name, text(Site("header", name, _one(value)))) for name, value in call.headers),
        body=_body(call.body, text) if call.body is not None else None,
    )


def extracted_in(call: Call) -> set[str]:
    """Names of the earlier answers' values that a call needs."""
    texts = [call.path, *(call.basic or ()), *(value for _, value in (*call.query, *call.headers))]
    if call.body is not None:
        texts += [call.body.text, *(value for _, value in (*call.body.fields, *call.body.replaced))]
    return {part.name for text in texts for part in text if isinstance(part, Extracted)}


def _path(path: Text, text: Rewriter) -> Text:
    parts: list[Part] = []
    before = ""
    for number, segment in enumerate(_one(path).split("/")):
        if number:
            parts.append("/")
        parts += text(Site("path", before, segment)) if segment else ()
        before = segment
    return joined(parts)


def _body(body: Body, text: Rewriter) -> Body:
    fields = tuple((name, text(Site("field", name, _one(value)))) for name, value in body.fields)
    if body.kind != "json":
        return replace(body, fields=fields, text=text(Site("text", "", _one(body.text))) if body.text else ())
    found: list[tuple[Path, Text]] = []
    return replace(body, json=_json(body.json, (), "", text, found), replaced=tuple(found))


def _json(value: Json, path: Path, name: str, text: Rewriter, found: list[tuple[Path, Text]]) -> Json:
    """`value` with nothing at the leaves that `found` tells of: what stood there may be a secret."""
    if len(path) > MOST_DEPTH:
        raise Unusable(f"the JSON body is nested deeper than {MOST_DEPTH}")
    if isinstance(value, dict):
        return {key: _json(inner, (*path, key), key, text, found) for key, inner in value.items()}
    if isinstance(value, list):
        return [_json(inner, (*path, index), name, text, found) for index, inner in enumerate(value)]
    if value is None or isinstance(value, bool):
        return value
    raw = str(value)
    new = text(Site("json" if isinstance(value, str) else "number", name, raw))
    if new == (raw,):
        return value
    if all(isinstance(part, str) for part in new):
        return "".join(str(part) for part in new)
    found.append((path, new))
    return "" if isinstance(value, str) else 0


def _one(text: Text) -> str:
    return "".join(part for part in text if isinstance(part, str))


def _is_kept(name: str, value: str, body: Body | None, media: str, cookies: bool) -> bool:
    if name == "cookie":
        return cookies
    if not name or name.startswith((":", "sec-", "proxy-", "x-forwarded-", "cf-")) or name in LEFT_OUT:
        return False
    if name == "content-type":
        if body is None or body.kind == "multipart":  # its boundary is the client's
            return False
        return body.kind == "text" or media.partition(";")[0].strip() not in _OWN_MEDIA
    return not (name == "accept" and (value == "*/*" or value.startswith("text/html,")))


_NAMED = re.compile(r"\s*(?:query|mutation|subscription)\s{1,20}([A-Za-z_]\w{0,99})", re.ASCII)
_OWN_MEDIA = ("application/json", "application/x-www-form-urlencoded")
"""Which the client sets itself."""
