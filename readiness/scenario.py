"""`from readiness.scenario import User`: a Locust user whose `client` is ours.

For scenario files only: importing this imports Locust, which replaces `socket` for the whole process.
A file that uses it runs under `readiness run` and under plain `locust -f` alike.
"""

from __future__ import annotations

import time
import uuid
from contextlib import AbstractContextManager
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import locust
from locust import between, constant, constant_pacing, constant_throughput, tag, task
from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser

from readiness.load.csv_rows import rows
from readiness.load.extraction import form_value, header_value, json_value, meta_value
from readiness.load.form_log_in import form_log_in
from readiness.load.http.client import Client
from readiness.load.locust_events import listened_to
from readiness.load.log_in import log_in
from readiness.load.task_loop import run_user
from readiness.load.ticket import Ticket
from readiness.load.writes import WriteLog

if TYPE_CHECKING:
    from locust.env import Environment

__all__ = [
    "User",
    "between",
    "constant",
    "constant_pacing",
    "constant_throughput",
    "form_log_in",
    "form_value",
    "header_value",
    "json_value",
    "log_in",
    "meta_value",
    "rows",
    "tag",
    "task",
]

_TIMEOUT_S = 30.0
"""Total time for one request under plain `locust -f`, where no plan sets it."""

_accounts = count()
_RUN_ID = f"locust-{uuid.uuid4()}"
_WRITES = WriteLog(_RUN_ID)
"""Under plain `locust -f`: keys are given, and nobody asks for them later."""
"""Under plain `locust -f`: the process is the run."""
_CONTROL_FLOW = (StopUser, StopTest, RescheduleTask, RescheduleTaskImmediately, InterruptTaskSet)
"""Exceptions by which a scenario steers its user; they say nothing of the response."""


class _Unrecorded:
    """Under plain `locust -f` nothing of ours counts: Locust's own `request` event does."""

    def enter(self, call: Ticket) -> None:
        """Nothing to keep."""

    def end(self, call: Ticket, end_s: float, failure: str | None = None, detail: str = "") -> None:
        """Nothing to keep."""

    def answer(self, call: Ticket, end_s: float, failure: str | None = None, detail: str = "") -> None:
        """Nothing to keep."""

    def heard(self, call: Ticket, at_s: float) -> None:
        """Nothing to keep."""


class User(locust.User):
    """A Locust user with `self.client`, `self.account_number`, unique to it, and `self.run_id`.

    docs/reference/scenarios.md explains all three.
    """

    abstract = True

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        context: Any = getattr(environment, "readiness", None)
        host = str(self.host or environment.host or "")
        scenario = str(getattr(type(self), "readiness_scenario", type(self).__name__))
        self.started_s = time.perf_counter()
        if context is None:
            self.account_number = next(_accounts)
            self.run_id = _RUN_ID
            self._writes = _WRITES
            if not host:
                raise locust.exception.LocustError("no host: give --host http://… on the command line")
            self.client = Client(
                host,
                scenario=scenario,
                recorder=_Unrecorded(),
                addresses=(urlsplit(host).hostname or "",),
                timeout_s=_TIMEOUT_S,
                connect_timeout_s=_TIMEOUT_S,
                on_request=environment.events.request.fire,
                control_flow=_CONTROL_FLOW,
            )
            return
        self.account_number = next(context.accounts)
        self.run_id = str(context.plan.run_id)
        self._writes = context.writes
        self.client = Client(
            context.plan.base_url,
            scenario=scenario,
            recorder=context.recorder,
            addresses=context.addresses,
            resends=context.resends,
            traced=context.traced,
            timeout_s=context.plan.timeout_s,
            connect_timeout_s=min(context.plan.timeout_s, 10.0),
            on_request=environment.events.request.fire if listened_to(environment) else None,
            control_flow=_CONTROL_FLOW,
        )

    def write_key(self, *, as_uuid: bool = False) -> str:
        """A key of its own for the next write, to be sent as its idempotency key (docs/reference/scenarios.md)."""
        return self._writes.next_key(self.account_number, as_uuid=as_uuid)

    def acknowledged(self, key: str) -> None:
        """Tell that the service said it has the write with this key: after the load its row must be there, once."""
        self._writes.acknowledge(key)

    def measure(self, request_type: str, name: str) -> AbstractContextManager[dict[str, Any]]:
        """Put the work of a with block into the ledger as one request, also while it hangs, such as a call of gRPC.

        An exception in the block makes it a failure, and goes no further; so does an exception put into the dictionary
        under `exception`. Other users have the same as `self.environment.events.request.measure`.
        """
        measured: AbstractContextManager[dict[str, Any]] = self.environment.events.request.measure(request_type, name)
        return measured

    def run(self) -> None:  # type: ignore[misc]  # final in Locust; what it promises is kept
        """What Locust's own does, with a leaner loop."""
        run_user(self)
