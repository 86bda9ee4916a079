"""A server that plays a script on raw sockets, in native threads of the (gevent-patched) process under test.

`Server([READ, ok(b"hi"), CLOSE], [READ, RST])`: the first connection reads a request, answers, closes; the second
reads and resets. Connections beyond the scripts are counted and closed.
"""

import _socket
import contextlib
import errno
import struct
import sys
import time
import types
from collections.abc import Callable
from typing import Any

from gevent.monkey import get_original

READ = object()
"""Read one whole request."""
CLOSE = object()
RST = object()
FIN = object()
"""Half-close: no more from us, still open for reading."""
WAIT_CLOSE = object()
"""Read until the client closes."""
HANG = 900.0
"""Until the check is over: its `with` ends, and nobody waits for this one."""


def ok(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    """A plain answer."""
    lines = "".join(f"{line}\r\n" for line in headers)
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body


class Server:
    """Listens on a loopback port; a context manager. `requests` and `connections` are what it saw."""

    def __init__(self, *scripts: list[Any], tls: Any = None, repeat: bool = False) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._scripts = scripts
        self._tls = tls
        self._repeat = repeat
        self._open: list[Any] = []
        self._listener: Any = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM, 0)
        self._listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._start = get_original("_thread", "start_new_thread")
        self._sleep = get_original("time", "sleep")
        self._start(self._accept, ())

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(_socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(_socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                fd, _ = self._listener._accept()
            except OSError as problem:
                if problem.errno != errno.EMFILE:  # a check may take away our descriptors for a moment
                    return
                self._sleep(0.01)
                continue
            sock = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM, 0, fd)
            sock.settimeout(HANG)
            sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            index = self.connections
            self.connections += 1
            self._open.append(sock)
            if self._repeat:
                index = 0
            script = self._scripts[index] if index < len(self._scripts) else [CLOSE]
            self._start(self._play, (sock, script))

    def _play(self, sock: _socket.socket, script: list[Any]) -> None:
        talk: Any = sock
        try:
            if self._tls is not None:
                talk = self._tls(sock)
            for step in script:
                if not self._do(step, sock, talk):
                    break
        except OSError:
            pass
        except Exception as problem:
            sys.stderr.write(f"server: {problem!r}\n")
        finally:
            self._open.remove(sock)
            sock.close()

    def _do(self, step: Any, sock: _socket.socket, talk: Any) -> bool:
        """One step; False ends the script."""
        if step is READ:
            return self._read(talk)
        if step is CLOSE:
            return False
        if step is RST:
            sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if step is FIN:
            sock.shutdown(_socket.SHUT_WR)
        elif step is WAIT_CLOSE:
            while talk.recv(65536):
                pass
        elif isinstance(step, int | float):
            self._sleep(step)
        elif isinstance(step, types.FunctionType):
            step(talk)
        else:
            talk.sendall(step)
        return True

    def _read(self, talk: Any) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = talk.recv(65536)
            if not piece:
                return False
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(body) < length:
            piece = talk.recv(65536)
            if not piece:
                return False
            body += piece
        self.requests.append(head + b"\r\n\r\n" + body)
        return True


def until(condition: Callable[[], bool], seconds: float = 300.0) -> bool:
    """Wait (letting other greenlets run) until `condition()` is true."""
    import gevent

    end = time.perf_counter() + seconds
    while not condition():
        if time.perf_counter() > end:
            return False
        gevent.sleep(0.005)
    return True
