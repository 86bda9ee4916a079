"""Where the progress of a run is shown: a terminal, lines of a log, a page beside them, or nowhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from readiness.errors import ConfigError
from readiness.run.live.observer import Observer
from readiness.run.progress import Both, FullScreen, Lines, Progress

if TYPE_CHECKING:
    from readiness.run.live.web_page import WebPage

_SCREEN_BACK = b"\x1b[?25h\x1b[?1049l"
"""Shows the cursor and leaves the second screen of a terminal (xterm, DECSET 25 and 1049)."""


def choose(*, quiet: bool, secrets: Sequence[str] = (), live: bool = False) -> Progress:
    """The progress that fits where standard error goes; it never shows `secrets`.

    With `live` a page on loopback too, whose address is told first. Raises ConfigError when it cannot listen.
    """
    observer = Observer(secrets)
    page = _page(observer) if live else None
    words = f"live page: {page.url}" if page else ""
    if quiet:
        terminal = Progress()
        if page:
            Lines(secrets).note(words)
    else:
        terminal = FullScreen(secrets, observer, words) if _is_terminal() else Lines(secrets)
        if page:
            terminal.note(words)
    return Both(terminal, page) if page else terminal


def _page(observer: Observer) -> WebPage:
    from readiness.run.live.web_page import WebPage

    try:
        return WebPage(observer)
    except OSError as error:
        raise ConfigError(f"--live: cannot listen on 127.0.0.1: {error.strerror or error}") from error


def _is_terminal() -> bool:
    """Whether standard error can be drawn on."""
    return sys.stderr.isatty() and os.environ.get("TERM", "").lower() not in ("", "dumb", "unknown")


def give_back() -> None:
    """Leave the terminal as it was found, from a signal handler: at once, and without the notes."""
    if _is_terminal():
        with suppress(OSError):
            os.write(sys.stderr.fileno(), _SCREEN_BACK)
