"""Whether a command did anything, seen in the kernel's own books of a real port."""

from __future__ import annotations

import socket
import subprocess
import sys
import time

import pytest

from readiness.drills.port_watch import Listening, PortLog, holders, listening, watching
from tests.faultd.client import free_port, until

HOLD = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
sys.stdout.write("up\\n"); sys.stdout.flush(); sys.stdin.read()
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's books of Linux")


def serve(port: int) -> subprocess.Popen[bytes]:
    """A process that listens, until it is killed."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def test_a_port_is_watched_through_the_death_and_the_return_of_its_process() -> None:
    port = free_port()
    first = serve(port)
    began_s = time.monotonic()
    with watching(f"http://127.0.0.1:{port}", ["127.0.0.1"]) as seen:
        assert until(lambda: [one.processes for one in seen] == [frozenset({first.pid})])
        kill(first)
        assert until(lambda: not seen[-1].sockets)
        second = serve(port)
        assert until(lambda: seen[-1].processes == frozenset({second.pid}))
    log = PortLog(tuple(seen))
    kill(second)
    [(down_s, up_s)] = log.down(began_s, time.monotonic())
    assert began_s < down_s <= up_s < time.monotonic(), "on a busy machine one reading alone falls into the gap"
    before, after = log.at(down_s - 0.001), log.at(time.monotonic())
    assert before is not None
    assert after is not None
    assert not before.sockets & after.sockets
    assert log.at(began_s - 1) is None


def test_a_port_of_another_machine_is_not_watched() -> None:
    with watching("http://192.0.2.1:80", ["192.0.2.1"]) as seen:
        pass
    assert seen == []
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as six:
        assert len(holders(listening(six.getsockname()[1]))) == 1


def test_an_outage_is_cut_to_the_times_asked_for() -> None:
    up = frozenset({"1"})
    log = PortLog(
        tuple(Listening(at_s, sockets, frozenset()) for at_s, sockets in ((0, up), (5, frozenset()), (7, up)))
    )
    assert log.down(0, 10) == [(5, 7)]
    assert log.down(6, 6.5) == [(6, 6.5)]
    assert log.down(7, 10) == log.down(0, 5) == []
