"""The master child, run by start.py with EVENTS_FD; settings, then plan, on standard input.

To the parent it is an engine like any other: one stream of numbered batches, one end marker. Locust's master brings
connections, heartbeats and messages (encrypted: readiness/load/workers/curve_sockets.py). The plan is cut into shards;
each worker drives its own by its own clock from the moment the master says go; the numbers are added up in `Merger`.
A worker that is lost, hangs or contradicts itself ends the load: what was measured is kept, and said to be incomplete.
"""

from __future__ import annotations

import locust  # isort: skip  # noqa: F401 - must be the first import of the process
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import gevent
import gevent.queue
from locust.env import Environment
from locust.event import Events
from locust.runners import STATE_MISSING

from readiness.load import engine_events
from readiness.load.engine_plan import EnginePlan
from readiness.load.engine_plan import dumps as plan_text
from readiness.load.engine_plan import loads as read_plan
from readiness.load.locustfiles import sha256
from readiness.load.parent import EventPipe, read_line, watch_parent
from readiness.load.request_rows import RequestRows
from readiness.load.workers import messages
from readiness.load.workers.curve_sockets import flush, install_server, limit_connections
from readiness.load.workers.envelope import Gap, Rejected
from readiness.load.workers.local import LocalWorkers
from readiness.load.workers.merger import Contradiction, Merger
from readiness.load.workers.settings import Workers, WorkerSettings, read_master
from readiness.text import clean

_POLL_S = 0.1
BEHIND_S = 5.0
"""Batches come every second; a master this far behind cannot keep up with its workers."""
_SILENT_S = 6.0
"""Batches come every second; a worker that connects but sends none for so long hangs."""
FAREWELL_S = 3.0
"""After a loss the other workers get this long to hand in what they have."""
MAX_REJECTED = 20
"""Distinct reasons for dropped messages that are told."""


class Lost(Exception):
    """The load cannot go on as planned; the text says which worker and why."""


class UnusableMessage(Exception):
    """A scenario file is wrong; nothing was sent."""

    def __init__(self, event: engine_events.Fatal) -> None:
        super().__init__(event.message)
        self.event = event


@dataclass(slots=True)
class Member:
    """A worker of this load."""

    index: int
    client_id: str
    name: str
    """For people: host and process."""
    heard_s: float
    """When its last event came."""


