"""One worker, run by start.py; its settings as one line of JSON on standard input.

It greets the master, tells its name, its version and the hashes of its scenario files, gets its shard of the plan,
loads the scenarios, waits for the word to go, and drives the shard with the same engine as a single process would.
Standard input stays open while whoever started it lives.
"""

from __future__ import annotations

import locust  # isort: skip  # noqa: F401 - must be the first import of the process
import logging
import os
import socket
import sys
from dataclasses import replace
from typing import Any

import gevent
import gevent.event
from locust.env import Environment
from locust.event import Events
from locust.exception import RPCError

from readiness.load import children, engine_events
from readiness.load.calibration import early_copy
from readiness.load.engine import Engine
from readiness.load.engine_plan import EnginePlan, ScenarioFile
from readiness.load.engine_plan import loads as read_plan
from readiness.load.locustfiles import sha256
from readiness.load.parent import read_line, watch_parent
from readiness.load.workers import hosts, messages
from readiness.load.workers.curve_sockets import install_client
from readiness.load.workers.settings import WorkerSettings, read_worker

CONNECT_S = 30.0
LEAVE_S = 30.0
"""After its end marker a worker waits this long for the master's word that it arrived."""
_SILENT_S = 20
"""The master answers a heartbeat every second; one that says nothing for so long hangs, or is gone."""
NO_MASTER, SENT_AWAY, REFUSED = 3, 1, 5
"""Exit codes: nobody answered with our token, or no more; the master did not want us; the plan is not for this machine.
"""


class _NotWanted(Exception):
    """Sent away before the load began."""


class Worker:
    """From the greeting to the master's farewell."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._plan: gevent.event.AsyncResult[str] = gevent.event.AsyncResult()
        self._go = gevent.event.Event()
        self._left: gevent.event.AsyncResult[str] = gevent.event.AsyncResult()
        """Why this worker is not needed any more; empty when all is well."""
        self.status = SENT_AWAY
        """The exit code if there is a reason."""
        self._refused = ""
        self._engine: Engine | None = None
        self._copy = early_copy()  # before the connection: see readiness/load/calibration.py
        gevent.spawn(watch_parent, self.stop, self._end_in_order)  # also while no master answers
        install_client(settings.token, CONNECT_S)
        environment = Environment(user_classes=[], events=Events())
        self._runner = environment.create_worker_runner(settings.host, settings.port)
        for kind in messages.FROM_MASTER:
            self._runner.register_message(kind, self._on_message)
        self._say(
            messages.JOINED,
            {
                "name": f"{socket.gethostname()}:{os.getpid()}",
                "version": messages.own_version(),
                "scenarios": {name: sha256(path) for name, path in settings.scenarios.items()},
            },
        )

    def run(self) -> str:
        """Drive the shard; why it came to nothing, empty when all is well."""
        gevent.spawn(self._watch_master)
        gevent.wait([self._plan, self._left], count=1)
        if self._plan.ready():
            self._drive()
        try:
            said = str(self._left.get(timeout=LEAVE_S))
        except gevent.Timeout:
            self.status, said = NO_MASTER, "the master did not confirm the end of the load"
        return self._refused or said

    def _drive(self) -> None:
        try:
            plan = self._own_paths(read_plan(self._plan.get()))
        except Exception as error:  # the master would wait, and not know for what
            self._refused = f"the master's plan cannot be read: {type(error).__name__}: {error}"
            self._send(engine_events.Fatal(self._refused, usage=False))
            return
        allowed = self._settings.hosts
        if allowed is not None and (refused := hosts.refusal(plan, allowed, self._settings.host)):
            self._refused, self.status = refused, REFUSED
            self._send(engine_events.Fatal(f"refused: {refused}", usage=False))
            return
        self._engine = Engine(plan, self._send, self._wait_for_go, self._copy)
        try:
            self._engine.run()
        except _NotWanted:
            return
        except Exception as error:
            text = f"the load generator failed: {type(error).__name__}: {error}"
            self._send(engine_events.Fatal(text, usage=False))

    def stop(self) -> None:
        """End the load early, or do not begin it."""
        if not self._go.is_set():
            self._leave("stopped before the load began")  # also ends the wait for the word to go
        elif self._engine is not None:
            self._engine.stop()

    def _end_in_order(self) -> None:
        if self._engine is not None:
            self._engine.end_in_order()

    def _wait_for_go(self) -> None:
        gevent.wait([self._go, self._left], count=1)
        if not self._go.is_set():
            raise _NotWanted

    def _watch_master(self) -> None:
        """Give up on a master that went silent. Ticks are counted, not time: a pause of our own is not the master's."""
        client: Any = self._runner.client
        silent, heard = 0, client.heard
        while silent < _SILENT_S:
            gevent.sleep(1.0)
            silent = silent + 1 if client.heard == heard else 0
            heard = client.heard
        if not self._left.ready():
            self.status = NO_MASTER
            self._leave(f"the master said nothing for {_SILENT_S} s: the load was ended")
        self.stop()

    def _leave(self, why: str) -> None:
        """The first reason counts."""
        if not self._left.ready():
            self._left.set(why)

    def _send(self, event: engine_events.Event) -> None:
        self._say(messages.EVENT, {"line": engine_events.dumps(event)})

    def _say(self, kind: str, data: dict[str, Any]) -> None:
        self._runner.send_message(kind, data)

    def _on_message(self, msg: Any, **_: Any) -> None:
        match msg.type:
            case messages.PLAN:
                self._plan.set(str(msg.data["plan"]))
            case messages.GO:
                self._go.set()
            case messages.STOP:
                self.stop()
            case messages.ENOUGH:
                self._end_in_order()
            case messages.LEAVE:
                began = "" if self._go.is_set() else "the master ended the load before it began"
                self._leave(str(msg.data["why"]) or began)
            case _:
                pass

    def _own_paths(self, plan: EnginePlan) -> EnginePlan:
        """The master's paths mean nothing here; the files were compared by their hashes."""
        here = self._settings.scenarios
        return replace(
            plan, scenarios=tuple(ScenarioFile(file.name, here[file.name], file.weight) for file in plan.scenarios)
        )


def main() -> None:
    """Leaves without waiting for threads of user code; what it has to say stands on standard error."""
    logging.disable(logging.CRITICAL)  # every failure is in the ledger; a line each would slow the load
    try:
        worker = Worker(read_worker(read_line()))
    except (RPCError, ConnectionError) as error:
        sys.stderr.write(f"readiness worker: {error}\n")
        sys.stderr.flush()
        os._exit(NO_MASTER)
    status = 0
    try:
        if said := worker.run():
            sys.stderr.write(f"readiness worker: {said}\n")
            status = worker.status
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    children.end_and_exit(status)
