"""One request of a recording with its answers, before it is known what of it is fixed."""

from __future__ import annotations

from dataclasses import dataclass

from readiness.init.draft import Call
from readiness.init.sources.calls import is_write
from readiness.init.sources.correlation import Answer


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answers: more than one where redirects were followed, the last of them being the page."""

    number: int
    """Of the entry, from 1."""
    page: str
    """Id of the page that it belongs to, or nothing."""
    title: str
    start_s: float
    end_s: float
    call: Call
    """With the texts of the source."""
    answers: tuple[Answer, ...]
    url: str
    location: str = ""
    """Where the last answer redirects to, as a whole address without fragment."""
    cookies: tuple[tuple[str, str], ...] = ()
    """That the request sent."""
    document: bool = False
    """Whether a new page began with it."""

    @property
    def is_write(self) -> bool:
        """Whether it may change something."""
        return is_write(self.call)


def cookie_pairs(header: str) -> list[tuple[str, str]]:
    """Name and value of each cookie in a Cookie header."""
    pairs = (pair.partition("=") for pair in header.split(";"))
    return [(name.strip(), value.strip()) for name, _, value in pairs if name.strip()]
