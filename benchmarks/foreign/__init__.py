"""Every parser of bytes that others wrote: how it is called, how it may refuse, and what it is fed.

`THROUGH` names the modules that a parser goes through; tests/test_fuzz.py compares them with the package, so that a new
parser is listed here, or in `not_foreign.py` with the reason why it is none.
"""

from __future__ import annotations

from functools import cache

from benchmarks.foreign.parser import Parser


@cache
def parsers() -> tuple[Parser, ...]:
    """All of them; imports what they need."""
    from benchmarks.foreign import answers, databases, documents, files, headers, sources, texts, workers

    rooms = (answers, headers, documents, files, databases, workers, texts, sources)
    return tuple(parser for room in rooms for parser in room.parsers())
