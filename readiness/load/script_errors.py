"""What scenario code did wrong in a load: counted by text, each with its place in the file."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from types import FrameType
from typing import Any

from locust import TaskSet

from readiness.load.http.failures import COUNTED
from readiness.load.life.endings import own_place
from readiness.load.life.listeners import STEERS, described
from readiness.load.locustfiles import scenario_of
from readiness.text import clean

logger = logging.getLogger(__name__)

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

    def watch(self, cls: Any) -> None:
        """What users of this class raise while they are made, and while they end: Locust tells nobody of either."""
        make, end = cls.__init__, cls.on_stop

        def made(user: Any, *args: Any, **kwargs: Any) -> None:
            try:
                make(user, *args, **kwargs)
            except Exception as error:
                if type(user) is cls:
                    self.note_user(user, error)
                raise

        def on_stop(user: Any) -> None:
            try:
                end(user)
            except Exception as error:
                if type(user) is not cls:
                    raise  # through the on_stop of a class that is made of this one
                logger.error("%s\n%s", error, traceback.format_exc())
                self._at_end(user, error)

        cls.__init__, cls.on_stop = made, on_stop

    def watch_task_sets(self) -> None:
        """What their on_stop raises; Locust logs it and goes on."""
        changed: Any = TaskSet
        original = changed.run

        def run(tasks: Any) -> None:
            if type(tasks).on_stop is not TaskSet.on_stop:
                tasks.on_stop = partial(self._end, tasks, tasks.on_stop)
            original(tasks)

        changed.run = run

    def _end(self, tasks: Any, on_stop: Callable[[], object]) -> None:
        try:
            on_stop()
        except Exception as error:
            self._at_end(tasks, error)
            raise

    def _at_end(self, user_instance: Any, error: Exception) -> None:
        if not isinstance(error, STEERS):
            self.on_user_error(user_instance, error, None)

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
