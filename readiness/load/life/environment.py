"""Locust's Environment as files find it: whoever sets its exit code says that the test failed, and where."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import gevent
import locust
from locust.env import Environment
from locust.user.task import filter_tasks_by_tags

from readiness.load.code_places import mentioned, packages_that_hook
from readiness.load.context import EngineContext
from readiness.load.life import listeners
from readiness.load.life.endings import own_place
from readiness.load.life.statistics import LedgerStats
from readiness.load.locustfiles import ScenarioError

_QUIT_S = 5.0
"""How long listeners of Locust's last events may take."""
_LOADED_BEFORE = frozenset(sys.modules)
"""What the load generator itself needs: ten thousand objects, of which no file can have asked for Locust."""
_SHOWS_LENGTHS = ("content_length", "to_dict", "serialize", "StatsCSV", "get_html_report")
"""What a file names that reads how long answers were."""


class LoadEnvironment(Environment):
    """`exit_code_set` is None, or what a file set `process_exit_code` to, with its place."""

    exit_code_set: str | None = None
    host_set_at = ""
    """` (shop.py:9 in prepare)` where a file set `host`."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "process_exit_code":
            self.exit_code_set = f"{value!r}{own_place(sys._getframe().f_back)}" if value not in (None, 0) else None
        elif name == "host":
            self.host_set_at = own_place(sys._getframe().f_back)


def made(context: EngineContext, classes: list[type[Any]], options: Namespace, stats: LedgerStats) -> LoadEnvironment:
    """The environment of an engine, with Locust's global events, which files listen to."""
    plan = context.plan
    environment = LoadEnvironment(
        user_classes=classes,
        events=locust.events,
        host=plan.base_url,
        stop_timeout=plan.drain_s,
        parsed_options=options,
        locustfile=Path(plan.scenarios[0].path).name,
        parsed_locustfiles=[file.path for file in plan.scenarios],
    )
    hooked = packages_that_hook("locust", known=_LOADED_BEFORE)
    stats.kept = bool(hooked) or mentioned("stats")
    if stats.kept and any(mentioned(word, hooked) for word in _SHOWS_LENGTHS):
        stats.hear_lengths(environment.events.request)
    environment.stats = stats
    environment.readiness = context
    return environment


def selected(classes: list[type[Any]], options: Namespace) -> list[type[Any]]:
    """The classes that have tasks left after `--tags` and `--exclude-tags`. Raises ScenarioError when none has."""
    if not options.tags and not options.exclude_tags:
        return classes
    for cls in classes:
        filter_tasks_by_tags(cls, set(options.tags or ()) or None, set(options.exclude_tags or ()) or None)
    found = [cls for cls in classes if cls.tasks]
    if not found:
        asked = ", ".join([*(options.tags or ()), *(f"not {one}" for one in options.exclude_tags or ())])
        raise ScenarioError(f"--tags: no task has the tags that were asked for ({asked})")
    return found


def quit_locust(environment: LoadEnvironment) -> str | None:
    """Fire Locust's last events; a sentence when the file says that the test failed, or does not come to an end."""
    ended = False
    with gevent.Timeout(_QUIT_S, False):
        try:
            environment.events.quitting.fire(environment=environment, reverse=True)
            environment.events.quit.fire(exit_code=environment.process_exit_code or 0)
        except SystemExit as error:
            if error.code:
                return f"the locustfile: it says that the test failed: {listeners.described(error)}"
        ended = True
    if not ended:
        return f"the locustfile: its listeners of quitting or quit came to no end in {_QUIT_S:g} s"
    if environment.exit_code_set:
        return f"the locustfile: it says that the test failed: process_exit_code = {environment.exit_code_set}"
    return None
