"""A command for cmd.exe as words, as browsers copy it ("Copy as cURL (cmd)") and people write it; nothing is run.

Two programs read such a command one after the other: cmd takes the carets away, then the program that is started
divides the rest into words by quotes and backslashes. Older browsers put carets inside plain quotes too, where cmd
keeps them; what was meant is read, and so is a backslash that they doubled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from readiness.init.sources.marks import mark, unmarked
from readiness.init.sources.shell import Command, NotQuoted

_IS_CMD = re.compile(
    r"""(?mx)
    ^[ \t@]{0,20}(?:\S{0,200}[\\/])?curl(?:\.exe)?[ \t]{1,20}(?:-\S{1,40}[ \t]{1,20}){0,10}\^"   # curl ^"http://
    |[ \t]-{1,2}[\w-]{1,40}[ \t]{1,20}\^"                                                         # -H ^"a: b
    |"[{\[]{1,3}""\w                                                                              # "{""a"":1}"
    |[ \t]\^[ \t]{0,20}\r?\n[ \t]{0,40}(?:-|\^?"|https?:)                                        # ^ at the end
    """
)
_VARIABLE = re.compile(r"(?<!\^)%([A-Za-z_]\w{2,99})%(?![0-9A-Fa-f]{2})")
_GOES_ON = re.compile(r"\^[ \t]{0,20}\n")
_REDIRECT = re.compile(r'[0-9]?[<>]{1,2}(?:&\d|[ \t]{0,20}(?:"[^"\n]{0,500}"|[^\s&|<>"]{0,500}))')
_BACKSLASH = "\ue003"
"""A backslash that a browser doubled: it quotes nothing."""


@dataclass(frozen=True, slots=True)
class _Character:
    """One that cmd gives to the program; `escaped`: it stood behind a caret."""

    text: str
    line: int
    escaped: bool = False


@dataclass(slots=True)
class _Words:
    """Those of the command that is being read."""

    line: int = 1
    found: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    begun: bool = False
    """Whether there is a word, which may be empty."""

    def end_word(self) -> None:
        if self.begun:
            self.found.append("".join(self.parts))
        self.parts.clear()
        self.begun = False


def is_cmd(text: str) -> bool:
    """Whether a text has the carets of cmd where no other shell has any."""
    return _IS_CMD.search(text) is not None


def cmd_commands(text: str) -> list[Command]:
    """The commands of a text, one after the other. Raises NotQuoted."""
    plain = unmarked(text).replace(_BACKSLASH, "").replace("\r\n", "\n")
    commands: list[Command] = []
    words, backslashes, opened, closed = _Words(), 0, 0, False
    for one in _characters(_VARIABLE.sub(lambda match: mark(match[1]), plain)):
        if one.text == "\\":
            backslashes += 1
            words.begun, closed = True, False
            continue
        if one.text == '"':
            words.parts.append("\\" * (backslashes // 2) + '"' * (backslashes % 2 or closed))
            if backslashes % 2 == 0:
                opened, closed = (0, True) if opened else (one.line, False)
            words.begun, backslashes = True, 0
            continue
        words.parts.append("\\" * backslashes)
        backslashes, closed = 0, False
        if one.text in " \t" and not opened:
            words.end_word()
        elif one.text in "&|\n" and not one.escaped and not (opened and one.text != "\n"):
            if opened:
                raise NotQuoted(opened)
            _end_command(words, commands)
        else:
            words.line = words.line if words.begun or words.found else one.line
            words.parts.append(one.text.replace(_BACKSLASH, "\\"))
            words.begun = True
    words.parts.append("\\" * backslashes)
    if opened:
        raise NotQuoted(opened)
    _end_command(words, commands)
    return commands


def _end_command(words: _Words, commands: list[Command]) -> None:
    words.end_word()
    if words.found:
        first = words.found[0].removeprefix("@")
        commands.append(Command(words.line, (first, *words.found[1:])))
    words.found = []


def _characters(text: str) -> Iterator[_Character]:
    """What cmd leaves of the text."""
    at, line, quoted, before = 0, 1, False, ""
    while at < len(text):
        here, after = text[at], text[at + 1 : at + 2]
        if here == "^" and (goes_on := _GOES_ON.match(text, at)):
            at, line = goes_on.end(), line + 1
            if text[at : at + 1] == "\n":
                yield _Character("\n", line, escaped=True)
                at, line = at + 1, line + 1
            continue
        if text.startswith("^\\^\\", at):
            yield _Character(_BACKSLASH, line, escaped=True)
            at, before = at + 4, "\\"
            continue
        if here == "^" and after and not (quoted and after.isascii() and after.isalnum() and before != "%"):
            yield _Character(after, line, escaped=True)
            at, before = at + 2, after
            continue
        if not quoted and (here in "<>" or before in " \t") and (redirect := _REDIRECT.match(text, at)):
            at = redirect.end()
            continue
        quoted = quoted != (here == '"')
        yield _Character(here, line)
        line += here == "\n"
        quoted = quoted and here != "\n"
        at, before = at + 1, here
