"""What every room of parsers is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parser:
    """One way for foreign bytes to come in."""

    name: str
    through: tuple[str, ...]
    """Modules of readiness, without the package's name."""
    call: Callable[[bytes], object]
    refuses: tuple[type[BaseException], ...]
    """Its declared failures; nothing else may be raised."""
    seeds: tuple[bytes, ...]
    share: int = 8
    """How often it is fed, beside the others; less for slow ones."""
    facts: bool = False
    """The seeds are JSON, of which single values are to be broken."""


JSON = (
    b'{"cache": {"hits": 5, "misses": 1e3}, "pool": [1, -2.5, null, true], "instance": "a\\u0041\\ud83d\\ude00"}',
    b'[[[{"a": {"b": 12345678901234567890}}]]]',
    b'"\\ud800"',
    b"NaN",
)
