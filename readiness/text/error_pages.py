"""Answers that say 200 and show an error: pages with the title of one, JSON objects whose `error` is set."""

from __future__ import annotations

import json
import re

from readiness.text import clean

_HEAD_BYTES = 16_384
_MOST_JSON = 1 << 16
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
        return _of_json(body) if len(body) <= _MOST_JSON else None
    if kind not in ("text/html", "application/xhtml+xml"):
        return None
    for match in _HEADING.finditer(body[:_HEAD_BYTES].decode("utf-8", "replace")):
        if _WORDS.search(match[2]):
            return f"a page titled “{clean(match[2], 80)}”"
    return None


def _of_json(body: bytes) -> str | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    found = [name for name in ("error", "errors") if isinstance(document, dict) and document.get(name)]
    return f"JSON whose “{found[0]}” is set" if found else None
