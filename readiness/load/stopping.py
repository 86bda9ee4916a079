"""Locust's way to stop users, without killing them in the middle of a request, and without a pause for all of them.

Locust kills a user that waits between two tasks; but the kill takes its turn, and a user whose wait ends first is by
then in its next request. Without think time that is nearly everybody: those requests never ended, in whatever time.
"""

from __future__ import annotations

from typing import Any

import gevent
from gevent import GreenletExit
from locust import User
from locust.user.task import LOCUST_STATE_RUNNING, LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING

TOGETHER = 50
"""Users that are told to stop before everybody else has a turn."""


def stop_user(user: Any, force: bool = False) -> bool:
    """As User.stop; True when nothing is waited for."""
    if force or user._state != LOCUST_STATE_WAITING:
        return bool(User.stop(user, force))
    gevent.get_hub().loop.run_callback(_end, user)
    return True


def stop_users(runner: Any) -> None:
    """As Runner.stop_users for all users, who have `environment.stop_timeout` (s) for what they are doing.

    Locust makes greenlets and links for every user in one go, which with a thousand users delays the answers to the
    last requests of the load.
    """
    for place, greenlet in enumerate(list(runner.user_greenlets)):
        user = greenlet.args[0] if greenlet.args else None
        if user is None or user._state == LOCUST_STATE_STOPPING:
            continue
        if type(user).stop is stop_user and user._state is not None:
            user.stop()
        else:  # its own way may wait
            gevent.spawn(user.stop)
        if place % TOGETHER == TOGETHER - 1:
            gevent.sleep(0)
    if not runner.user_greenlets.join(timeout=runner.environment.stop_timeout):
        runner.user_greenlets.kill()


def _end(user: Any) -> None:
    """In the hub, where nothing else runs: a user that waits now cannot be further before it hears of it."""
    if user._state == LOCUST_STATE_WAITING:
        user.greenlet.throw(GreenletExit)
    elif user._state == LOCUST_STATE_RUNNING:
        user._state = LOCUST_STATE_STOPPING
