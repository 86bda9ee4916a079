"""Did you mean …: the nearest known name for one that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches

MOST = 100
"""Characters of a wrong word that are compared; finding the nearest of the known ones is quadratic in them."""


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean "…"?` with the nearest known word, else the known words when they are few, else nothing."""
    words = sorted(set(known))
    word = word[:MOST]
    swapped = [known_word for known_word in words if sorted(known_word) == sorted(word)]
    close = swapped or get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return f'; did you mean "{close[0]}"?'
    return f"; known: {', '.join(words)}" if 0 < len(words) <= 12 else ""
