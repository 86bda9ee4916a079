"""Choose, call, wait: what Locust's TaskSet.run does for the tasks of a User, without its cost for each task.

Same order of events, same exceptions, same states (tests/load/test_task_loop.py runs both side by side). One
difference: with no time to wait, a task that already gave way to others in a request goes on at once.
"""

from __future__ import annotations

import logging
import random
import traceback
from typing import Any

import gevent
from gevent import GreenletExit
from locust.exception import (
    InterruptTaskSet,
    RescheduleTask,
    RescheduleTaskImmediately,
    StopTest,
    StopUser,
)
from locust.user.task import (
    LOCUST_STATE_RUNNING,
    LOCUST_STATE_STOPPING,
    LOCUST_STATE_WAITING,
    DefaultTaskSet,
)

from readiness.load.extraction import Unfound
from readiness.load.http.poll import poll_of_this_hub

logger = logging.getLogger(__name__)


def run_user(user: Any) -> None:
    """What locust.User.run does, with the loop below."""
    user._state = LOCUST_STATE_RUNNING
    user._taskset_instance = DefaultTaskSet(user)
    try:
        try:
            user.on_start()
        except (StopUser, StopTest):
            raise
        except Unfound:
            pass  # a request of it failed, and is counted; the tasks are tried all the same
        except Exception as error:
            logger.error("%s\n%s", error, traceback.format_exc())
            user.environment.events.user_error.fire(user_instance=user, exception=error, tb=error.__traceback__)
            raise
        run_tasks(user)
    except (GreenletExit, StopUser, StopTest):
        user.on_stop()


def run_tasks(user: Any) -> None:
    """Run the user's tasks until one of Locust's exceptions ends the user; it comes out of here as Locust raises it."""
    poll = poll_of_this_hub()
    while True:
        try:
            if user._state == LOCUST_STATE_STOPPING:
                raise StopUser
            rounds = poll.rounds
            try:
                tasks = user.tasks
                task = tasks[0] if len(tasks) == 1 else _chosen(user)
                if isinstance(task, type):
                    task(user).run()  # a TaskSet, with Locust's own machinery
                else:
                    task(user)
            except RescheduleTaskImmediately:
                continue
            except RescheduleTask:
                pass
            if user._state == LOCUST_STATE_STOPPING:
                raise StopUser
            user._state = LOCUST_STATE_WAITING
            wait_time = user.wait_time
            seconds = user._taskset_instance.wait_time() if wait_time is None else wait_time()
            if seconds or poll.rounds == rounds:  # one that never waits and never sends still lets the others run
                _sleep(user, seconds)
            user._state = LOCUST_STATE_RUNNING
        except InterruptTaskSet as interrupt:
            again = RescheduleTaskImmediately if interrupt.reschedule else RescheduleTask
            raise again(interrupt.reschedule) from interrupt
        except (StopUser, StopTest, GreenletExit):
            raise
        except Exception as error:
            environment = user.environment
            environment.events.user_error.fire(user_instance=user, exception=error, tb=error.__traceback__)
            if not environment.catch_exceptions:
                raise
            logger.error("%s\n%s", error, traceback.format_exc())
            if user._state == LOCUST_STATE_STOPPING:
                raise StopUser from error
            user._state = LOCUST_STATE_WAITING
            _sleep(user, user._taskset_instance.wait_time() if user.wait_time is None else user.wait_time())
            user._state = LOCUST_STATE_RUNNING


def _chosen(user: Any) -> Any:
    if user.tasks:
        return random.choice(user.tasks)
    return user._taskset_instance.get_next_task()  # says what is missing


def _sleep(user: Any, seconds: Any) -> None:
    """`gevent.sleep`, less deep: what lies on the stack of a user that waits is kept for each of them (0.8 kB)."""
    if seconds <= 0:
        gevent.sleep(0)
    else:
        hub: Any = gevent.get_hub()
        timer: Any = hub.loop.timer(seconds)
        try:
            hub.loop.update_now()
            timer.start(gevent.getcurrent().switch)
            hub.switch()
        finally:
            timer.close()
    if user._state == LOCUST_STATE_STOPPING:
        raise StopUser
