"""One worker, run by start.py; its settings as one line of JSON on standard input.

It greets the master, tells its name and the hashes of its scenario files, gets its shard of the plan, loads the
scenarios, waits for the word to go, and drives the shard with the same engine as a single process would. Standard
input stays open while whoever started it lives.
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

from readiness import __version__
from readiness.load import wire
from readiness.load.calibration import early_copy
from readiness.load.engine import Engine
from readiness.load.locustfiles import sha256
from readiness.load.parent import read_line, watch_parent
from readiness.load.plan import EnginePlan, ScenarioFile
from readiness.load.plan import loads as read_plan
from readiness.load.workers import messages
from readiness.load.workers.seal import key_of
from readiness.load.workers.settings import WorkerSettings, read_worker
from readiness.load.workers.sockets import install_client

CONNECT_S = 30.0
LEAVE_S = 30.0
"""After its end marker a worker waits this long for the master's word that it arrived."""
NO_MASTER, SENT_AWAY = 3, 1
"""Exit codes: nobody answered with our token; the master did not want us."""


class Worker:
    """From the greeting to the master's farewell."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._plan: gevent.event.AsyncResult[str] = gevent.event.AsyncResult()
        self._go = gevent.event.Event()
        self._left: gevent.event.AsyncResult[str] = gevent.event.AsyncResult()
        self._engine: Engine | None = None
        self._copy = early_copy()  # before the connection: see readiness/load/calibration.py
        gevent.spawn(watch_parent, self.stop, self._end_in_order)  # also while no master answers
        install_client(key_of(settings.token), CONNECT_S)
        environment = Environment(user_classes=[], events=Events())
        self._runner = environment.create_worker_runner(settings.host, settings.port)
        for kind in messages.FROM_MASTER:
            self._runner.register_message(kind, self._on_message)
        self._say(
            messages.JOINED,
            {
                "name": f"{socket.gethostname()}:{os.getpid()}",
                "version": __version__,
                "scenarios": {name: sha256(path) for name, path in settings.scenarios.items()},
            },
        )

    def run(self) -> str:
        """Drive the shard; the master's last word, empty when all is well."""
        gevent.wait([self._plan, self._left], count=1)
        if self._plan.ready():
            plan = self._own_paths(read_plan(self._plan.get()))
            self._engine = Engine(plan, self._send, self._wait_for_go, self._copy)
            try:
                self._engine.run()
            except Exception as error:
                text = f"the load engine failed: {type(error).__name__}: {error}"
                self._send(wire.Fatal(text, usage=False))
        return str(self._left.get(timeout=LEAVE_S))

    def stop(self) -> None:
        """End the load early, or do not begin it."""
        if not self._go.is_set():
            self._left.set("stopped before the load began")
        elif self._engine is not None:
            self._engine.stop()

    def _end_in_order(self) -> None:
        if self._engine is not None:
            self._engine.end_in_order()

    def _wait_for_go(self) -> None:
        gevent.wait([self._go, self._left], count=1)
        if not self._go.is_set():
            raise SystemExit(0)  # sent away before it began

    def _send(self, event: wire.Event) -> None:
        self._say(messages.EVENT, {"line": wire.dumps(event)})

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
                self._left.set(str(msg.data["why"]))
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
            status = SENT_AWAY
    except gevent.Timeout:
        sys.stderr.write("readiness worker: the master did not confirm the end of the load\n")
        status = NO_MASTER
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)
