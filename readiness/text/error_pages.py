"""Answers that say 200 and show an error: pages with the title of one, JSON that says so."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from readiness.text import clean

_HEAD_BYTES = 16_384
MOST_JSON = 1 << 16
"""Bytes of a body that is read; an error says little."""
_HEADING = re.compile(r"<(title|h1)[^<>]{0,200}>([^<]{1,200})", re.IGNORECASE)
_WORDS = re.compile(
    r"^\s*((http|error|status)\s+)*[45]\d\d\s*($|[-–—:|.(]|error|internal|not|page|bad|forbidden|service|gateway|unauth)|"
    r"\b(internal server error|server error|application error|unexpected error|error occurred|not found|forbidden|"
    r"unauthori[sz]ed|access denied|bad gateway|gateway time-?out|service (temporarily )?unavailable|exception|"
    r"(under|down for) maintenance|something went wrong)\b|^\s*(error|oops)\b",
    re.IGNORECASE,
)


_ERROR = re.compile(
    r"\W*((http|error|status|code)\s+){0,3}([45]\d\d\W*)?(error\W+)?("
    r"(an? )?(internal )?server error|(an? )?(application|unexpected|unknown|fatal|internal) error( has)?( occurr?ed)?|"
    r"(an )?error( has)? occurr?ed|error|oops|(oops\W+)?something went wrong|bad gateway|gateway time-?out|"
    r"bad request|service (is )?(temporarily |currently )?unavailable|(page )?not found|forbidden|access denied|"
    r"unauthori[sz]ed|too many requests|"
    r"((the|this|our|we|site|website|page|service|system|is|are|currently|we[’']re|sorry)\W+){0,6}"
    r"((down|under|in|for|closed for|down for) (scheduled |planned )?maintenance|"
    r"(scheduled|planned) maintenance|maintenance mode))"
    r"(\W+([45]\d\d|please try again( later)?|try again later|back soon|we[’']ll be back soon))?\W*",
    re.IGNORECASE,
)
"""The whole of a heading, or of a part of one."""
_PARTS = re.compile(r"\s[-–—|·:]\s")
_TAG = re.compile(r"<[^<>]*>?")
_LONGEST_HEADING, _MOST_LETTERS = 200, 800
_PLACE = re.compile(r"/(maintenance|unavailable|errors?|oops|[45](\d\d|xx)|50x)(\.\w{1,5})?/?$", re.IGNORECASE)
_FAULT = re.compile(rb"<(?:[\w.-]{1,40}:)?Fault[\s>]")
MOST_ENVELOPE = 4096
"""Bytes of a body that says nothing but how it went."""
_NUMBERS = ("status", "code", "statuscode")
_STATUS = re.compile(r"[45]\d\d")
_WHY = frozenset({"message", "msg", "detail", "details", "title", "reason", "description", "type"})
_ABOUT = _WHY | {
    *("success", "ok", "status", "statuscode", "code", "error", "errors", "errorcode", "errormessage", "errorid"),
    *("instance", "timestamp", "time", "path", "method", "traceid", "requestid", "correlationid", "hint", "messages"),
}
"""Words that a JSON object says about itself, without case and underscores."""
_BAD = frozenset({"error", "fail", "failure"})
_GOOD = frozenset({"", "ok", "none", "null", "success", "no error"})


def shown_error(media_type: str, body: bytes) -> str | None:
    """The words with which a good status shows an error, cleaned; None where none are found.

    `media_type` is the answer's Content-Type. A page that is about errors may be taken for one; a page of an error in
    other words is not found: only a scenario of your own can tell.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if kind.endswith("json"):
        return f"JSON whose {found}" if (found := told_error(body)) else None
    if kind not in ("text/html", "application/xhtml+xml"):
        return None
    for match in _HEADING.finditer(body[:_HEAD_BYTES].decode("utf-8", "replace")):
        if _WORDS.search(match[2]):
            return f"a page titled “{clean(match[2], 80)}”"
    return None


def is_error_page(media_type: str, body: bytes) -> bool:
    """Whether a page or a text is nothing but an error. Stricter than `shown_error`: it may be one of many pages.

    A heading must be an error's as a whole, beside a name of the site; a page about errors has more to say than one.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if len(body) > _HEAD_BYTES:
        return False
    text = body.decode("utf-8", "replace")
    if kind == "text/plain":
        return len(text) <= _LONGEST_HEADING and _ERROR.fullmatch(text.strip()) is not None
    if kind not in ("text/html", "application/xhtml+xml"):
        return False
    headings = [part for match in _HEADING.finditer(text) for part in _PARTS.split(match[2])]
    return any(_ERROR.fullmatch(part.strip()) for part in headings) and _letters(text) <= _MOST_LETTERS


def _letters(page: str) -> int:
    """Of what a reader sees, about; scripts and styles are none of it."""
    for tag in ("script", "style"):
        first, *others = page.split(f"<{tag}")
        page = first + "".join(part.partition(f"</{tag}")[2] for part in others)
    return len("".join(_TAG.sub(" ", page).split()))


def is_place_of_error(asked: str, place: str) -> bool:
    """Whether a redirect from the path `asked` ended at a page of errors or of maintenance that nobody asked for."""
    return _PLACE.search(place.partition("?")[0]) is not None and _PLACE.search(asked.partition("?")[0]) is None


def is_soap_fault(media_type: str, body: bytes) -> bool:
    """Whether an XML answer is SOAP that says error."""
    start = body[:MOST_ENVELOPE]
    return "xml" in media_type.lower() and b"Envelope" in start and _FAULT.search(start) is not None


def told_error(body: bytes) -> str | None:
    """What of a JSON body says error: `“error” is set`, `“success” is false`; None where nothing does.

    Beside what `error_key` knows: an object without anything but such words about itself. A job whose `status` is
    "error" has an id, and is no error of who asked for it.
    """
    if found := error_key(body):
        return f"“{found}” is set"
    if len(body) > MOST_ENVELOPE:
        return None
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(document, list):
        batch = bool(document) and all(isinstance(one, dict) and one.get("jsonrpc") for one in document)
        return "“error” is set" if batch and all(isinstance(one.get("error"), dict) for one in document) else None
    if not isinstance(document, dict):
        return None
    said = {
        re.sub("[_-]", "", name).lower(): value for name, value in document.items() if value not in (None, "", [], {})
    }
    return _envelope(said) if said.keys() <= _ABOUT else None


def _envelope(said: Mapping[str, object]) -> str | None:
    for name in ("success", "ok"):
        if said.get(name) is False:
            return f"“{name}” is false"
    status, number = said.get("status"), next((said[name] for name in _NUMBERS if name in said), None)
    if isinstance(status, str) and status.lower() in _BAD:
        return "“status” says error"
    if _STATUS.fullmatch(str(number)) and said.keys() & _WHY:
        return "status is one of an error"
    told = said.get("errorcode", said.get("errormessage"))
    return "error is set" if told is not None and str(told).strip("0").lower() not in _GOOD else None


def error_key(body: bytes) -> str | None:
    """`error` or `errors` of a JSON object, where it says so: GraphQL's `errors` beside some data are no error of all.

    A number is none either: it may count something.
    """
    if len(body) > MOST_JSON or b'"error' not in body:
        return None
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    data = document.get("data")
    if data and (not isinstance(data, dict) or any(value is not None for value in data.values())):
        return None
    told = (name for name in ("error", "errors") if document.get(name))
    return next((name for name in told if isinstance(document[name], str | list | dict | bool)), None)
