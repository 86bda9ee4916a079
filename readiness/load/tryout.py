"""The child that runs every task once with one user, and tells of each exchange; run by start.py with EVENTS_FD.

What it tells is one JSON object a line: `{"begin": name}`, `{"exchange": …}`, `{"error": …}`, `{"fatal": …}`, `{"done":
tasks}`. Nothing here is measured or judged; the parent hides secrets.
"""

from __future__ import annotations

from readiness.load.lean_locust import locust  # isort: skip  # must be the first import of the process
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gevent
from locust import TaskSet
from locust.env import Environment
from locust.exception import InterruptTaskSet, RescheduleTask, StopTest, StopUser

from readiness.config import tls
from readiness.load import children, csv_rows, extraction
from readiness.load.addresses import Addresses
from readiness.load.code_places import place_of, told
from readiness.load.connections import allow_only
from readiness.load.context import EngineContext
from readiness.load.engine_plan import EnginePlan, loads
from readiness.load.http.failures import COUNTED
from readiness.load.http.resends import Resends
from readiness.load.life.environment import LoadEnvironment, selected
from readiness.load.life.host import give_host
from readiness.load.life.options import parsed
from readiness.load.locust_clients.clients import StockClients
from readiness.load.locust_clients.patches import improve
from readiness.load.locust_events import Listener, ToldRequests, listen
from readiness.load.locustfiles import ScenarioError, class_name, load_classes
from readiness.load.parent import read_line, watch_parent
from readiness.load.recorder import Recorder
from readiness.load.writes import WriteLog

TASK_S = 60.0
"""How long one task may take, think times of its own included."""
MOST_EXCHANGES = 20
"""Of one task that are shown; the others are counted."""
_BODY_CHARS = 2000
Send = Callable[[dict[str, Any]], None]
_STEERS = (InterruptTaskSet, RescheduleTask, StopUser, StopTest)


class Tryout:
    """One user of each class; each of its tasks once."""

    def __init__(self, plan: EnginePlan, send: Send, only: str | None) -> None:
        self._plan = plan
        self._send = send
        self._only = only
        self._recorder = Recorder()
        self._addresses = Addresses(plan.base_url, plan.addresses)
        self._resends = Resends()
        self._stock = StockClients(self._recorder, plan.timeout_s, plan.base_url, self._addresses, self._resends)
        self._listener = Listener(self._stock, ToldRequests(self._recorder, self._addresses, plan.allowed_addresses))
        self._extracted: list[tuple[str, str]] = []
        """Of an answer that a with block still checks."""
        self._shown = 0
        self._ran = 0

    def run(self) -> None:
        """Tell of everything, the end included."""
        allow_only(self._addresses, self._plan.allowed_addresses)
        tls.use(self._plan.tls)
        csv_rows.hand_out(0, 1)
        csv_rows.listen(lambda file, row: self._send({"row": row, "file": file}))
        extraction.listen(self._on_extracted)
        try:
            classes = load_classes(self._plan.scenarios)
            self._options = parsed(self._plan)
            classes = selected(classes, self._options)
            environment = self._environment(classes)
        except ScenarioError as error:
            self._send({"fatal": str(error)})
            return
        names: list[str] = []
        for cls in classes:
            greenlet = gevent.Greenlet(self._user, cls, environment, names)
            greenlet.start()
            greenlet.join()
        self._send({"done": self._ran, "names": names})

    def _environment(self, classes: list[type[Any]]) -> Environment:
        improve(self._resends)
        self._stock.watch()
        self._stock.untold = self._on_request
        for cls in classes:
            cls.host = self._plan.base_url
            if issubclass(cls, locust.FastHttpUser) and "insecure" not in vars(cls):
                cls.insecure = False
                cls.ssl_context_factory = cls.ssl_context_factory or staticmethod(tls.target_context)
        environment = LoadEnvironment(user_classes=classes, events=locust.events, host=self._plan.base_url)
        environment.parsed_options = self._options
        environment.readiness = EngineContext(
            self._plan, self._recorder, WriteLog(self._plan.run_id), self._addresses, self._resends
        )
        runner = environment.create_local_runner()
        runner.quit = runner.stop = lambda: None  # type: ignore[method-assign]  # the tryout ends by itself
        listen(environment.events.request, self._listener)
        environment.events.request.add_listener(self._on_request)
        environment.events.init.fire(environment=environment, runner=runner, web_ui=None)
        environment.events.test_start.fire(environment=environment)
        give_host(classes, environment, self._plan.base_url, self._addresses)
        return environment

    def _user(self, cls: type[Any], environment: Environment, names: list[str]) -> None:
        scenario = class_name(cls)
        try:
            user = cls(environment)
        except Exception as error:
            self._send({"begin": scenario})
            self._on_error(error)
            return
        found = list(_tasks(user, scenario))
        names += [name for name, _ in found]
        wanted = [one for one in found if self._only is None or _is(self._only, one[0])]
        if not wanted:
            return
        if type(user).on_start is not locust.User.on_start:
            self._call(f"{scenario}.on_start", lambda _: user.on_start(), user)
        prepared: dict[str, Any] = {}
        for name, chain in wanted:
            self._ran += 1
            self._call(name, partial(_run, chain=chain, prepared=prepared), user)
        for inside in prepared.values():
            self._call(f"{type(inside).__name__}.on_stop", partial(_stop, inside), user, quiet=True)
        self._call(f"{scenario}.on_stop", lambda _: user.on_stop(), user, quiet=True)

    def _call(self, name: str, work: Callable[[Any], object], user: Any, *, quiet: bool = False) -> None:
        """In a greenlet whose argument is the user, as Locust's are: rows and told requests read it there."""
        if not quiet:
            self._send({"begin": name})
        self._shown = 0

        def guarded(user: Any) -> None:
            try:
                with gevent.Timeout(TASK_S, TimeoutError(f"came to no end in {TASK_S:g} s")):
                    work(user)
            except _STEERS:
                pass  # a task may end so
            except Exception as error:
                self._on_error(error)

        greenlet = gevent.Greenlet(guarded, user)
        greenlet.start()
        greenlet.join()
        if self._shown > MOST_EXCHANGES:
            self._send({"more": self._shown - MOST_EXCHANGES})

    def _on_error(self, error: Exception) -> None:
        failed = COUNTED in getattr(error, "__notes__", ())
        place = place_of(error)
        where = f"{Path(place[0]).name}:{place[1]}: " if place else ""
        self._send({"error": f"{where}{told(error)}", "of_request": failed})

    def _on_extracted(self, response: Any, what: str, value: str) -> None:
        if getattr(response, "judged_by_scenario", False) or getattr(response, "_entered", False):
            self._extracted.append((what, value))
        else:  # the answer was told of already
            self._send({"extracted": [what, value]})

    def _on_request(self, **fields: Any) -> None:
        self._shown += 1
        response = fields.get("response")
        exception = fields.get("exception")
        exchange = {
            "method": str(fields.get("request_type", "")),
            "name": str(fields.get("name", "")),
            "url": str(getattr(response, "asked", "") or fields.get("url") or getattr(response, "url", "") or ""),
            "trail": _trail(response),
            "status": int(getattr(response, "status_code", 0) or 0),
            "ms": float(fields.get("response_time") or 0.0),
            "failure": None if exception is None else str(getattr(exception, "detail", "") or exception),
            "extracted": self._extracted,
        }
        self._extracted = []
        if self._shown <= MOST_EXCHANGES:
            exchange |= {"headers": _headers(response), **_body(response)}
        self._send({"exchange": exchange, "hidden": self._shown > MOST_EXCHANGES})