class Master:
    """One load over several workers."""

    def __init__(self, workers: Workers, plan: EnginePlan, pipe: EventPipe) -> None:
        self._workers = workers
        self._plan = plan
        self._pipe = pipe
        self._members: dict[str, Member] = {}
        self._merger = Merger(())
        self._notes: dict[str, int] = {}
        self._inbox: gevent.queue.Queue[Any] = gevent.queue.Queue()
        self._problems: list[str] = []
        self._end: engine_events.Done | None = None
        self._began_s = 0.0
        self._behind_s = 0.0
        """The longest time that the merged numbers were behind the load."""
        self._hashes = {file.name: sha256(file.path) for file in plan.scenarios}
        install_server(workers.token, plan.run_id, self._on_rejected)
        environment = Environment(user_classes=[], events=Events())
        self._runner = environment.create_master_runner(workers.host, workers.port)
        for kind in messages.FROM_WORKER:
            self._runner.register_message(kind, self._on_message)
        self._local = LocalWorkers(
            workers.local,
            WorkerSettings(
                "127.0.0.1" if workers.host in ("0.0.0.0", "*") else workers.host,
                self._runner.server.port,
                workers.token,
                {file.name: file.path for file in plan.scenarios},
            ),
        )
        limit_connections(workers.total)

    def run(self) -> None:
        """From the first connection to the end marker, which is sent last: after it the parent ends this process."""
        try:
            last = self._load()
            self._tell_notes()
        finally:
            self._broadcast(messages.LEAVE, {"why": ""})
            self._runner.greenlet.kill(block=False)
            flush(self._runner.server)
            self._local.end()
        self._pipe.send(last)

    def _load(self) -> engine_events.Event:
        try:
            self._gather()
            return self._follow()
        except UnusableMessage as unusable:
            return unusable.event
        except (Lost, Contradiction) as problem:
            self._wind_up()
            return engine_events.Fatal(clean(problem), usage=False)

    def stop(self) -> None:
        """The parent wants its numbers now."""
        self._broadcast(messages.STOP)

    def end_in_order(self) -> None:
        """The parent has seen enough: the load ends as if its time were over."""
        self._broadcast(messages.ENOUGH)

    def _gather(self) -> None:
        """Until every worker is there and ready, then tell them to go. Raises Lost or Unusable."""
        deadline_s = time.monotonic() + self._workers.wait_s
        while len(self._members) < self._workers.total:
            self._check_time(deadline_s, "connected")
            for msg in self._messages():
                if msg.type == messages.JOINED:
                    self._join(msg)
        members = sorted(self._members.values(), key=lambda member: member.index)
        self._merger = Merger([member.name for member in members])
        for member in members:
            shard = replace(self._plan, shard=member.index, shards=len(members))
            self._say(member, messages.PLAN, {"plan": plan_text(shard)})
        while not self._merger.greeted:
            self._check_time(deadline_s, "ready")
            self._take_messages()
        now_s = time.monotonic()
        for member in members:
            member.heard_s = now_s
        self._began_s = time.monotonic()
        self._broadcast(messages.GO)

    def _follow(self) -> engine_events.Done:
        while self._end is None:
            self._take_messages()
            self._check_alive()
        return self._end

    def _take_messages(self) -> None:
        for msg in self._messages():
            if msg.type == messages.JOINED:
                self._late(msg)
                continue
            member = self._members[msg.node_id]
            member.heard_s = time.monotonic()
            try:
                event = engine_events.loads(msg.data["line"])
            except (ValueError, KeyError, TypeError) as error:
                raise Contradiction(f"{member.name}: {clean(error)}") from error
            if isinstance(event, RequestRows):
                self._pipe.send(event)
                continue
            if isinstance(event, engine_events.Fatal):
                if event.usage:
                    raise UnusableMessage(event)
                raise Lost(f"worker {member.name}: {event.message}")
            self._pass_on(self._merger.feed(member.index, event))

    def _pass_on(self, events: list[engine_events.Event]) -> None:
        for event in events:
            if isinstance(event, engine_events.Done):
                self._end = event
                continue
            if isinstance(event, engine_events.Batch):
                self._behind_s = max(self._behind_s, time.monotonic() - self._began_s - event.at_s)
            self._pipe.send(event)

    def _join(self, msg: Any) -> None:
        joined = messages.joined(msg.data)
        own = messages.own_version()
        if joined.version != own:
            self._note(f"worker {joined.name} was sent away: it is {joined.version}, the master {own}")
            self._leave(msg.node_id, f"you are {joined.version}, the master is {own}; install the same on both")
            return
        wrong = [stem for stem, digest in self._hashes.items() if joined.scenarios.get(stem) != digest]
        if wrong:
            self._note(f"worker {joined.name} was sent away: its {wrong[0]}.py is not the master's")
            self._leave(msg.node_id, f"your {wrong[0]}.py is not the master's; give --scenarios the same files")
            return
        if len(self._members) >= self._workers.total:
            self._late(msg)
            return
        self._members[msg.node_id] = Member(len(self._members), msg.node_id, joined.name, time.monotonic())

    def _late(self, msg: Any) -> None:
        self._note(f"worker {messages.joined(msg.data).name} was sent away: the load had all its workers")
        self._leave(msg.node_id, "the load has all its workers")

    def _messages(self) -> Iterator[Any]:
        """What came within _POLL_S, from workers that are known or want to be."""
        deadline_s = time.monotonic() + _POLL_S
        while (left_s := deadline_s - time.monotonic()) > 0:
            try:
                msg = self._inbox.get(timeout=left_s)
            except gevent.queue.Empty:
                return
            if msg.type == messages.JOINED or msg.node_id in self._members:
                yield msg

    def _check_time(self, deadline_s: float, what: str) -> None:
        self._check_problems()
        dead = self._local.dead()
        if dead:
            pid, status = next(iter(dead.items()))
            raise Lost(f"worker process {pid} ended before the load (exit code {status})")
        if time.monotonic() > deadline_s:
            there = len(self._members) if what == "connected" else self._merger.heard
            why = "".join(f"; {note}" for note in self._notes if " was sent away: " in note)
            raise Lost(
                f"{there} of {self._workers.total} workers were {what} within {self._workers.wait_s:g} s: "
                f"the load was not begun{why}"
            )

    def _check_alive(self) -> None:
        """Raises Lost for a worker that is gone or hangs before its end marker."""
        self._check_problems()
        now_s = time.monotonic()
        for member in self._members.values():
            if self._merger.streams[member.index].done is not None:
                continue
            node = self._runner.clients.get(member.client_id)
            if node is None:
                raise Lost(self._lost(member, "it left"))
            if node.state == STATE_MISSING:
                raise Lost(self._lost(member, "no heartbeat"))
            if now_s - member.heard_s > _SILENT_S:
                raise Lost(self._lost(member, f"no numbers for {_SILENT_S:g} s"))

    def _check_problems(self) -> None:
        if self._problems:
            raise Lost(self._problems[0])

    def _lost(self, member: Member, why: str) -> str:
        stream = self._merger.streams[member.index]
        users = sum(stream.hello.users.values()) if stream.hello else 0
        total = sum(sum(one.hello.users.values()) for one in self._merger.streams if one.hello)
        self._pass_on(self._merger.lose(member.index))
        part = 1 / self._workers.total if self._plan.rate_per_s is not None or not total else users / total
        return (
            f"worker {member.name} was lost ({why}) with {users} of {total} users, "
            f"{part:.0%} of the load: the load is not complete"
        )

    def _wind_up(self) -> None:
        """Collect what the other workers still have; faults are no news any more."""
        self.stop()
        deadline_s = time.monotonic() + FAREWELL_S
        while not all(stream.over for stream in self._merger.streams) and time.monotonic() < deadline_s:
            try:
                self._take_messages()
            except (Lost, UnusableMessage, Contradiction):
                continue

    def _on_message(self, msg: Any, **_: Any) -> None:
        self._inbox.put(msg)

    def _on_rejected(self, sender: str, why: Rejected) -> None:
        """A gap in the messages of one of ours is a loss; anything else is noise from outside, and told."""
        if isinstance(why, Gap) and sender in self._members:
            self._problems.append(f"worker {self._members[sender].name}: {why}: the load is not complete")
        self._note(f"a message to the master was dropped: {why}" if sender else str(why))

    def _note(self, text: str) -> None:
        if text in self._notes or len(self._notes) < MAX_REJECTED:
            self._notes[text] = self._notes.get(text, 0) + 1

    def _tell_notes(self) -> None:
        if self._behind_s > BEHIND_S:
            self._note(f"the master was up to {self._behind_s:.1f} s behind its workers: give it a core of its own")
        for text, count in self._notes.items():
            self._pipe.send(engine_events.Note(text if count == 1 else f"{text} ({count:,}×)"))

    def _say(self, member: Member, kind: str, data: dict[str, str] | None = None) -> None:
        self._runner.send_message(kind, data, client_id=member.client_id)

    def _leave(self, client_id: str, why: str) -> None:
        self._runner.send_message(messages.LEAVE, {"why": why}, client_id=client_id)

    def _broadcast(self, kind: str, data: dict[str, str] | None = None) -> None:
        for member in self._members.values():
            self._say(member, kind, data)


def main() -> None:
    """Run the master; its exit is the parent's to judge by the end marker."""
    pipe = EventPipe(int(sys.argv[1]))
    workers, plan = read_master(read_line()), read_plan(read_line())
    try:
        master = Master(workers, plan, pipe)
        gevent.spawn(watch_parent, master.stop, master.end_in_order)
        master.run()
    except Exception as error:
        pipe.send(engine_events.Fatal(f"the load's master failed: {type(error).__name__}: {error}", usage=False))
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)
