"""Text that Markdown shows and never obeys.

`code` is for text from outside: one code span whose fence is longer than any run of backticks in it. `prose` is for
our own sentences, which may quote such text: every word that Markdown or GitHub could read as markup (a link, a
mention, HTML, a table's pipe, a heading) stands in a code span of its own. In a table cell a pipe is escaped as well.
"""

from __future__ import annotations

import re

from readiness.text import clean

_LONGEST = 2000
_RUN = re.compile("`+")
_COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "="})
_MARKUP = re.compile(r"[`|*_@#\[\]\\&~${}^<>]|://|::|:\w+:|\bwww\.", re.IGNORECASE)
_COMMAND = re.compile(r"`(\s*[^`\s][^`]*)`")
_WORD = re.compile(r"[(\"']*`[^`\s](?:[^`]*[^`\s])?`[.,;:!?)\"']*(?!\S)|\S+")
"""A word, or a command of several words between backticks."""
_OPEN, _ENDS = "(\"'", ".,;:!?\"'"
"""Punctuation that stays outside a code span."""
_STARTS_BLOCK = re.compile(r"[-+=>]+|\d+[.)]")
"""At the start of a line or a list item these would begin a list, a heading or a quotation."""


def code(text: object) -> str:
    """`text` as one code span; an en dash for nothing."""
    return _span(clean(text, _LONGEST))


def cell_code(text: object) -> str:
    """`code` inside a table."""
    return _in_table(code(text))


def prose(text: object) -> str:
    """A sentence in which only plain words stand outside code spans."""
    return _prose(text, starts_line=True)


def cell_prose(text: object) -> str:
    """`prose` inside a table, where no block can start."""
    return _in_table(_prose(text, starts_line=False))


def _prose(text: object, *, starts_line: bool) -> str:
    pieces: list[str] = []
    span: list[str] = []
    for i, word in enumerate(_WORD.findall(clean(text, _LONGEST))):
        before, core, after = _parted(word, first=starts_line and i == 0)
        if span and (before or not core):
            pieces.append(_span(" ".join(span)))
            span.clear()
        if not core:
            pieces.append(word)
            continue
        span.append(core)
        if before or after:
            pieces.append(f"{before}{_span(' '.join(span))}{after}")
            span.clear()
    if span:
        pieces.append(_span(" ".join(span)))
    return " ".join(pieces) or "–"


def _parted(word: str, *, first: bool) -> tuple[str, str, str]:
    """What stands before and after a code span, and what stands in it; nothing for a plain word."""
    if first and _STARTS_BLOCK.fullmatch(word):
        return "", word, ""
    if word.lstrip(_OPEN).rstrip(_ENDS + ")") in _COMPARISONS or not _MARKUP.search(word):
        return "", "", ""
    start = word.lstrip(_OPEN)
    core = start.rstrip(_ENDS)
    if core.count(")") > core.count("("):
        core = core.removesuffix(")").rstrip(_ENDS)
    before, after = word[: len(word) - len(start)], start[len(core) :]
    if command := _COMMAND.fullmatch(core):
        return before, command[1], after
    return (before, core, after) if _MARKUP.search(core) else ("", word, "")


def _span(text: str) -> str:
    if not text:
        return "–"
    fence = "`" * (max((len(run) for run in _RUN.findall(text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _in_table(text: str) -> str:
    """Pipes escaped; a backslash before one is moved off, because parsers disagree on what it then means."""
    return text.replace("\\|", "\\ |").replace("|", "\\|")
