"""What scenario code did wrong in a load: counted by text, each with its place in the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import FrameType
from typing import Any

from readiness.load.http.failures import COUNTED
from readiness.load.life.endings import own_place
from readiness.load.life.listeners import described
from readiness.load.locustfiles import scenario_of
from readiness.text import clean

_MAX_ERRORS = 50
_ENDED = "scenario code ended the load (runner.quit or runner.stop)"
"""Told first: it explains the others."""


class ScriptErrors:
    """Of one engine."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def note(self, text: str) -> None:
        """Count it; an empty text is none."""
        text = clean(text)
        if text and (text in self._counts or len(self._counts) < _MAX_ERRORS):
            self._counts[text] += 1

    def note_user(self, user_instance: Any, exception: BaseException) -> None:
        """A task, or a user while it was made, raised."""
        user = getattr(user_instance, "user", user_instance)  # Locust gives the TaskSet when the user has one
        self.note(f"{scenario_of(type(user))}: {type(user).__name__}: {described(exception)}")

    def note_end(self, frame: FrameType | None) -> None:
        """The code of `frame` ended the load; None is a greenlet's that was started with `runner.quit` itself."""
        self._counts[f"{_ENDED}{own_place(frame)}"] += 1

    def on_user_error(self, user_instance: Any, exception: BaseException, tb: Any, **_: Any) -> None:
        """A listener of Locust's `user_error`."""
        if COUNTED in getattr(exception, "__notes__", ()):
            return  # it is in the ledger as the failure of a request
        self.note_user(user_instance, exception)

    def counts(self) -> Mapping[str, int]:
        """By text, in the order in which they are told."""
        return dict(sorted(self._counts.items(), key=lambda error: not error[0].startswith(_ENDED)))
