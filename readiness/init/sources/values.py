"""Names and leaves: what readers of several kinds of source do with the values that they meet."""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.init.draft import Json

LONGEST_NAME = 40
MOST_LEAVES = 5_000
"""Of one JSON text; a longer one is data, and what a user needs of it stands at its beginning."""
MOST_DEPTH = 30
Path = tuple[str | int, ...]
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def words(text: str) -> list[str]:
    """The words of a name in any manner of writing, in small letters: `accessToken`, `X-Access-Token`."""
    return [word.lower() for word in _WORD.findall(text[:200])]


def snake(text: str, otherwise: str) -> str:
    """An identifier made of the words of `text`; `otherwise` when there are none."""
    name = "_".join(words(text))[:LONGEST_NAME].strip("_")
    return name if name and not name[0].isdigit() else f"{otherwise}_{name}".rstrip("_")


def singular(word: str) -> str:
    """`bag` of `bags`, `category` of `categories`; other words as they are."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word


def leaves(value: Json) -> Iterator[tuple[Path, str | int | float | bool | None]]:
    """What stands at the ends of a JSON value, with its path: the first MOST_LEAVES, none deeper than MOST_DEPTH."""
    count = 0
    todo: list[tuple[Path, Json]] = [((), value)]
    while todo and count < MOST_LEAVES:
        path, here = todo.pop()
        if isinstance(here, dict):
            if len(path) < MOST_DEPTH:
                todo += [((*path, key), inner) for key, inner in reversed(here.items())]
        elif isinstance(here, list):
            if len(path) < MOST_DEPTH:
                todo += [((*path, index), here[index]) for index in range(min(len(here), MOST_LEAVES) - 1, -1, -1)]
        else:
            count += 1
            yield path, here


def written(path: Path) -> str | None:
    """`items[0].id`; none where a key is no plain word."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            return None
    return text or None


class Names:
    """Gives each thing a name of its own: `id`, then `id_2`."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def unique(self, name: str) -> str:
        """`name`, or with a number behind it where it is taken."""
        found, number = name, 1
        while found in self._taken:
            number += 1
            found = f"{name}_{number}"
        self._taken.add(found)
        return found
