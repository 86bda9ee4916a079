"""Text of a source as Python: a string literal, or one harmless line of a comment or docstring. Nothing else."""

from __future__ import annotations

import re
import unicodedata

from readiness.text import clean

LINE = 120
"""Columns of a line of generated code, as `ruff format` counts them with this project's settings."""
_ORDER = re.compile(r"(fmt|type|noqa|ruff|mypy|isort|pylint|pragma|yapf|flake8|pyright|coding|nosec)\b", re.IGNORECASE)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def literal(text: str) -> str:
    """`text` as a string literal, in the quotes and escapes that `ruff format` leaves alone.

    Only letters of European alphabets stand as they are; everything else that is not ASCII is escaped, so that nothing
    is unseen, moves its neighbours, or is wider than one column.
    """
    quote = '"' if text.count('"') <= text.count("'") else "'"
    return quote + "".join(_escaped(character, quote) for character in text) + quote


def comment(text: str, columns: int) -> str:
    """`text` for a comment: one line of at most `columns`, without controls and unseen characters.

    No `#` and no word that a linter takes for an order (`type: ignore`).
    """
    line = " ".join(_seen(text, columns).replace("#", " ").split())
    return shortened(f"Note: {line}" if _ORDER.match(line) else line, columns)


def sentence(text: str, columns: int) -> str:
    """`text` for the first line of a docstring, between triple quotes: no quote, no backslash, a capital, a full stop.

    Empty when nothing is left of it.
    """
    line = _seen(text, columns).translate({ord('"'): "'", ord("\\"): "/"})
    line = shortened(line.strip(" '."), columns - 3).strip()
    if not line:
        return ""
    line = line[0].upper() + line[1:] if line[0].isascii() else line
    return line if line[-1] in ".!?" else f"{line[:-1]}..." if line[-1] == "…" else f"{line}."


def width(text: str) -> int:
    """Columns that `text` takes, at most: what may be wide counts as wide."""
    return len(text) if text.isascii() else sum(_columns(character) for character in text)


def shortened(text: str, columns: int) -> str:
    """`text` cut to `columns`."""
    if width(text) <= columns:
        return text
    kept, used = [], 1
    for character in text:
        used += _columns(character)
        if used > columns:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…"


def too_long(line: str) -> bool:
    """Whether ruff's E501 complains of `line`: not of one word, nor of an address at the end that begins in time."""
    words = line.split()
    if len(line) <= LINE or len(words) < 2:
        return False
    return not ("://" in words[-1] and len(line) - len(words[-1]) <= LINE)


def _escaped(character: str, quote: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    if character in ("\\", quote):
        return f"\\{character}"
    code = ord(character)
    if " " <= character <= "~" or (0xC0 <= code < 0x250 and character.isalpha()):
        return character
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _seen(text: str, columns: int) -> str:
    """On one line, with what this Python knows to be seen."""
    return "".join(character for character in clean(text, columns * 2) if character.isprintable())


def _columns(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WFA" else 1
