"""Requests of a log, counted by endpoint in bounded memory: thousands of addresses become few templates.

Ids fold by their form (folding.py). Words fold by their number: a place in the path that holds too many different ones
holds slugs. Of each endpoint a sample of its addresses is kept, each as probable as it was asked for.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from readiness.init.sources.folding import template_of
from readiness.init.sources.traffic import is_static

MOST_LOGGED_ENDPOINTS = 5_000
"""Counted one by one; then words that are too many fold, and at last the rarest endpoints are dropped."""
_MOST_ROWS = 100
"""Sampled addresses of one endpoint and one set of query keys."""
MOST_ROWS_TOGETHER = 60_000
MOST_KEY_SETS = 12
SLUGS_FROM = 40
"""Different words at one place of a path from which on they are values."""
SLUGS_FROM_TOP = 150
"""The same right behind the host, or behind `/api`, where words are what the service consists of."""
SLUG = "{slug}"
STATIC = "static files"
_TOP = frozenset({"", "api", "rest", "v1", "v2", "v3", "v4"})
MISSING = frozenset({400, 404, 405, 410, 414, 501})
"""The service has no such page: a stranger's guess, or an id that is gone."""


@dataclass(slots=True)
class Asked:
    """Requests for one endpoint with one set of query keys."""

    count: int = 0
    eligible: int = 0
    """Those that the service answered, of which rows are sampled."""
    rows: list[tuple[str, str, bool]] = field(default_factory=list)
    """Path, query, and whether the answer was a redirect."""


@dataclass(slots=True)
class LoggedEndpoint:
    """Requests for one template."""

    count: int = 0
    moved: int = 0
    missing: int = 0
    denied: int = 0
    by_keys: dict[tuple[str, ...], Asked] = field(default_factory=dict)

    def add(self, other: LoggedEndpoint, dice: random.Random) -> None:
        """All of `other`, too."""
        self.count += other.count
        self.moved += other.moved
        self.missing += other.missing
        self.denied += other.denied
        for keys, theirs in other.by_keys.items():
            ours = self.by_keys.setdefault(keys if len(self.by_keys) < MOST_KEY_SETS else (), Asked())
            total = ours.eligible + theirs.eligible
            if total and len(ours.rows) + len(theirs.rows) > _MOST_ROWS:
                mine = min(len(ours.rows), round(_MOST_ROWS * ours.eligible / total))
                ours.rows = dice.sample(ours.rows, mine) + theirs.rows[: _MOST_ROWS - mine]
            else:
                ours.rows += theirs.rows
            ours.count += theirs.count
            ours.eligible = total


class Endpoints:
    """All endpoints of one log, by method and template."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], LoggedEndpoint] = {}
        self.dropped = 0
        """Requests for endpoints that were too many and too rare."""
        self._dice = random.Random(0)
        self.generation = 0
        self._slugs: dict[tuple[str, ...], frozenset[str]] = {}
        """Places that hold slugs, and the words there that are none."""
        self._rows = 0

    def template(self, path: str) -> str:
        """The endpoint of a path, as far as it is known by now; good until `generation` changes."""
        return STATIC if is_static(path) else self._with_slugs(template_of(path))

    def add(self, method: str, template: str, path: str, query: str, keys: tuple[str, ...], status: int) -> None:
        """Count one request."""
        endpoint = self.found.get((method, template))
        if endpoint is None:
            if len(self.found) >= MOST_LOGGED_ENDPOINTS:
                self._shrink()
                template = self._with_slugs(template)
            endpoint = self.found.setdefault((method, template), LoggedEndpoint())
        endpoint.count += 1
        asked = endpoint.by_keys.get(keys)
        if asked is None:
            keys = keys if len(endpoint.by_keys) < MOST_KEY_SETS else ()
            asked = endpoint.by_keys.setdefault(keys, Asked())
        asked.count += 1
        if status >= 400:
            endpoint.missing += status in MISSING
            endpoint.denied += status in (401, 403)
            return
        moved = 300 <= status < 400 and status != 304
        endpoint.moved += moved
        asked.eligible += 1
        if len(asked.rows) < _MOST_ROWS:
            if self._rows < MOST_ROWS_TOGETHER:
                self._rows += 1
                asked.rows.append((path, query, moved))
        else:
            place = int(self._dice.random() * asked.eligible)
            if place < _MOST_ROWS:
                asked.rows[place] = (path, query, moved)

    def fold_slugs(self, easier: int = 1) -> None:
        """Fold the words of every place that has too many; `easier` divides how many are too many."""
        depth = 0
        while depth <= max((len(_segments(template)) for _, template in self.found), default=0):
            words: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
            for (_, template), endpoint in self.found.items():
                segments = _segments(template)
                if depth < len(segments):
                    words[segments[:depth]][segments[depth]] += endpoint.count
            for place, counts in words.items():
                most = SLUGS_FROM_TOP if not place or place[-1].lower() in _TOP else SLUGS_FROM
                plain = {word for word in counts if "{" not in word}
                if len(plain) > most // easier and place not in self._slugs:
                    self._slugs[place] = _kept(counts, plain)
            self._fold_again()
            depth += 1
        self.generation += 1

    def _fold_again(self) -> None:
        merged: dict[tuple[str, str], LoggedEndpoint] = {}
        for (method, template), endpoint in self.found.items():
            key = (method, self._with_slugs(template))
            if key in merged:
                merged[key].add(endpoint, self._dice)
            else:
                merged[key] = endpoint
        self.found = merged
        self._rows = sum(len(asked.rows) for one in merged.values() for asked in one.by_keys.values())

    def _with_slugs(self, template: str) -> str:
        if not self._slugs or template == STATIC:
            return template
        found: tuple[str, ...] = ()
        for segment in _segments(template):
            kept = self._slugs.get(found)
            is_slug = kept is not None and segment and "{" not in segment and segment not in kept
            found = (*found, SLUG if is_slug else segment)
        return "/" + "/".join(found)

    def _shrink(self) -> None:
        for easier in (1, 4, 16):
            self.fold_slugs(easier)
            if len(self.found) <= MOST_LOGGED_ENDPOINTS // 2:
                return
        too_many = len(self.found) - MOST_LOGGED_ENDPOINTS // 2
        rarest = sorted(self.found, key=lambda key: self.found[key].count)[:too_many]
        for key in rarest:
            self.dropped += self.found.pop(key).count


def _segments(template: str) -> tuple[str, ...]:
    return tuple(template.removeprefix("/").split("/")) if template != STATIC else ()


def _kept(counts: Counter[str], plain: set[str]) -> frozenset[str]:
    """Words that stand out among slugs: one word, asked for far more often than its share."""
    total = sum(counts[word] for word in plain)
    return frozenset(word for word in plain if not word or (word.isalpha() and counts[word] > 0.05 * total))
