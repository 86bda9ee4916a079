"""Locust's User.stop, without killing users in the middle of a request.

Locust kills a user that waits between two tasks; but the kill takes its turn, and a user whose wait ends first is by
then in its next request. Without think time that is nearly everybody: those requests never ended, in whatever time.
"""

from __future__ import annotations

from typing import Any

import gevent
from gevent import GreenletExit
from locust import User
from locust.user.task import LOCUST_STATE_RUNNING, LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING


def stop_user(user: Any, force: bool = False) -> bool:
    """As User.stop; True when nothing is waited for."""
    if force or user._state != LOCUST_STATE_WAITING:
        return bool(User.stop(user, force))
    gevent.get_hub().loop.run_callback(_end, user)
    return True


def _end(user: Any) -> None:
    """In the hub, where nothing else runs: a user that waits now cannot be further before it hears of it."""
    if user._state == LOCUST_STATE_WAITING:
        user.greenlet.throw(GreenletExit)
    elif user._state == LOCUST_STATE_RUNNING:
        user._state = LOCUST_STATE_STOPPING
