"""Did you mean …: the nearest known name for one that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import takewhile

_LONGEST = 100
"""Longer words are nobody's slip of the fingers, and comparing them would take long."""
MOST_COMPARED = 20
"""Known words that are compared letter by letter: those that begin and end most like the word."""


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean "…"?` with the nearest known word, else the known words when they are few, else nothing."""
    words = sorted(set(known))
    few = _alike(word, words)
    swapped = [known_word for known_word in few if sorted(known_word) == sorted(word)]
    close = swapped or get_close_matches(word, few, n=1, cutoff=0.6)
    if close:
        return f'; did you mean "{close[0]}"?'
    return f"; known: {', '.join(words)}" if 0 < len(words) <= 12 else ""


def _alike(word: str, words: list[str]) -> list[str]:
    """Those that may be close to `word`, in their order: a comparison of all of a long list would be quadratic."""
    if len(word) > _LONGEST:
        return []
    near = [one for one in words if 3 * len(one) <= 7 * len(word) and 3 * len(word) <= 7 * len(one)]
    if len(near) <= MOST_COMPARED:
        return near
    return sorted(sorted(near, key=lambda one: -_ends_in_common(word, one))[:MOST_COMPARED])


def _ends_in_common(word: str, other: str) -> int:
    """Letters that both begin with, and letters that both end with."""
    return sum(
        sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, two, strict=False)))
        for one, two in ((word, other), (reversed(word), reversed(other)))
    )
