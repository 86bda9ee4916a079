"""Whether functions of Locust's clients, and of what is beneath, are those that Locust came with."""

from __future__ import annotations

from typing import Any


class Originals:
    """The functions where tools that watch or fake requests put themselves."""

    def __init__(self, *places: tuple[type[Any], str]) -> None:
        self._places = places
        self._were = self._now()

    def _now(self) -> list[Any]:
        return [getattr(kind, name) for kind, name in self._places]

    def replaced(self) -> list[tuple[str, Any]]:
        """`HTTPAdapter.send`, and what stands there now."""
        triples = zip(self._places, self._now(), self._were, strict=True)
        return [(f"{kind.__name__}.{name}", now) for (kind, name), now, was in triples if now != was]

    def are_there(self) -> bool:
        """Whether nobody replaced one of them."""
        return self._now() == self._were
