"""TLS over a non-blocking socket, with the same `send` and `recv` as the socket itself.

The record layer works on memory, so what waits is always the socket: no hidden wait, and bytes that the TLS layer
still holds are found by reading again before waiting.
"""

from __future__ import annotations

import contextlib
import ssl
from typing import Any

_PIECE = 65_536
_FIRST_PIECE = 4096
"""Asked for until an answer is longer: the room for many bytes costs more than most answers."""


class TlsStream:
    """`sock` (connected, non-blocking) inside TLS. Raises BlockingIOError like the socket, ssl.SSLError otherwise."""

    def __init__(self, sock: Any, context: ssl.SSLContext, host: str) -> None:
        self._sock = sock
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        outer = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._tls: Any = getattr(outer, "_sslobj", outer)  # the C object itself: what surrounds it only passes on
        self._piece_bytes = _FIRST_PIECE
        self._full = False
        """The last read of the socket got all it asked for: there may be more."""
        self.holds_more = False
        """Whether something came that has not been read; no event of the socket will tell of it."""
        self.unsent = b""
        """Encrypted, and not yet taken by the socket."""
        self.proper_end = True
        """False once the peer ended without TLS's closing message."""

    def handshake(self) -> None:
        """One step; call again after each BlockingIOError. Returns when done."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self.flush()
                self._fill()
            except ssl.SSLError:
                self._outgoing_alert()
                raise
            else:
                self.flush()
                self.holds_more = self._full or self._incoming.pending > 0
                return

    def send(self, data: bytes | memoryview) -> int:
        """Bytes of `data` taken; they are on the wire once `unsent` is empty."""
        if self.unsent:
            self.flush()
        taken: int = self._tls.write(data if len(data) <= _PIECE else data[:_PIECE])
        record = self._outgoing.read()
        try:
            sent = self._sock.send(record)
        except BlockingIOError:  # taken all the same: it goes first next time
            sent = 0
        if sent != len(record):
            self.unsent = record[sent:]
        return taken

    def flush(self) -> None:
        """Send what is encrypted and not yet sent; BlockingIOError when some is left."""
        data = self.unsent + self._outgoing.read()
        self.unsent = data
        while data:
            sent = self._sock.send(data)
            self.unsent = data = data[sent:]

    def recv(self, size: int) -> bytes:
        """Up to `size` decrypted bytes; empty at the end."""
        if not self.holds_more:  # asking TLS first would cost an exception
            self._fill()
        while True:
            try:
                data: bytes = self._tls.read(size)
            except ssl.SSLWantReadError:
                self.holds_more = False
                self._fill()
            except ssl.SSLZeroReturnError:
                return b""
            except ssl.SSLEOFError:
                self.proper_end = False
                return b""
            else:  # what is left of a record shows in a read that got all it asked for, or comes after it
                self.holds_more = self._full or len(data) == size or self._incoming.pending > 0
                return data

    def receive(self, size: int) -> bytes | None:
        """As recv; None when nothing is there."""
        try:
            return self.recv(size)
        except BlockingIOError:
            return None

    def _fill(self) -> None:
        self._full = False
        data = self._sock.recv(self._piece_bytes)
        if len(data) == self._piece_bytes:
            self._full = True
            self._piece_bytes = _PIECE
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _outgoing_alert(self) -> None:
        """Tell the peer why, if it still listens."""
        with contextlib.suppress(OSError):
            self.flush()
