"""Many byte strings searched for in a text at once, whole or cut short: the work does not grow with their number.

One pattern of their first bytes finds where one may begin. From there the text goes down a tree of all that begin so:
at each fork, and where the text leaves the tree, some of them were matched so far and no further.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_Kind = TypeVar("_Kind", bound=Hashable)
_HEAD_BYTES = 4
"""No string is shorter."""


@dataclass(slots=True)
class _Node:
    """What begins alike: whether a string ends here, and how others go on, by their next byte."""

    ends: bool = False
    ways: dict[int, tuple[bytes, _Node]] = field(default_factory=dict)


class Finder(Generic[_Kind]):
    """Finds strings of several kinds, each of _HEAD_BYTES or more."""

    def __init__(self, strings: Mapping[bytes, _Kind]) -> None:
        by_head: dict[bytes, dict[_Kind, list[bytes]]] = defaultdict(lambda: defaultdict(list))
        for string in sorted(strings):
            by_head[string[:_HEAD_BYTES]][strings[string]].append(string[_HEAD_BYTES:])
        self._trees = {
            head: tuple((kind, _tree(rests)) for kind, rests in kinds.items()) for head, kinds in by_head.items()
        }
        self._start = _beginning(list(by_head)) if by_head else None

    def places(self, text: bytes) -> Iterator[tuple[_Kind, int, int, bool]]:
        """Where strings of a kind begin: from, to, and whether one is whole there, or some break off."""
        if self._start is None:
            return
        for match in self._start.finditer(text):
            at = match.start()
            for kind, tree in self._trees[text[at : at + _HEAD_BYTES]]:
                for end, whole in _matched(tree, text, at + _HEAD_BYTES):
                    yield kind, at, end, whole


def _matched(node: _Node, text: bytes, at: int) -> Iterator[tuple[int, bool]]:
    """Where strings of the tree end in `text`, which goes down it from `at`: whole, or because it leaves them."""
    while True:
        if node.ends:
            yield at, True
        label, below = node.ways.get(text[at], _NOWHERE) if at < len(text) else _NOWHERE
        if below is None:
            if node.ways:
                yield at, False
            return
        if len(node.ways) > 1:
            yield at, False
        if not text.startswith(label, at):
            yield at + _common(text[at : at + len(label)], label), False
            return
        at += len(label)
        node = below


_NOWHERE: tuple[bytes, None] = b"", None


def _common(one: bytes, other: bytes) -> int:
    """How many bytes both begin with; they are not the same."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _tree(strings: list[bytes]) -> _Node:
    """Of `strings`, which are sorted and each there once."""
    root = _Node()
    waiting = [(root, strings)]
    while waiting:
        node, left = waiting.pop()
        node.ends = not left[0]
        alike: dict[int, list[bytes]] = defaultdict(list)
        for string in left[1:] if node.ends else left:
            alike[string[0]].append(string)
        for byte, group in alike.items():
            first, last = group[0], group[-1]
            size = len(first) if last.startswith(first) else _common(first, last)
            below = _Node()
            node.ways[byte] = first[:size], below
            waiting.append((below, [string[size:] for string in group]))
    return root


def _beginning(heads: list[bytes]) -> re.Pattern[bytes]:
    """One byte that begins one of `heads`, with the rest of it behind."""
    after: dict[bytes, list[bytes]] = defaultdict(list)
    for head in heads:
        after[head[:1]].append(head[1:])
    ways = [re.escape(first) + rb"(?=%b)" % _any_of(rest) for first, rest in after.items()]
    return re.compile(b"|".join(ways), re.DOTALL)


def _any_of(strings: list[bytes]) -> bytes:
    """A pattern of `strings`, all of one length, that tries each byte once."""
    if len(strings[0]) == 1:
        return b"[%b]" % b"".join(re.escape(string) for string in strings)
    after: dict[bytes, list[bytes]] = defaultdict(list)
    for string in strings:
        after[string[:1]].append(string[1:])
    return b"(?:%b)" % b"|".join(re.escape(first) + _any_of(rest) for first, rest in after.items())
