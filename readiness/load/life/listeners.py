"""Listeners of Locust's events that raise: Locust goes on and ends with 2; here they are a doubt with their place."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
from locust.event import EventHook
from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser

from readiness.load.code_places import place_of, told

_STEERS = (StopUser, StopTest, RescheduleTask, RescheduleTaskImmediately, InterruptTaskSet)
"""A listener of `request` may steer the user with these."""


def watch(note: Callable[[str], object]) -> None:
    """From now on `note` gets `the locustfile: a listener raised: shop.py:9 in prepare: …` for each that raises."""

    def fire(event: EventHook, *, reverse: bool = False, **fields: Any) -> None:
        for handler in event._handlers[::-1] if reverse else list(event._handlers):
            try:
                handler(**fields)
            except _STEERS:
                raise
            except Exception as error:
                logging.error("Uncaught exception in event handler: \n%s", traceback.format_exc())
                note(f"the locustfile: a listener raised: {_where(handler, error)}{described(error)}")

    changed: Any = EventHook
    changed.fire = fire


def watch_greenlets(note: Callable[[str], object]) -> None:
    """The same for greenlets that a file starts itself; gevent only prints what ends them."""
    hub: Any = gevent.get_hub()
    original = hub.handle_error

    def handle_error(context: Any, kind: Any, value: Any, trace: Any) -> None:
        ours = not isinstance(value, Exception) or isinstance(value, _STEERS) or _is_user(context)
        if not ours and place_of(value.with_traceback(trace)) is not None:
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


def _is_user(context: Any) -> bool:
    """A user's greenlet: what it raises comes with Locust's `user_error`."""
    return any(hasattr(one, "environment") for one in getattr(context, "args", ()))
