"""What the scripts of a collection say that can be read without running them: a value that is kept, a status expected.

Nothing is run. A line of another form is not understood, and the reader tells so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from readiness.init.draft import Extract

MOST_SCRIPT_CHARS = 50_000
_WORD = r"[A-Za-z_$][\w$]{0,80}"
_PLACE = rf"(?:\??\.{_WORD}|\[[0-9]{{1,4}}\]|\[[\"'][\w-]{{1,80}}[\"']\]){{1,12}}"
_PARSED = rf"(?:pm\.response\.json\(\)|JSON\.parse\(responseBody\)|response\.body|{_WORD})"
_SET = re.compile(
    rf"(?:pm\.(?:environment|collectionVariables|globals|variables)\.set|client\.global\.set"
    rf"|postman\.set(?:Environment|Global)Variable)\(\s{{0,20}}[\"']([\w.-]{{1,100}})[\"']\s{{0,20}},\s{{0,20}}"
    rf"({_PARSED})({_PLACE})\s{{0,20}}\)"
)
_SET_HEADER = re.compile(
    r"\.(?:set|setEnvironmentVariable|setGlobalVariable)\(\s{0,20}[\"']([\w.-]{1,100})[\"']\s{0,20},\s{0,20}"
    r"(?:pm\.response\.headers\.get|response\.headers\.valueOf)\([\"']([\w-]{1,80})[\"']\)"
)
_ANY_SET = re.compile(r"(?:\.set|setEnvironmentVariable|setGlobalVariable)\(\s{0,20}[\"']([\w.-]{1,100})[\"']")
_BOUND = re.compile(
    rf"(?:var|let|const)\s{{1,10}}({_WORD})\s{{0,10}}=\s{{0,10}}"
    rf"(?:pm\.response\.json\(\)|JSON\.parse\(responseBody\)|response\.body)({_PLACE})?"
)
_STATUS = re.compile(
    r"(?:to\.have\.status\(|response\.code\)\.to\.(?:be\.)?(?:equals?|eql|eq|oneOf)\(|responseCode\.code\s{0,5}={2,3}"
    r"|response\.status\s{0,5}={2,3})\s{0,5}\[?([0-9, ]{3,80})"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a script says."""

    brings: tuple[tuple[str, Extract], ...] = ()
    expected: tuple[int, ...] = ()
    unread: tuple[str, ...] = ()
    """Variables that it sets in a way that cannot be read."""


def read_script(lines: str) -> Said:
    """What the text of a script that runs after the answer says."""
    text = lines[:MOST_SCRIPT_CHARS]
    bound = {match[1]: match[2] or "" for match in _BOUND.finditer(text)}
    brings: dict[str, Extract] = {}
    for match in _SET.finditer(text):
        variable, parsed, place = match.groups()
        is_word = re.fullmatch(_WORD, parsed) is not None
        if not is_word or parsed in bound:
            brings[variable] = Extract(variable, "json", _written(bound.get(parsed, "") + place))
    for match in _SET_HEADER.finditer(text):
        brings[match[1]] = Extract(match[1], "header", match[2])
    unread = {match[1] for match in _ANY_SET.finditer(text)} - set(brings)
    codes = [code for match in _STATUS.finditer(text) for code in match[1].split(",")]
    expected = tuple(dict.fromkeys(int(code) for code in codes if code.strip().isdecimal() and len(code.strip()) == 3))
    return Said(tuple(brings.items()), expected, tuple(sorted(unread)))


def _written(place: str) -> str:
    """`.items[0]["id"]` as `items[0].id`."""
    plain = re.sub(r"\[[\"']([\w-]+)[\"']\]", r".\1", place.replace("?.", "."))
    return plain.removeprefix(".")
