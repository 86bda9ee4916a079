"""Chart: a drawing, what it answers, and the same data as a table."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Chart:
    """One question, answered as a picture and as a table."""

    key: str
    """Prefix of the ids in the drawing."""
    title: str
    note: str
    """How to read it, and what is left out."""
    svg: Markup
    legend: tuple[str, ...]
    """Names of the lines, in the order of their colours and dashes."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    filled: bool = False
    """Whether the legend is of areas and not of lines."""


def shorten(name: str, most: int = 34) -> str:
    """A long name cut in the middle, where paths differ least."""
    if len(name) <= most:
        return name
    head = most // 2
    return f"{name[:head]}…{name[len(name) - (most - head - 1) :]}"
