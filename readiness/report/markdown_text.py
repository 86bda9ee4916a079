"""Text that Markdown shows and never obeys.

`code` is for text from outside: one code span whose fence is longer than any run of backticks in it. `prose` is for
our own sentences, which may quote such text: every word that Markdown or GitHub could read as markup (a link, a
mention, HTML, a table's pipe, a heading) stands in a code span of its own. In a table cell a pipe is escaped as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from readiness.text import clean

LONGEST = 2000
_RUN = re.compile("`+")
_COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "="})
_MARKUP = re.compile(r"[`|*_@#\[\]\\&~${}^<>]|://|::|:\w+:|\bwww\.", re.IGNORECASE)
_ENDS = re.compile(r"(?<=[\w/\])}])[,.;:]$")
"""The sentence's own mark after a quoted word: it stands outside of what can be copied."""
_STARTS_BLOCK = re.compile(r"[-+=>]+|\d+[.)]")
"""At the start of a line or a list item these would begin a list, a heading or a quotation."""


def code(text: object) -> str:
    """`text` as one code span; an en dash for nothing."""
    return _span(clean(text, LONGEST))


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
    words = list(enumerate(clean(text, LONGEST).split()))
    groups = groupby(words, key=lambda item: _risky(item[1], first=starts_line and item[0] == 0))
    return " ".join(_pieces((risky, [word for _, word in group]) for risky, group in groups)) or "–"


def _pieces(groups: Iterator[tuple[bool, list[str]]]) -> Iterator[str]:
    for risky, words in groups:
        text = " ".join(words)
        end = _ENDS.search(text) if risky else None
        yield _span(text[: end.start()]) + end[0] if end else _span(text) if risky else text


def _risky(word: str, *, first: bool) -> bool:
    if first and _STARTS_BLOCK.fullmatch(word):
        return True
    return word not in _COMPARISONS and _MARKUP.search(word) is not None


def _span(text: str) -> str:
    if not text:
        return "–"
    fence = "`" * (max((len(run) for run in _RUN.findall(text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _in_table(text: str) -> str:
    """Pipes escaped; a backslash before one is moved off, because parsers disagree on what it then means."""
    return text.replace("\\|", "\\ |").replace("|", "\\|")