Chain = tuple[Any, ...]
"""A task of a user: a function, or TaskSet classes and then a function."""


def _tasks(user: Any, prefix: str) -> Iterator[tuple[str, Chain]]:
    """Every task once, whatever its weight, with the TaskSets around it."""
    for task in dict.fromkeys(user.tasks):
        yield from _chains(task, prefix)


def _chains(task: Any, prefix: str) -> Iterator[tuple[str, Chain]]:
    name = f"{prefix}.{getattr(task, '__name__', str(task))}"
    if isinstance(task, type) and issubclass(task, TaskSet):
        for inner in dict.fromkeys(task.tasks):
            for deeper, chain in _chains(inner, name):
                yield deeper, (task, *chain)
    else:
        yield name, (task,)


def _is(wanted: str, name: str) -> bool:
    return name == wanted or name.endswith(f".{wanted}") or name.partition(": ")[2] == wanted


def _stop(inside: Any, _: Any) -> None:
    inside.on_stop()


def _run(user: Any, chain: Chain, prepared: dict[str, Any]) -> None:
    """The task at the end of the chain, within its TaskSets, which are entered once."""
    owner = user
    for depth, step in enumerate(chain[:-1]):
        key = ".".join(str(one) for one in chain[: depth + 1])
        if key not in prepared:
            inside = step(owner)
            prepared[key] = inside
            inside.on_start()
        owner = prepared[key]
    task = chain[-1]
    if getattr(task, "__self__", None) is owner:
        task()
    else:
        task(owner)


def _trail(response: Any) -> str:
    """`302 → /login → `: the redirects before the answer, without queries."""
    try:
        hops = ((hop.status_code, urlsplit(hop.headers["location"]).path) for hop in getattr(response, "history", ()))
        return str(getattr(response, "trail", "")) or "".join(f"{status} → {place} → " for status, place in hops)
    except Exception:
        return ""


def _headers(response: Any) -> list[tuple[str, str]]:
    try:
        return [(str(name), str(value)) for name, value in (response.headers or {}).items()]
    except Exception:
        return []


def _body(response: Any) -> dict[str, Any]:
    try:
        content = response.content or b""
        start = content[: 4 * _BODY_CHARS]
        text = start.decode(str(getattr(response, "encoding", None) or "utf-8"), "replace")
        return {"size": len(content), "body": text[:_BODY_CHARS], "binary": b"\0" in start}
    except Exception:  # no answer came, or its body is damaged: the failure says so
        return {"size": 0, "body": "", "binary": False}


def main() -> None:
    """Leaves without waiting for threads of user code."""
    logging.disable(logging.CRITICAL)
    fd = int(sys.argv[1])

    def send(event: dict[str, Any]) -> None:
        data = json.dumps(event).encode() + b"\n"
        while data:
            data = data[os.write(fd, data) :]

    only = json.loads(read_line())["task"]
    plan = loads(read_line())
    gevent.spawn(watch_parent, lambda: children.end_and_exit(1), lambda: None)
    Tryout(plan, send, only).run()
    sys.stdout.flush()
    sys.stderr.flush()
    children.end_and_exit(0)
