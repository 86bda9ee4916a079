"""A text with curl commands: for which shell it is, which variables it sets, and what else it runs. Nothing is run."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from readiness.errors import ConfigError
from readiness.init.sources.cmd_shell import cmd_commands, is_cmd
from readiness.init.sources.marks import mark
from readiness.init.sources.shell import RESULT, Command, NotQuoted, commands

_MOST_NAMED = 5
_STARTS = "if|then|else|elif|do|while|until|!|time|sudo|command|exec|env|nohup"
_BEFORE = frozenset([*_STARTS.split("|"), "{", "("])
"""Words of a shell that stand before a command."""
_ASSIGNED = re.compile(r"([A-Za-z_]\w{0,99})=(.*)", re.DOTALL)
_ASSIGNS = frozenset({"export", "readonly", "local", "declare", "typeset"})
_NAME = re.compile(r"[\w./-]{1,30}")
_CURL = re.compile(
    r"\s{0,20}(?:[$>%@]\s{0,5})?(?:.{0,300}(?:&&|\|\||[;|({])\s{0,5})?"
    rf"(?:(?:{_STARTS}|[A-Za-z_]\w{{0,50}}=\S{{0,200}})\s{{1,5}}){{0,5}}"
    r"(?:\S{0,200}[\\/])?curl(?:\.exe)?(?:\s|\Z)"
)
_HTTP_FILE = re.compile(r"\s{0,20}(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\s{1,20}\S|\s{0,20}@\w{1,100}\s{0,20}=")
_OTHER_COPY = re.compile(
    r"\s*(?:\$session\s*=|Invoke-(?:WebRequest|RestMethod)\b|iwr\s|(?:await\s{1,9})?fetch\(\s*[\"'])"
)
_BACKTICKS = re.compile(r"\s`[ \t]{0,20}\r?\n\s{0,40}(?:-|[\"']?https?:)")
_INSIDE = re.compile(r"(?:\$\(|`)[ \t]{0,20}curl\s")
COPY_IT = "copy it as cURL (bash)"


@dataclass(frozen=True, slots=True)
class Script:
    """What such a text says."""

    line: int
    """Of its first command."""
    commands: tuple[Command, ...]
    """Those of curl, which is their first word."""
    values: dict[str, str]
    """Of the variables that it sets once, to what is no result of a command."""
    notes: tuple[str, ...]


def is_script(text: str) -> bool:
    """Whether a text that begins like this has curl commands, or is a browser's copy for another program."""
    if _OTHER_COPY.match(text):
        return True
    if text.lstrip()[:1] in ("{", "<", "["):
        return False
    for line in text.splitlines():
        if _CURL.match(line):
            return True
        if _HTTP_FILE.match(line):
            return False
    return False


def is_command(text: str) -> bool:
    """Whether a text begins with a curl command."""
    return _CURL.match(text) is not None


def read_script(data: bytes, source: str) -> Script:
    """The curl commands of a text. Raises ConfigError with the line and the reason."""
    found, text = _commands(data, source)
    ours: list[Command] = []
    others: Counter[str] = Counter()
    for command in found:
        words = _without_start(command.words)
        if words and _is_curl(words[0]):
            ours.append(Command(command.line, words))
        elif words and not _assignments(command.words):
            others[words[0] if _NAME.fullmatch(words[0]) else "…"] += 1
    notes = []
    if others:
        shown = ", ".join(list(others)[:_MOST_NAMED]) + (", …" if len(others) > _MOST_NAMED else "")
        many = "1 other command was" if others.total() == 1 else f"{others.total()} other commands were"
        notes.append(f"{many} left out ({shown}): nothing of a source is run")
    if inside := _INSIDE.search(text):
        line = text.count("\n", 0, inside.start()) + 1
        notes.append(f"line {line}: a curl command inside $(…) is not read")
    return Script(found[0].line if found else 1, tuple(ours), _values(found), tuple(notes))


def _commands(data: bytes, source: str) -> tuple[list[Command], str]:
    """The commands of the text, in the quoting of its shell, and the text."""
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{source}: is not UTF-8 text") from None
    if _OTHER_COPY.match(text) or _BACKTICKS.search(text):
        raise ConfigError(f"{source}: is for PowerShell or JavaScript: {COPY_IT}")
    of_cmd = is_cmd(text)
    try:
        return cmd_commands(text) if of_cmd else commands(text), text
    except NotQuoted as problem:
        raise ConfigError(f"{source}: {problem}{f': {COPY_IT}' if of_cmd else ''}") from None


def _values(found: list[Command]) -> dict[str, str]:
    """Variables that the script gives one value, which is no result of a command."""
    values: dict[str, str] = {}
    several: set[str] = set()
    for command in found:
        for name, value in _assignments(command.words).items():
            if values.setdefault(name, value) != value or mark(RESULT) in value or not {"$", "`"}.isdisjoint(value):
                several.add(name)
    return {name: value for name, value in values.items() if name not in several and value}


def _assignments(words: tuple[str, ...]) -> dict[str, str]:
    """What a command that only sets variables sets: `A=1`, `export A=1`, `set A=1` of cmd."""
    keyword = words[0].lower()
    if keyword == "set":
        words = (" ".join(words[1:]),)  # of cmd: the value is the rest of the line
    elif keyword in _ASSIGNS:
        words = tuple(word for word in words[1:] if "=" in word)
    found = [_ASSIGNED.fullmatch(word) for word in words]
    return {match[1]: match[2] for match in found if match} if all(found) else {}


def _without_start(words: tuple[str, ...]) -> tuple[str, ...]:
    """Without what stands before the command itself: `do`, `sudo`, `A=1`."""
    at = 0
    while at < len(words) and (words[at] in _BEFORE or words[at].endswith("()") or _ASSIGNED.fullmatch(words[at])):
        at += 1
    return words[at:]


def _is_curl(word: str) -> bool:
    return word.replace("\\", "/").rpartition("/")[2].removesuffix(".exe") == "curl"
