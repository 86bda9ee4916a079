"""Sockets under a total deadline: httpcore limits each read, and a server that drips bytes would never be too slow."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable

import httpcore

_current = threading.local()


def start(duration_s: float) -> None:
    """Everything that this thread reads, writes or connects from now on must be over in `duration_s`."""
    _current.until_s = time.perf_counter() + duration_s


def left_s(asked_s: float | None, late: type[Exception]) -> float:
    """Seconds left for one step, at most `asked_s`. Raises `late` when there are none."""
    left = float(_current.until_s) - time.perf_counter()
    if left <= 0:
        raise late("deadline")
    return left if asked_s is None else min(left, asked_s)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, left_s(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, left_s(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(
            self._inner.start_tls(ssl_context, server_hostname, left_s(timeout, httpcore.ConnectTimeout))
        )

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class Backend(httpcore.NetworkBackend):
    """TCP for httpcore where every step obeys the thread's deadline."""

    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection whose reads and writes obey the deadline of the thread that does them."""
        left = left_s(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, left, local_address, socket_options))
