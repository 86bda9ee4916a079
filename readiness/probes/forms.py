"""The hidden fields of a page's form, in time that is proportional to the page.

The parser of the standard library is not: it begins again at every mark that it cannot end, and it raises
AssertionError for a broken marked section.
"""

from __future__ import annotations

import html
import re

_MAX_FIELDS = 50
MAX_PAGE_BYTES = 1 << 20
_TEXT = (b"script", b"style", b"textarea", b"title", b"template", b"noscript")
"""Elements whose content is no part of the form."""
_BEGIN = re.compile(rb"<!--|<[a-z][^\s/>]*")
_ATTRIBUTE = re.compile(rb"[\s/]*([^\s/>=]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']*)))?")


def hidden_fields(page: bytes) -> dict[str, str]:
    """Names and values of a page's hidden inputs, at most _MAX_FIELDS: the token against forgery among them."""
    page = page[:MAX_PAGE_BYTES]
    lower = page.lower()
    found: dict[str, str] = {}
    at = 0
    while len(found) < _MAX_FIELDS and (begin := _BEGIN.search(lower, at)):
        at = begin.end()
        given: dict[str, str] = {}
        if begin[0] != b"<!--":
            given, at = _attributes(page, at)
        if begin[0] == b"<input" and given.get("type", "").lower() == "hidden" and given.get("name"):
            found[given["name"]] = given.get("value", "")
        elif begin[0] == b"<!--" or begin[0][1:] in _TEXT:
            at = lower.find(b"-->" if begin[0] == b"<!--" else b"</" + begin[0][1:], at)
            if at < 0:
                break
    return found


def _attributes(page: bytes, at: int) -> tuple[dict[str, str], int]:
    """What stands in a tag from `at` on, the first of each name, and where the tag ends."""
    given: dict[str, str] = {}
    while match := _ATTRIBUTE.match(page, at):
        at = match.end()
        value = next((part for part in match.groups()[1:] if part is not None), b"")
        given.setdefault(_text(match[1]).lower(), html.unescape(_text(value)))
    return given, at


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
