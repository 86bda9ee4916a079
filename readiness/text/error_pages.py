"""Answers that say 200 and show an error: pages with the title of one, JSON objects whose `error` is set."""

from __future__ import annotations

import json
import re

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


def shown_error(media_type: str, body: bytes) -> str | None:
    """The words with which a good status shows an error, cleaned; None where none are found.

    `media_type` is the answer's Content-Type. A page that is about errors may be taken for one; a page of an error in
    other words is not found: only a scenario of your own can tell.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if kind.endswith("json"):
        return f"JSON whose “{found}” is set" if (found := error_key(body)) else None
    if kind not in ("text/html", "application/xhtml+xml"):
        return None
    for match in _HEADING.finditer(body[:_HEAD_BYTES].decode("utf-8", "replace")):
        if _WORDS.search(match[2]):
            return f"a page titled “{clean(match[2], 80)}”"
    return None


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
