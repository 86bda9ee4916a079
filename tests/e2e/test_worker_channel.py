"""The port where a master waits: strangers cost it next to nothing, and keep no worker out."""

from __future__ import annotations

import os
import resource
import secrets
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.harness import Running
from tests.e2e.invariants import decided
from tests.e2e.test_workers import TOKEN, helper, worker
from tests.faultd.client import Faultd, free_port, until
from tests.faultd.fixture import StartFaultd

MASTER = "readiness.load.workers.master"
MIB = 1 << 20
NULL, CURVE = b"NULL".ljust(20, b"\0"), b"CURVE".ljust(20, b"\0")


def greeting(mechanism: bytes) -> bytes:
    """The first 64 bytes of ZMTP 3.1."""
    return b"\xff" + bytes(8) + b"\x7f\x03\x01" + mechanism + bytes(32)


def command(body: bytes) -> bytes:
    return b"\x06" + struct.pack("!Q", len(body)) + body


def ready() -> bytes:
    said = (
        b"\x05READY\x0bSocket-Type" + struct.pack("!I", 6) + b"DEALER\x08Identity" + struct.pack("!I", 7) + b"mallory"
    )
    return b"\x04" + bytes([len(said)]) + said


def endless_parts(count: int = 150) -> Iterator[bytes]:
    """One message of many frames of 1 MiB, of which none is the last."""
    for _ in range(count):
        yield b"\x03" + struct.pack("!Q", MIB) + bytes(MIB)


def tiny_parts() -> Iterator[bytes]:
    for _ in range(200):
        yield b"\x01\x01x" * 20_000


ATTACKS: dict[str, Callable[[], Iterator[bytes]]] = {
    "parts without an end, without keys": lambda: iter([greeting(NULL), ready(), *endless_parts()]),
    "tiny parts without an end": lambda: iter([greeting(NULL), ready(), *tiny_parts()]),
    "a handshake of 60 MiB": lambda: iter([greeting(CURVE), b"\x06" + struct.pack("!Q", 60 * MIB), bytes(60 * MIB)]),
    "a first word with a key of its own": lambda: iter(
        [greeting(CURVE), command(b"\x05HELLO\x01\0" + bytes(72) + secrets.token_bytes(32) + bytes(8) + bytes(80))] * 2
    ),
    "the protocol of ZeroMQ 2": lambda: iter(
        [b"\x01\0", *[b"\xff" + struct.pack("!Q", MIB + 1) + b"\x01" + bytes(MIB)] * 100]
    ),
    "the protocol of ZeroMQ 3.0": lambda: iter([b"\xff" + bytes(8) + b"\x7f\x01\x05", b"\0\0", *endless_parts()]),
    "no ZeroMQ at all": lambda: iter([b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", *[bytes(MIB)] * 100]),
}


@contextmanager
def waiting_master(
    cli: Cli, faultd: StartFaultd, *, wait: str = "80s", duration: str = "2s", server: Faultd | None = None
) -> Iterator[tuple[Running, int, int]]:
    """A run that waits for one worker: (run, port, the master's pid)."""
    port = free_port()
    running = cli.start(
        (server or faultd()).url,
        *("--remote-workers", "1", "--listen", f"127.0.0.1:{port}", "--worker-wait", wait, "--users", "6"),
        scenario="calm.py",
        checks=LOOSE,
        duration=duration,
        env={"READINESS_WORKER_TOKEN": TOKEN},
    )
    assert until(lambda: listening(port))
    (pid,) = [pid for pid, line in running.children().items() if MASTER in line]
    yield running, port, pid


def listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def resident_mib(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() // MIB


def assault(port: int, parts: Iterator[bytes]) -> None:
    """Send until the master hangs up."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        for part in parts:
            connection.sendall(part)


def test_who_has_no_token_costs_no_memory_and_keeps_no_worker_out(cli: Cli, faultd: StartFaultd) -> None:
    with waiting_master(cli, faultd) as (running, port, pid):
        before = resident_mib(pid)
        for name, parts in ATTACKS.items():
            assault(port, parts())
            assert resident_mib(pid) < before + 20, name
        with helper(*worker(port)) as lent:
            result = running.finish()
            assert (lent.wait(), result.exit_code) == (0, result.report["exit_code"])
    decided(result.report, 0)
    assert "a connection without the token was refused" in " ".join(result.report["notes"])


def test_idle_connections_lock_no_worker_out(cli: Cli, faultd: StartFaultd) -> None:
    with waiting_master(cli, faultd) as (running, port, pid), ExitStack() as held:
        assert resource.prlimit(pid, resource.RLIMIT_NOFILE)[0] < 2000
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (128, resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]))
        for _ in range(200):
            with suppress(OSError):
                held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=0.5))
        with helper(*worker(port)) as lent:
            result = running.finish()
            assert lent.wait() == 0
    decided(result.report, 0)


def test_nothing_of_the_plan_can_be_read_on_the_way(cli: Cli, faultd: StartFaultd) -> None:
    """What passes between both is recorded by a relay in the middle."""
    with waiting_master(cli, faultd) as (running, port, _), relay(port) as (near, seen), helper(*worker(near)) as lent:
        result = running.finish()
        assert lent.wait() == 0
    decided(result.report, 0)
    passed = b"".join(seen)
    assert len(passed) > 2000
    for words in (b"readiness.plan", b"readiness.joined", b"/api/item", b"calm", b"heartbeat"):
        assert words not in passed, words


@contextmanager
def relay(port: int) -> Iterator[tuple[int, list[bytes]]]:
    """A port that passes on to `port`, and everything that went through it."""
    seen: list[bytes] = []
    door = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                seen.append(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                one, _ = door.accept()
                other = socket.create_connection(("127.0.0.1", port))
                for pair in ((one, other), (other, one)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield door.getsockname()[1], seen
    finally:
        door.close()


def test_no_process_that_holds_a_secret_leaves_a_core(cli: Cli, faultd: StartFaultd) -> None:
    with waiting_master(cli, faultd) as (running, _, pid):
        for one in (running.process.pid, pid):
            assert resource.prlimit(one, resource.RLIMIT_CORE) == (0, 0)
            assert TOKEN.encode() not in Path(f"/proc/{one}/cmdline").read_bytes()
        os.kill(pid, 9)
        running.finish()
