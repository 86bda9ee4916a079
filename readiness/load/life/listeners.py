"""Listeners of Locust's events that raise: Locust goes on and ends with 2; here they are a doubt with their place."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
import locust
from locust.event import EventHook
from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser

from readiness.load.code_places import place_of, told
from readiness.load.life.endings import NotHere

STEERS = (StopUser, StopTest, RescheduleTask, RescheduleTaskImmediately, InterruptTaskSet)
"""With these a listener of `request`, or an on_stop, may steer the user."""


def watch(note: Callable[[str], object], end: Callable[[], object]) -> None:
    """From now on `note` gets `the locustfile: a listener raised: shop.py:9 in prepare: …` for each that raises.

    `end` ends the load, for one that ends the program (`sys.exit`).
    """

    def fire(event: EventHook, *, reverse: bool = False, **fields: Any) -> None:
        for handler in event._handlers[::-1] if reverse else list(event._handlers):
            try:
                handler(**fields)
            except STEERS:
                raise
            except SystemExit as error:
                if event in (locust.events.quitting, locust.events.quit):
                    raise  # the load is over: this is how the file says its own exit code
                note(_ended(error))
                end()
            except Exception as error:
                logging.error("Uncaught exception in event handler: \n%s", traceback.format_exc())
                note(f"the locustfile: a listener raised: {_where(handler, error)}{described(error)}")

    changed: Any = EventHook
    changed.fire = fire


def watch_greenlets(note: Callable[[str], object], end: Callable[[], object]) -> None:
    """The same for greenlets that a file starts itself; gevent only prints what ends them.

    One that ends the program, also a user's, ends the load.
    """
    hub: Any = gevent.get_hub()
    original = hub.handle_error

    def handle_error(context: Any, kind: Any, value: Any, trace: Any) -> None:
        if isinstance(value, SystemExit):
            note(_ended(value.with_traceback(trace)))
            end()
            return
        ours = not isinstance(value, Exception) or isinstance(value, STEERS) or _is_user(context)
        if not ours and (isinstance(value, NotHere) or place_of(value.with_traceback(trace)) is not None):
            note(f"the locustfile: a greenlet of its own raised: {described(value)}")
        original(context, kind, value, trace)

    hub.handle_error = handle_error


def _where(handler: Any, error: BaseException) -> str:
    """The listener's own place, where it could not even be called."""
    code = getattr(handler, "__code__", None)
    if code is None or place_of(error) is not None:
        return ""
    return f"{Path(code.co_filename).name}:{code.co_firstlineno} {code.co_name}: "


def described(error: BaseException) -> str:
    """`shop.py:9 in prepare: RuntimeError: …`."""
    place = place_of(error)
    where = f"{Path(place[0]).name}:{place[1]} in {place[2]}: " if place else ""
    return f"{where}{told(error)}"


def _ended(error: SystemExit) -> str:
    return f"the locustfile: it ended the program, and with it the load: {described(error)}"


def _is_user(context: Any) -> bool:
    """A user's greenlet: what it raises comes with Locust's `user_error`."""
    return any(hasattr(one, "environment") for one in getattr(context, "args", ()))
