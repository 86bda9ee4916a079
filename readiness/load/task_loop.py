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
)

from readiness.load.http.poll import poll_of_this_hub

logger = logging.getLogger(__name__)


def run_tasks(user: Any) -> None:
    """Run the user's tasks until one of Locust's exceptions ends the user; it comes out of here as Locust raises it."""
    poll = poll_of_this_hub()
    while True:
        try:
            if user._state == LOCUST_STATE_STOPPING:
                raise StopUser
            switches = poll.switches
            try:
                _call(user)
            except RescheduleTaskImmediately:
                continue
            except RescheduleTask:
                pass
            _wait(user, gave_way=poll.switches != switches)
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
            _wait(user, gave_way=False)


def _call(user: Any) -> None:
    tasks = user.tasks
    if len(tasks) == 1:
        task = tasks[0]
    elif tasks:
        task = random.choice(tasks)
    else:
        task = user._taskset_instance.get_next_task()  # says what is missing
    if isinstance(task, type):
        task(user).run()  # a TaskSet, with Locust's own machinery
    else:
        task(user)


def _wait(user: Any, *, gave_way: bool) -> None:
    """Locust's TaskSet.wait. A user that never waits and never sends still lets the others run."""
    if user._state == LOCUST_STATE_STOPPING:
        raise StopUser
    user._state = LOCUST_STATE_WAITING
    wait_time = user.wait_time
    seconds = user._taskset_instance.wait_time() if wait_time is None else wait_time()
    if not gave_way or seconds != 0:
        gevent.sleep(seconds)
    if user._state == LOCUST_STATE_STOPPING:
        raise StopUser
    user._state = LOCUST_STATE_RUNNING
