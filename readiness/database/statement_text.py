"""What may be shown of a statement's text: its shape. Pure.

pg_stat_statements keeps the text of the first call, with comments as the service wrote them (often a user, a session, a
trace) and with the constants of everything that is not planned: the password of ALTER ROLE, the default of a column.
"""

from __future__ import annotations

import re

from readiness.text import clean

MAX_READ = 10_000
"""Characters of a text that are read."""
_PLANNED = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "TABLE"})
_WORD = re.compile(r"[A-Za-z]{1,20}(?![\w$])", re.ASCII)
# One token each, and none of them can match in two ways, so that the time is that of the text.
_TOKEN = re.compile(
    r"""(?P<line>--[^\n]*)
    | (?P<block>/\*)
    | (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*+(?P<end1>'?))
    | (?P<text>(?:[uU]&|[bBxXnN])?'(?:[^']|'')*+(?P<end2>'?))
    | (?P<tag>\$(?:[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*)?\$)
    | (?P<name>"(?:[^"]|"")*+"?)
    | (?P<parameter>\$[0-9]+)
    | (?P<number>[0-9][0-9A-Za-z_.]*)
    | (?P<word>[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK = re.compile(r"/\*|\*/")
_HIDDEN = "?"


def shown(text: str, limit: int) -> str:
    """The statement on one line without comments, its constants as `?`; of a utility statement only its first word."""
    bare = _without_constants(text[:MAX_READ])
    first = _WORD.search(bare)
    word = first[0].upper() if first and not bare[: first.start()].strip("( \t\r\n") else ""
    if word in _PLANNED:
        return clean(bare, limit)
    return f"{word or 'another'} … (a utility statement; its text is not shown)"


def _without_constants(text: str) -> str:
    parts: list[str] = []
    at = 0
    while found := _TOKEN.search(text, at):
        parts.append(text[at : found.start()])
        at = found.end()
        match found.lastgroup:
            case "line":
                parts.append(" ")
            case "block":
                parts.append(" ")
                at = _after_comment(text, at)
            case "tag":
                end = text.find(found[0], at)
                parts.append(_HIDDEN)
                at = len(text) if end < 0 else end + len(found[0])
            case "number":
                parts.append(_HIDDEN)
            case "name" | "parameter" | "word":
                parts.append(found[0])
            case _:
                parts.append(_HIDDEN)
                if "\\" in found[0] and found["text"]:  # where it ends depends on a setting of the session
                    at = len(text)
    return "".join((*parts, text[at:]))


def _after_comment(text: str, at: int) -> int:
    """The place after a comment, which may hold others."""
    depth = 1
    for mark in _BLOCK.finditer(text, at):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return mark.end()
    return len(text)
