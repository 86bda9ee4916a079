"""A worker that knows the token and lies: `python -m tests.e2e.rogue_worker HOST PORT MODE`, token in the environment.

`twice` says every message of its own two times; `other` claims to be of another version; `invents` sends a batch with
more answers than it recorded; `mute` sends its numbers and no end marker; `hello` stops after it joined and never gets
ready.
"""

import locust  # noqa: I001 - first: it patches sockets, as in a worker

import os
import sys

import gevent
from locust.rpc.protocol import Message

from readiness.load import engine_events
from readiness.load.locustfiles import sha256
from readiness.load.workers import messages
from readiness.load.workers.envelope import Envelope, write
from readiness.load.workers.curve_sockets import CurveClient

NAME = "rogue"
USERS = 15
"""Its share of those that the test plans; with fewer the load would not be what was planned, which is another doubt."""


def main(host: str, port: str, mode: str, scenario: str) -> None:
    """Join, and misbehave."""
    client = CurveClient(os.environ["READINESS_WORKER_TOKEN"], 20.0, host, int(port), NAME)
    seq = 0

    def say(kind: str, data: object) -> None:
        nonlocal seq
        payload = Message(kind, data, NAME).serialize()
        whole = write(Envelope(client.run_id, seq, payload))
        seq += 1
        for _ in range(2 if mode == "twice" else 1):
            client.socket.send(whole)

    def beat() -> None:
        while True:
            say("heartbeat", {"state": "ready", "current_cpu_usage": 0, "current_memory_usage": 0})
            gevent.sleep(1)

    version = "of yesterday" if mode == "other" else messages.own_version()
    say("client_ready", -1)
    gevent.spawn(beat)
    say(messages.JOINED, {"name": NAME, "version": version, "scenarios": {"calm": sha256(scenario)}})
    if mode == "hello":
        gevent.sleep(30)
    while True:
        kind = client.recv().type
        if kind == messages.PLAN:
            say(messages.EVENT, {"line": engine_events.dumps(engine_events.Hello(locust.__version__, {"calm": USERS}))})
        elif kind == messages.GO:
            ended = 1_000_000 if mode == "invents" else 0
            gevent.sleep(2.0)
            for event in (
                engine_events.WindowBegan(0.0),
                engine_events.Batch(0, 2.0, USERS, ended, ended, {}, 0, {}),
                engine_events.WindowEnded(2.0),
                engine_events.Done(1, 0, 0, {}, {}, 2.0, 2.0, {}),
            ):
                if mode != "mute" or not isinstance(event, engine_events.Done):
                    say(messages.EVENT, {"line": engine_events.dumps(event)})


if __name__ == "__main__":
    main(*sys.argv[1:])
