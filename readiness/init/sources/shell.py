"""A shell command as words, read and never run: `$X` becomes a mark, `$(…)` too, files are only named.

shlex of the standard library does the quoting; before it the text is made what shlex knows: lines that go on are
joined, `$'…'` is undone, comments and prompts are taken away.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from readiness.init.sources.marks import mark, unmarked

_NAME = re.compile(r"\$(?:\{([A-Za-z_]\w{0,99})[^{}\n]{0,200}\}|([A-Za-z_]\w{0,99}))")
_COMMAND = re.compile(r"\$\([^()\n]{0,500}\)")
_ANSI = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"', "a": "", "b": "", "f": "", "v": "", "0": ""}
_CODE = re.compile(r"x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})")
_ENDS = frozenset(";|&\n")
_REDIRECT = re.compile(r"(?:<<<|<<-?|[<>]{1,2}[&|]?|<>)[ \t]{0,20}")
_HERE = re.compile(r"<<-?(?!<)[ \t]{0,20}[\"'\\]?([A-Za-z_]\w{0,99})")
_PROMPT = re.compile(r"[>%]\s{1,5}(?=\S{0,200}curl(?:\.exe)?\s)")
RESULT = "command"
"""The variable that stands for what a command in the command would print."""


class NotQuoted(ValueError):
    """A quotation that does not end; `line` is where it begins."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}: a quotation begins here and does not end")
        self.line = line


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its words, and the line that it begins on."""

    line: int
    words: tuple[str, ...]


def commands(text: str) -> list[Command]:
    """The commands of a text, one after the other. Raises NotQuoted."""
    found: list[Command] = []
    for line, piece in _pieces(unmarked(text)):
        try:
            lexer = shlex.shlex(piece, posix=True)
            lexer.whitespace_split = True
            lexer.commenters = ""
            words = tuple(word.replace("\ue002", "$") for word in lexer)
        except ValueError:
            raise NotQuoted(line) from None
        if words[:1] == ("$",):
            words = words[1:]
        if words:
            found.append(Command(line, words))
    return found


def _pieces(text: str) -> list[tuple[int, str]]:
    """Commands as shlex reads them, with the line on which each begins."""
    found: list[tuple[int, str]] = []
    parts: list[str] = []
    here: list[str] = []
    at, line, begins, size = 0, 1, 1, len(text)
    while at < size:
        character = text[at]
        if character == "\\" and text[at + 1 : at + 2] in ("\n", "\r"):
            at += 3 if text[at + 1 : at + 3] == "\r\n" else 2
            line += 1
            parts.append(" ")
        elif character == "\\":
            parts.append(text[at : at + 2] if at + 1 < size else "")
            at += 2
        elif character in "'\"" or text.startswith("$'", at):
            piece, end = _literal(text, at, line)
            parts.append(piece)
            line += text.count("\n", at, end)
            at = end
        elif character in _ENDS:
            if character == "\n":
                line += 1
            _finish(parts, begins, found)
            at += 1
            if character == "\n" and here:
                line, at = _behind(here, text, at, line)
            begins = line
        elif (
            character in "<>%"
            and len(parts) < 20
            and not "".join(parts).strip()
            and (prompt := _PROMPT.match(text, at))
        ):
            at = prompt.end()
        elif character in "<>":
            if match := _HERE.match(text, at):
                here.append(match[1])
            at = _redirected(parts, text, at)
        elif character == "#" and (at == 0 or text[at - 1] in " \t\n"):
            end = text.find("\n", at)
            at = size if end < 0 else end
        elif character == "$" and (match := _NAME.match(text, at) or _COMMAND.match(text, at)):
            parts.append(_mark(match))
            at = match.end()
        else:
            if not parts and not character.isspace():
                begins = line
            parts.append(character)
            at += 1
    _finish(parts, begins, found)
    return found


def _redirected(parts: list[str], text: str, at: int) -> int:
    """Where a redirection at `at` ends; it is no word of the command, nor is the number of a descriptor before it."""
    if parts and parts[-1].isdigit() and not "".join(parts[-2:-1]).strip():
        parts.pop()
    redirect = _REDIRECT.match(text, at)
    at = redirect.end() if redirect else at + 1
    while at < len(text) and not text[at].isspace() and text[at] not in ";|&<>":
        end = text.find(text[at], at + 1) if text[at] in "'\"" else at
        at = max(end, at) + 1
    parts.append(" ")
    return at


def _behind(words: list[str], text: str, at: int, line: int) -> tuple[int, int]:
    """The line and the place behind the texts that stand below a command (`<<EOF`), which are not its words."""
    while words and at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if text[at:end].strip() == words[0]:
            words.pop(0)
        line, at = line + 1, min(end + 1, len(text))
    words.clear()
    return line, at


def _finish(parts: list[str], line: int, found: list[tuple[int, str]]) -> None:
    piece = "".join(parts)
    if piece.strip():
        found.append((line, piece))
    parts.clear()


def _literal(text: str, at: int, line: int) -> tuple[str, int]:
    """What stands in quotes of any kind from `at` on, and where it ends."""
    if text[at] == '"':
        return _quoted(text, at, line)
    if text[at] == "$":
        value, end = _ansi(text, at + 2, line)
        return shlex.quote(value), end
    end = text.find("'", at + 1)
    if end < 0:
        raise NotQuoted(line)
    return text[at : end + 1], end + 1


def _quoted(text: str, at: int, line: int) -> tuple[str, int]:
    """A text in double quotes from `at` on, with marks for its variables, and where it ends."""
    parts = ['"']
    here = at + 1
    while here < len(text):
        character = text[here]
        if character == '"':
            return "".join(parts) + '"', here + 1
        if character == "\\":
            pair = text[here : here + 2]
            parts.append("" if pair[1:] == "\n" else "\ue002" if pair[1:] == "$" else pair)
            here += 2
        elif character == "$" and (match := _NAME.match(text, here) or _COMMAND.match(text, here)):
            parts.append(_mark(match))
            here = match.end()
        else:
            parts.append(character)
            here += 1
    raise NotQuoted(line)


def _mark(match: re.Match[str]) -> str:
    return mark(next((group for group in match.groups() if group), RESULT) if match.re is _NAME else RESULT)


def _ansi(text: str, at: int, line: int) -> tuple[str, int]:
    """What `$'…'` means, and where it ends."""
    parts: list[str] = []
    while at < len(text):
        character = text[at]
        if character == "'":
            return "".join(parts), at + 1
        if character != "\\":
            parts.append(character)
            at += 1
        elif match := _CODE.match(text, at + 1):
            code = int(match[4], 8) if match[4] else int(match[1] or match[2] or match[3], 16)
            parts.append(chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE002 else "")
            at = match.end()
        else:
            parts.append(_ANSI.get(text[at + 1 : at + 2], text[at + 1 : at + 2]))
            at += 2
    raise NotQuoted(line)
