"""One connection through a proxy: two sockets, the bytes between them, and what a fault does to them.

Bytes pass as they come. Faults act on answers (what the dependency says), but for those that stop everything.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from readiness.config.drills import BANDWIDTH, CUT_OFF, HANG, LATENCY, REFUSE, RESET, Fault

_CONNECT_S = 10.0
_MOST_HELD_BYTES = 1 << 18
"""Answers that are held back; beyond, the dependency has to wait, as behind a slow line."""
_PIECE_S = 0.05
"""A slow line passes so much at once."""
_NO_LINGER = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class ProxyCounts:
    """What one proxy did since it was last asked."""

    opened: int = 0
    up_bytes: int = 0
    down_bytes: int = 0
    first_answers: int = 0
    """Connections on which the dependency said its first byte."""
    faulted: int = 0
    """How often the fault did something to somebody."""


class Link:
    """A client's connection, and ours to the dependency."""

    def __init__(self, to: tuple[str, int], tally: Callable[[], ProxyCounts], gone: Callable[[Link], None]) -> None:
        self._to = to
        self.tally = tally
        self._gone = gone
        self.client = _Side(self, answers=False)
        self.server = _Side(self, answers=True)
        self.fault: Fault | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._held: deque[tuple[float, bytes | None]] = deque()
        """Answers with the time at which they are due; None is the end of them."""
        self._held_bytes = 0
        self._due_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._answered = False
        self._cut = False
        self._ended = False

    def begin(self) -> None:
        """The client is connected."""
        self.tally().opened += 1
        self.client.pause("connecting")
        if self.fault is not None and self.fault.kind in (REFUSE, RESET):
            self._hit()
            self.reset()
        elif self.fault is not None and self.fault.kind == HANG:
            self.client.pause("hang")
            self._hit()
        else:
            self._connect()

    def begin_fault(self, fault: Fault) -> None:
        """From now on, on this connection too."""
        self.fault = fault
        if fault.kind in (REFUSE, RESET):
            self._hit()
            self.reset()
        elif fault.kind == HANG:
            self.client.pause("hang")
            self.server.pause("hang")

    def end_fault(self) -> None:
        """As before; what a client said in vain meanwhile counts as hit."""
        fault, self.fault = self.fault, None
        if fault is None or fault.kind != HANG:
            return
        if self.client.has_unread:
            self._hit()
        self.client.resume("hang")
        self.server.resume("hang")
        if self.server.transport is None and self._connecting is None and not self._ended:
            self._connect()

    def reset(self) -> None:
        """End both sides at once, as a process does that is gone."""
        for side in (self.client, self.server):
            side.reset()
        self.ended()

    def ended(self) -> None:
        """Nothing passes any more."""
        if self._ended:
            return
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        if self._connecting is not None:
            self._connecting.cancel()
        self._gone(self)

    def passed_up(self, data: bytes) -> None:
        """The client said something."""
        self.tally().up_bytes += len(data)
        self.server.write(data)

    def passed_down(self, data: bytes) -> None:
        """The dependency said something."""
        tally = self.tally()
        tally.down_bytes += len(data)
        if not self._answered:
            self._answered = True
            tally.first_answers += 1
        if self.fault is None and not self._held:
            self.client.write(data)
        elif not self._cut:
            self._slowed(data)

    def ended_by(self, side: _Side) -> None:
        """One side will say nothing more; what it said still arrives."""
        if side is self.client:
            self.server.end_writing()
        elif self._held:
            self._held.append((self._due_s, None))
        else:
            self.client.end_writing()

    def lost(self, side: _Side, error: Exception | None) -> None:
        """One side is gone."""
        other = self.server if side is self.client else self.client
        if error is not None:
            other.reset()
        elif side is self.client or not self._held:
            other.close()
        else:
            self._held.append((self._due_s, None))
        if self.client.is_over and self.server.is_over:
            self.ended()

    def _hit(self) -> None:
        self.tally().faulted += 1

    def _connect(self) -> None:
        self._connecting = asyncio.get_running_loop().create_task(self._reach())

    async def _reach(self) -> None:
        try:
            async with asyncio.timeout(_CONNECT_S):
                await asyncio.get_running_loop().create_connection(lambda: self.server, *self._to)
        except OSError:  # TimeoutError too: the dependency itself is not there
            self.reset()
            return
        if self.fault is not None and self.fault.kind == HANG:
            self.server.pause("hang")
        self.client.resume("connecting")

    def _slowed(self, data: bytes) -> None:
        fault, now_s = self.fault, asyncio.get_running_loop().time()
        if fault is None:  # the fault is over, and what it held back goes first
            self._hold(max(self._due_s, now_s), data)
        elif fault.kind == CUT_OFF:
            self._hit()
            self._cut = True
            self.client.write(data[: max(len(data) // 2, 1)] if len(data) > 1 else b"")
            self.client.reset_when_sent(self.reset)
        elif fault.kind == LATENCY:
            self._hit()
            late_s = (fault.latency_ms + random.uniform(-1, 1) * fault.jitter_ms) / 1000
            self._hold(max(self._due_s, now_s + late_s), data)
        elif fault.kind == BANDWIDTH:
            self._hit()
            size = max(int(fault.bytes_per_s * _PIECE_S), 1)
            for start in range(0, len(data), size):
                piece = data[start : start + size]
                self._hold(max(self._due_s, now_s) + len(piece) / fault.bytes_per_s, piece)
        else:
            self.client.write(data)

    def _hold(self, due_s: float, data: bytes) -> None:
        self._due_s = due_s
        self._held.append((due_s, data))
        self._held_bytes += len(data)
        if self._held_bytes > _MOST_HELD_BYTES:
            self.server.pause("held")
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(self._held[0][0], self._release)

    def _release(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        while self._held and self._held[0][0] <= loop.time() + 0.0005:
            _, data = self._held.popleft()
            if data is None:
                self.client.end_writing()
                continue
            self._held_bytes -= len(data)
            self.client.write(data)
        if self._held_bytes <= _MOST_HELD_BYTES // 2:
            self.server.resume("held")
        if self._held:
            self._timer = loop.call_at(self._held[0][0], self._release)


class _Side(asyncio.Protocol):
    """One of the two sockets."""

    def __init__(self, link: Link, *, answers: bool) -> None:
        self._link = link
        self._take = link.passed_down if answers else link.passed_up
        self.transport: asyncio.Transport | None = None
        self._paused: set[str] = set()
        self._closed = False
        self.said_all = False

    @property
    def other(self) -> _Side:
        return self._link.server if self is self._link.client else self._link.client

    @property
    def is_over(self) -> bool:
        return self._closed or self.transport is None

    @property
    def has_unread(self) -> bool:
        socket_ = self.transport.get_extra_info("socket") if self.transport is not None else None
        if socket_ is None or self._closed:
            return False
        try:
            with socket.socket(fileno=os.dup(socket_.fileno())) as copy:  # asyncio's own may not be read
                copy.setblocking(False)
                copy.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self.transport = cast(asyncio.Transport, transport)
        if self._closed:
            self.transport.abort()
        elif self is self._link.client:
            self._link.begin()

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        self._take(data)

    def eof_received(self) -> bool:
        """Called by the loop; the other half stays open."""
        self._link.ended_by(self)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        self._closed = True
        self._link.lost(self, exc)

    def pause_writing(self) -> None:
        """Called by the loop: whoever reads this side is slow."""
        self.other.pause("full")

    def resume_writing(self) -> None:
        """Called by the loop."""
        self.other.resume("full")

    def write(self, data: bytes) -> None:
        """Pass `data` on."""
        if self.transport is not None and not self._closed and data:
            self.transport.write(data)

    def end_writing(self) -> None:
        """Say that no more will come; a side whose both halves ended is closed."""
        if self.transport is None or self._closed or self.said_all:
            return
        self.said_all = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        if self.other.said_all:
            self.close()
            self.other.close()

    def pause(self, why: str) -> None:
        """Read no more while any reason holds."""
        if not self._paused and self.transport is not None and not self._closed:
            self.transport.pause_reading()
        self._paused.add(why)

    def resume(self, why: str) -> None:
        """One reason less."""
        if why not in self._paused:
            return
        self._paused.discard(why)
        if not self._paused and self.transport is not None and not self._closed:
            self.transport.resume_reading()

    def close(self) -> None:
        """When everything is sent."""
        if self.transport is not None and not self._closed:
            self.transport.close()

    def reset(self) -> None:
        """At once, with a reset instead of an end."""
        if self.transport is None or self._closed:
            self._closed = True
            return
        self._closed = True
        socket_ = self.transport.get_extra_info("socket")
        if socket_ is not None:
            socket_.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.transport.abort()

    def reset_when_sent(self, reset: Callable[[], None]) -> None:
        """`reset` once what was written has left this process."""
        if self.transport is None or not self.transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(_PIECE_S, reset)  # what a reset overtakes was never received
        else:
            asyncio.get_running_loop().call_later(_PIECE_S, self.reset_when_sent, reset)
