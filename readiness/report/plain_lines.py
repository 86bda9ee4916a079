"""Lines on a terminal of 80 columns: without colour, in ASCII where it must be, and nothing that a CI runner obeys."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from readiness.report.status import Status
from readiness.report.workflow_commands import harmless
from readiness.text.plain_ascii import plain_ascii

_WIDTH = 80


def printed(lines: Iterable[str], *, ascii: bool) -> str:  # noqa: A002 - the word that says it
    """The lines as one text; a long one goes on below its own text."""
    text = harmless("\n".join(piece for line in lines for piece in _wrapped(line)))
    return plain_ascii(text) if ascii else text


def marked(status: Status, *, ascii: bool) -> str:  # noqa: A002
    """Shape and word of a status."""
    return f"{status.ascii if ascii else status.shape} {status.word}"


def _wrapped(line: str) -> list[str]:
    if len(line) <= _WIDTH:
        return [line]
    indent = len(line) - len(line.lstrip(" -"))
    return textwrap.wrap(line, _WIDTH, subsequent_indent=" " * max(indent, 2), break_on_hyphens=False)
