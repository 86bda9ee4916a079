"""The parent's side of the proxies: ports taken before anything is sent, faults set and ended, counts read."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import readiness
from readiness.config.drills import Fault
from readiness.config.proxies import HostPort, Proxy
from readiness.errors import ConfigError, NotMeasured
from readiness.text import clean, name_service

_START_S = 20.0
_ORDER_S = 5.0
_STOP_S = 3.0


@dataclass(frozen=True, slots=True)
class ProxySecond:
    """What passed through one proxy in about a second, which ended at `at_s` (time.monotonic)."""

    at_s: float
    open: int
    """Connections that were open at its end."""
    opened: int
    up_bytes: int
    down_bytes: int
    first_answers: int
    """Connections on which the dependency said its first byte."""
    faulted: int
    """How often the fault did something to a connection or an answer."""


@dataclass(slots=True)
class Proxies:
    """The running proxies. No call waits longer than its own deadline, whatever they do."""

    process: subprocess.Popen[bytes]
    ports: Mapping[str, HostPort]
    _seconds: dict[str, list[ProxySecond]] = field(default_factory=dict)
    _done: int = -1
    _orders: int = 0
    _news: threading.Condition = field(default_factory=threading.Condition)
    _ended: bool = False

    def set_fault(self, name: str, fault: Fault | None, share: float = 1.0) -> float:
        """Set or end the fault of a proxy; time.monotonic when that was done. Raises NotMeasured."""
        self._orders += 1
        order = {"number": self._orders, "proxy": name, "fault": asdict(fault) if fault else None, "share": share}
        pipe = self.process.stdin
        assert pipe is not None
        try:
            pipe.write(json.dumps(order).encode() + b"\n")
            pipe.flush()
        except OSError:
            raise NotMeasured(f"proxy {name}: its process is gone") from None
        self.wait_done(self._orders, _ORDER_S)
        return time.monotonic()

    def seconds(self, name: str) -> tuple[ProxySecond, ...]:
        """Everything that was counted so far, in order."""
        with self._news:
            return tuple(self._seconds.get(name, ()))

    def read(self, stream_fd: int) -> None:
        """Take in what the process says, until it ends; runs in a thread of its own."""
        with open(stream_fd, "rb") as stream:
            for line in stream:
                said = json.loads(line)
                with self._news:
                    if "done" in said:
                        self._done = said["done"]
                    else:
                        self._seconds.setdefault(said.pop("proxy"), []).append(ProxySecond(**said))
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def wait_done(self, number: int, patience_s: float) -> None:
        """Until that order was carried out; 0 is the start. Raises NotMeasured."""
        with self._news:
            self._news.wait_for(lambda: self._done >= number or self._ended, patience_s)
            if self._done < number:
                raise NotMeasured("the proxies did not take the order")


@contextlib.contextmanager
def start(proxies: Mapping[str, Proxy], file: str) -> Iterator[Proxies]:
    """The proxies of `file`, running; all of them are gone at the end of the block.

    Raises ConfigError when a port is taken, with every such port, before anything is started.
    """
    with contextlib.ExitStack() as sockets:
        bound, problems = {}, []
        for name, proxy in proxies.items():
            try:
                bound[name] = sockets.enter_context(bind(proxy.listen))
            except OSError as error:
                why = "is taken by another process" if error.errno == errno.EADDRINUSE else clean(error.strerror)
                problems.append(f"{file}:{proxy.line}: proxies.{name}.listen: {proxy.listen} {why}")
        if problems:
            raise ConfigError(*problems)
        to = {
            name: _first_address(proxy.to, f"{file}:{proxy.line}: proxies.{name}.to") for name, proxy in proxies.items()
        }
        running, reader = _spawn(bound, to)
    try:
        running.wait_done(0, _START_S)
        yield running
    finally:
        _stop(running.process)
        reader.join(_STOP_S)


def bind(at: HostPort) -> socket.socket:
    """A socket that has its port, and does not listen yet. Raises OSError."""
    bound = socket.socket(socket.AF_INET6 if ":" in at.host else socket.AF_INET)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((at.host, at.port))
        bound.listen(1)  # two sockets may have one port until one of them listens
        bound.shutdown(socket.SHUT_RD)
    except OSError:
        bound.close()
        raise
    return bound


def _first_address(to: HostPort, where: str) -> HostPort:
    try:
        found = name_service.look_up(to.host, to.port)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"{where}: {to.host} has no address ({clean(error)})") from None
    return HostPort(str(found[0][4][0]), to.port)


def _spawn(bound: Mapping[str, socket.socket], to: Mapping[str, HostPort]) -> tuple[Proxies, threading.Thread]:
    process, read_fd = started_module("readiness.drills.proxy", *(one.fileno() for one in bound.values()))
    ports = {name: HostPort(*one.getsockname()[:2]) for name, one in bound.items()}
    running = Proxies(process, ports)
    reader = threading.Thread(target=running.read, args=(read_fd,), name="proxies", daemon=True)
    reader.start()
    plan: Sequence[dict[str, object]] = [
        {"name": name, "fd": one.fileno(), "host": to[name].host, "port": to[name].port} for name, one in bound.items()
    ]
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.write(json.dumps(plan).encode() + b"\n")
        process.stdin.flush()
    return running, reader


def started_module(name: str, *descriptors: int) -> tuple[subprocess.Popen[bytes], int]:
    """A module of ours as a process that has `descriptors`, and where it says what it does: its first argument."""
    read_fd, write_fd = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", name, str(write_fd)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(write_fd, *descriptors),
        env=own_environment(),
        cwd="/",
        start_new_session=True,  # a terminal's Ctrl-C is for us alone
    )
    os.close(write_fd)
    return process, read_fd


def own_environment() -> dict[str, str]:
    """Where Python and this package are, and nothing else of the user's."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "LANG") if name in os.environ}
    return kept | {"PYTHONPATH": str(Path(readiness.__file__).resolve().parent.parent)}


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
