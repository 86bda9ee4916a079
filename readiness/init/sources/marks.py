"""Variables inside texts, in one form for all who write them: `{{x}}` of Postman and .http files, `$X` of a shell.

A mark is the name between two characters of private use, which no source may bring (`unmarked` takes them out).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_OPEN, _CLOSE = "\ue000", "\ue001"
MARK = re.compile(f"{_OPEN}([^{_OPEN}{_CLOSE}]{{1,200}}){_CLOSE}")
_BRACES = re.compile(r"\{\{([^{}\r\n]{1,200})\}\}")
_ENVIRONMENT = re.compile(r"\$(?:processEnv\s+%?|dotenv\s+%?|env\.)")
"""Before the name of a variable of the environment."""
_HOST = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}|localhost|[0-9.]+|\[[0-9a-fA-F:.]+\]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}")
_MOST_DEPTH = 10
_MOST_CHARS = 1_000_000


@dataclass(frozen=True, slots=True)
class Address:
    """A URL with marks, taken apart."""

    origin: str | None
    """None where a variable that nobody tells stands for it, or where there is none."""
    path: str
    query: str
    basic: tuple[str, str] | None = None
    """User and password that stand before the host."""


def mark(name: str) -> str:
    """The mark for the variable `name`."""
    return f"{_OPEN}{name}{_CLOSE}"


def unmarked(text: str) -> str:
    """A source's text without what would look like a mark of ours."""
    return text.replace(_OPEN, "").replace(_CLOSE, "")


def from_braces(text: str) -> str:
    """`{{x}}` as marks."""
    return _BRACES.sub(lambda match: mark(_ENVIRONMENT.sub("", match[1].strip()) or "value"), unmarked(text))


def filled(text: str, values: Mapping[str, str]) -> str:
    """`text` with the values that are known, and those inside them; a circle ends after _MOST_DEPTH turns."""
    for _ in range(_MOST_DEPTH):
        new = MARK.sub(lambda match: values.get(match[1], match[0]), text)
        if new == text or len(new) > _MOST_CHARS:
            break
        text = new
    return text


def spoken(text: str) -> str:
    """`/bags/{id}`: marks as a person would write them in a name."""
    return MARK.sub(lambda match: "{" + match[1].rpartition(".")[2].strip("$ ") + "}", text)


def address(raw: str, values: Mapping[str, str]) -> Address:
    """A URL as people write it in such files: with a variable for its host, without a scheme, or a path alone."""
    text = raw.strip()
    if match := MARK.match(text):
        text = filled(match[0], values) + text[match.end() :]
    scheme, found, rest = text.partition("://")
    if not found or not (_SCHEME.fullmatch(scheme) or MARK.fullmatch(scheme)):
        head, slash, tail = text.partition("/")
        who, _, head = ("", "", head) if "?" in head else head.rpartition("@")
        name = head.partition("?")[0].partition(":")[0] if not head.startswith("[") else head
        if known_later := MARK.match(head):
            return _parts(None, slash + tail or "/" + head[known_later.end() :], who)
        if not text.startswith("/") and _HOST.fullmatch(name):
            scheme, rest = "http", text
        else:
            return _parts(None, text if text.startswith("/") else f"/{text}")
    before = re.split(r"[/?#]", rest, maxsplit=1)[0]
    rest = rest[len(before) :]
    who, _, host = before.rpartition("@")
    known = filled(host, values)
    origin = f"{filled(scheme, values)}://{known}".lower()
    try:
        parts = urlsplit(origin)
        valid = bool(parts.hostname) and parts.scheme in ("http", "https") and not MARK.search(origin)
        host_name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        origin = f"{parts.scheme}://{host_name}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        valid = False
    return _parts(origin if valid else None, rest, who)


def _parts(origin: str | None, rest: str, who: str = "") -> Address:
    path, _, query = rest.partition("#")[0].partition("?")
    user, _, password = who.partition(":")
    basic = (unquote(user), unquote(password)) if who else None
    return Address(origin, path if path.startswith("/") else f"/{path}", query, basic)
