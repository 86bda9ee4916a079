"""Paths without their ids: `/bags/17/scan` is `/bags/{id}/scan`, and thousands of addresses become one endpoint.

A segment is an id by its form alone: number, UUID, hexadecimal, date, long token, letters with a number behind them.
What looks like a word is a word here; access_log.py folds words too, where one place has too many of them.
Every pattern is linear in the segment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from urllib.parse import unquote

from readiness.init.sources.values import singular, snake, words

LONGEST_SEGMENT = 512
_DIGIT = re.compile(r"[0-9]")
_NUMBER = re.compile(r"[-+]?[0-9]+(?:,[0-9]+)*")
_DATE = re.compile(r"(?:19|20)[0-9]{2}-[01][0-9](?:-[0-3][0-9](?:[T ][0-9:.]{4,16}(?:Z|[-+][0-9:]{4,6})?)?)?")
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_HEX = re.compile(r"[0-9a-f]{8,}|[0-9A-F]{8,}")
_NUMBERED = re.compile(r"[A-Za-z]{1,12}[-_][0-9]+(?:[-_][0-9]+)*|[A-Za-z]{1,12}[0-9]{4,}(?:[-_][0-9]+)*")
_PREFIXED = re.compile(r"[a-z]{2,10}_[A-Za-z0-9]{8,}")
_TOKEN = re.compile(r"[A-Za-z0-9_.~+=-]{20,}")
_FILE = re.compile(r"(.+)(\.[A-Za-z][A-Za-z0-9]{0,4})")
_VERSION_AFTER = frozenset({"api", "rest", "v", "version"})


@dataclass(frozen=True, slots=True)
class Folded:
    """A path with the values taken out."""

    pieces: tuple[str, ...]
    """What stands between the values: one more than there are values."""
    kinds: tuple[str, ...]
    """`id`, `date`, `token` or `email`, for each value."""
    values: tuple[str, ...]
    """As they stood, percent-encoding and all."""

    @property
    def template(self) -> str:
        """`/bags/{id}/scan`."""
        return self.pieces[0] + "".join(
            f"{{{kind}}}{piece}" for kind, piece in zip(self.kinds, self.pieces[1:], strict=True)
        )


def fold(path: str) -> Folded:
    """`path` (without query) with its ids taken out."""
    pieces, kinds, values = [""], [], []
    before = ""
    for number, segment in enumerate(path.split("/")):
        if number:
            pieces[-1] += "/"
        kind, ending = _kind_and_ending(segment, before)
        if kind is None:
            pieces[-1] += segment
        else:
            kinds.append(kind)
            values.append(segment.removesuffix(ending))
            pieces.append(ending)
        before = segment
    return Folded(tuple(pieces), tuple(kinds), tuple(values))


def template_of(path: str) -> str:
    """`fold(path).template`, for millions of paths."""
    segments = path.split("/")
    before = ""
    for index, segment in enumerate(segments):
        if segment and not (segment.isalpha() and len(segment) < 20):
            if segment.isdigit() and len(segment) > 2:
                segments[index] = "{id}"
            else:
                kind, ending = _kind_and_ending(segment, before)
                if kind is not None:
                    segments[index] = f"{{{kind}}}{ending}"
        before = segment
    return "/".join(segments)


def _kind_and_ending(segment: str, before: str) -> tuple[str | None, str]:
    """The kind of an id, and the file name's ending behind it (`17.json`)."""
    kind = kind_of(segment, before)
    if kind in (None, "token") and len(segment) <= LONGEST_SEGMENT and (match := _FILE.fullmatch(segment)):
        named = kind_of(match[1], before)
        if named is not None and not segment.startswith("eyJ"):
            return named, match[2]
    return kind, ""


@lru_cache(maxsize=16_384)
def kind_of(segment: str, before: str = "") -> str | None:
    """What kind of id `segment` is, behind the segment `before`; none when it is a word."""
    if not segment or (segment.isalpha() and segment.isascii() and len(segment) < 20):
        return None
    text = unquote(segment) if "%" in segment else segment
    if len(text) > LONGEST_SEGMENT:
        return "token"
    if "@" in text[1:-1]:
        return "email"
    if not _DIGIT.search(text):
        return "token" if _is_token(text) else None
    if _NUMBER.fullmatch(text):
        return None if len(text) <= 2 and before.lower() in _VERSION_AFTER else "id"
    if _DATE.fullmatch(text):
        return "date"
    if _UUID.fullmatch(text) or _NUMBERED.fullmatch(text) or _PREFIXED.fullmatch(text):
        return "id"
    if _HEX.fullmatch(text) and sum(character.isdigit() for character in text) >= 2:
        return "id"
    return "token" if _is_token(text) else None


def is_random(text: str) -> bool:
    """Whether nobody would have chosen `text`: long, without blanks, of letters and digits mixed as no word is."""
    return bool(_UUID.fullmatch(text) or (len(text) >= 16 and _HEX.fullmatch(text)) or _is_token(text))


def value_name(pieces: tuple[str, ...], index: int, kind: str) -> str:
    """What the value behind `pieces[index]` is called: `bag_id` in `/bags/{id}`."""
    noun = next((part for part in reversed("".join(pieces[: index + 1]).split("/")) if words(part)), "")
    name = snake(noun, "")
    head, _, last = name.rpartition("_")
    name = f"{head}_{singular(last)}" if head else singular(last)
    return f"{name}_{kind}" if name and not name.endswith(kind) else name or kind


def _is_token(text: str) -> bool:
    """Long and mixed; `how-to-write-10-good-tests` is a title, whose words are small letters or numbers."""
    if not _TOKEN.fullmatch(text):
        return False
    if text.startswith("eyJ"):
        return True
    digits = sum(character.isdigit() for character in text)
    if any(character in "-_.~" for character in text):
        mixed = sum(_is_mixed(word) for word in re.split(r"[-_.~]", text))
        return mixed >= 1 and digits >= 2
    has_both = any(c.islower() for c in text) and any(c.isupper() for c in text)
    return digits >= 3 or (has_both and digits >= 1)


def _is_mixed(word: str) -> bool:
    """Letters and digits that alternate, or capitals in the middle: `J8sd7K2x`."""
    if len(word) < 8:
        return False
    changes = sum(one.isdigit() != other.isdigit() for one, other in pairwise(word))
    return changes >= 2 or (changes == 1 and any(c.isupper() for c in word[1:]) and any(c.islower() for c in word))
