"""HAR 1.2, the recording of a browser: the requests of one user to one origin, in order, become a journey.

Entries are decoded one by one (msgspec), and those of other origins and of static files are never decoded whole, so
memory stays near the size of the file and of the answers that are kept.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

import msgspec

from readiness.errors import ConfigError
from readiness.init.draft import Body, Draft
from readiness.init.sources.calls import Unusable, body_of, plain_call
from readiness.init.sources.correlation import Answer
from readiness.init.sources.exchange import Exchange, cookie_pairs
from readiness.init.sources.halves import whole
from readiness.init.sources.journey import journey
from readiness.init.sources.traffic import STATIC_KINDS, is_beacon, is_log_out, is_static
from readiness.text import clean

MOST_BYTES = 256 << 20
MOST_ENTRIES = 50_000
MOST_CALLS = 500
"""Of a journey: a longer one is not what one user does, and nobody can read its file."""
_MOST_TOLD = 12
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
MOST_KEPT_CHARS = 100_000_000
"""Of all answers together; what comes later is not searched for values that a request sends back."""


class _Pair(msgspec.Struct):
    name: str = ""
    value: str | None = None
    fileName: str | None = None  # noqa: N815 as the format has it
    contentType: str | None = None  # noqa: N815


class _Post(msgspec.Struct):
    mimeType: str | None = None  # noqa: N815
    text: str | None = None
    params: list[_Pair] | None = None


class _Request(msgspec.Struct):
    method: str
    url: str
    headers: list[_Pair] | None = None
    postData: _Post | None = None  # noqa: N815


class _Content(msgspec.Struct):
    mimeType: str | None = None  # noqa: N815
    text: str | None = None
    encoding: str | None = None


class _Response(msgspec.Struct):
    status: int = 0
    headers: list[_Pair] | None = None
    content: _Content | None = None
    redirectURL: str | None = None  # noqa: N815


class _Entry(msgspec.Struct):
    request: _Request
    response: _Response = msgspec.field(default_factory=_Response)
    startedDateTime: str | None = None  # noqa: N815
    time: float | None = None
    pageref: str | None = None
    resource: str | None = msgspec.field(default=None, name="_resourceType")


class _Page(msgspec.Struct):
    id: str = ""
    title: str | None = None


class _Log(msgspec.Struct):
    entries: list[msgspec.Raw]
    pages: list[_Page] | None = None


class _Har(msgspec.Struct):
    log: _Log


class _BriefRequest(msgspec.Struct):
    method: str
    url: str


class _BriefContent(msgspec.Struct):
    mimeType: str | None = None  # noqa: N815


class _BriefResponse(msgspec.Struct):
    status: int = 0
    content: _BriefContent | None = None


class _Brief(msgspec.Struct):
    """An entry without its texts: enough to see whose it is."""

    request: _BriefRequest
    response: _BriefResponse = msgspec.field(default_factory=_BriefResponse)
    resource: str | None = msgspec.field(default=None, name="_resourceType")


T = TypeVar("T")


def recognises(head: bytes) -> bool:
    """Whether a source that begins like this is a HAR file."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return text[:1] == b"{" and b'"log"' in text[:4_096] and any(key in text for key in (b'"creator"', b'"entries"'))


def read(data: bytes, source: str) -> Draft:
    """The journey that the HAR file `data` records. Raises ConfigError with the place and the reason."""
    try:
        log = msgspec.json.decode(whole(data), type=_Har, strict=False).log
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{source}: is not a HAR file: {clean(problem)}") from None
    if len(log.entries) > MOST_ENTRIES:
        raise ConfigError(f"{source}: has {len(log.entries):,} entries; at most {MOST_ENTRIES:,} are read")
    briefs = [_decoded(raw, number, _Brief, source) for number, raw in enumerate(log.entries, 1)]
    origin = _own_origin(briefs)
    if not origin:
        raise ConfigError(f"{source}: log.entries: none of {len(briefs):,} is a request to an http or https address")
    dropped: Counter[str] = Counter()
    kept = []
    for number, brief in enumerate(briefs, 1):
        if why := _left_out(brief, origin):
            dropped[why] += 1
        else:
            kept.append(number)
    if not kept:
        raise ConfigError(f"{source}: log.entries: nothing is left of {len(briefs):,}: {_told(dropped)}")
    notes = [f"left out: {_told(dropped)}"] if dropped else []
    if len(kept) > MOST_CALLS:
        notes.append(
            f"only the first {MOST_CALLS} of {len(kept):,} requests were taken: a journey is what one user does"
        )
    titles = {page.id: page.title or "" for page in log.pages or ()}
    exchanges = []
    room = MOST_KEPT_CHARS
    for number in kept[:MOST_CALLS]:
        entry = _decoded(log.entries[number - 1], number, _Entry, source)
        exchange = _exchange(entry, number, titles, room, notes)
        room -= len(exchange.answers[0].text)
        exchanges.append(exchange)
    return journey(exchanges, origin=origin, source=source, notes=tuple(notes), paged=bool(titles))


def _decoded(raw: msgspec.Raw, number: int, kind: type[T], source: str) -> T:
    try:
        return msgspec.json.decode(raw, type=kind, strict=False)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{source}: log.entries[{number - 1}]: {clean(problem)}") from None


def _own_origin(briefs: list[_Brief]) -> str:
    """Of the first page that was shown; without pages the one that most requests went to."""
    for brief in briefs:
        if "html" in _media(brief) and 200 <= brief.response.status < 300 and (origin := _origin(brief.request.url)):
            return origin
    counts = Counter(origin for brief in briefs if (origin := _origin(brief.request.url)))
    return counts.most_common(1)[0][0] if counts else ""


def _origin(url: str) -> str:
    """`https://shop.example.org`, in small letters; nothing for an address of another kind."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != usual else "")


def _media(brief: _Brief) -> str:
    content = brief.response.content
    return (content.mimeType or "").lower() if content else ""


def _left_out(brief: _Brief, origin: str) -> str:
    """Why an entry is not part of the journey; nothing when it is."""
    request, status = brief.request, brief.response.status
    theirs = _origin(request.url)
    if theirs != origin:
        return f"to {theirs}" if theirs else "to no http address"
    path = urlsplit(request.url).path
    if brief.resource in STATIC_KINDS or is_static(path, _media(brief)):
        return "of static files"
    if brief.resource in ("websocket", "eventsource") or status == 101 or "event-stream" in _media(brief):
        return "of streams and web sockets"
    if request.method not in _METHODS:
        return "of other methods (OPTIONS, CONNECT)"
    if is_beacon(path) or brief.resource == "ping":
        return "of beacons"
    if is_log_out(path):
        return "of log-outs, after which no task would work"
    if status < 200:
        return "without an answer"
    return "that failed in the recording (status 400 and above)" if status >= 400 else ""


def _told(dropped: Counter[str]) -> str:
    shown = [f"{count:,} {why}" for why, count in dropped.most_common(_MOST_TOLD)]
    rest = len(dropped) - len(shown)
    return clean("; ".join(shown) + (f"; and {rest} more kinds" if rest > 0 else ""), 1_000)


def _exchange(entry: _Entry, number: int, titles: dict[str, str], room: int, notes: list[str]) -> Exchange:
    request, response = entry.request, entry.response
    parts = urlsplit(request.url)
    headers = [(pair.name, pair.value or "") for pair in request.headers or ()]
    comment = _files(request.postData)
    if comment:
        notes.append(f"entry {number}: {comment}")
    try:
        body = _body(request.postData)
    except Unusable as problem:
        body, comment = None, f"{problem}: sent without it"
        notes.append(f"entry {number}: {problem}: the request is sent without it")
    call = plain_call(request.method, parts.path or "/", parts.query, headers, body, comment, cookies=False)
    start_s = _seconds(entry.startedDateTime)
    answer = Answer(
        response.status,
        (response.content.mimeType or "").lower() if response.content else "",
        _text(response.content)[: max(room, 0)],
        tuple((pair.name, pair.value or "") for pair in response.headers or ()),
    )
    page = entry.pageref or ""
    is_redirect = 300 <= answer.status < 400
    kinds = [value for name, value in headers if name.lower() == "sec-fetch-dest"]
    return Exchange(
        number=number,
        page=page,
        title=titles.get(page, ""),
        start_s=start_s,
        end_s=start_s + max(entry.time or 0.0, 0.0) / 1000,
        call=call,
        answers=(answer,),
        location=_location(request.url, response.redirectURL or answer.header("location")) if is_redirect else "",
        url=request.url,
        cookies=tuple(pair for name, value in headers if name.lower() == "cookie" for pair in cookie_pairs(value)),
        document=entry.resource == "document" or "document" in kinds,
    )


def _files(post: _Post | None) -> str:
    """What is said of the files of a form, which are left out."""
    parts = post.params if post and (post.mimeType or "").lower().startswith("multipart/") else None
    files = ", ".join(clean(pair.name, 40) for pair in parts or () if pair.fileName)
    return f"the recording does not hold the file of the form field {files}: sent without it" if files else ""


def _body(post: _Post | None) -> Body | None:
    if post is None:
        return None
    media = (post.mimeType or "").lower()
    if media.startswith("multipart/") and post.params:
        texts = [pair for pair in post.params if not pair.fileName]
        fields = tuple((pair.name, (pair.value or "",)) for pair in texts)
        return (
            Body("multipart", fields=fields, types=tuple(pair.contentType or "" for pair in texts)) if texts else None
        )
    if media.startswith("multipart/"):
        raise Unusable("the body is of several parts, which the recording does not name")
    if not post.text and post.params:
        return body_of(urlencode([(pair.name, pair.value or "") for pair in post.params]), media)
    return body_of(post.text or "", media)


def _text(content: _Content | None) -> str:
    if content is None or not content.text:
        return ""
    if (content.encoding or "").lower() != "base64":
        return content.text
    try:
        return base64.b64decode(content.text, validate=False).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _seconds(moment: str | None) -> float:
    try:
        return datetime.fromisoformat(moment or "").timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0


def _location(url: str, location: str) -> str:
    try:
        return urljoin(url, location).partition("#")[0] if location else ""
    except ValueError:
        return ""
