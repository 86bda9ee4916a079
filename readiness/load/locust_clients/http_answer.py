"""HttpUser's answers, read as strictly as ours: what the standard library and urllib3 let pass is a failure."""

from __future__ import annotations

import http.client
import io
import sys
from typing import Any

from urllib3.exceptions import DecodeError
from urllib3.response import ContentDecoder

from readiness.load.http.body import MAX_CODINGS, Inflater
from readiness.load.http.failures import Failure
from readiness.load.locust_clients.checked import AFTER, MAX_BODY_BYTES, MAX_INTERIM, MAX_WIRE_BYTES, unacceptable


class _Counted(io.RawIOBase):
    """The raw stream of a socket, which counts, and for a moment only tells what is there already."""

    def __init__(self, raw: Any, sock: Any) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._left_bytes = MAX_WIRE_BYTES
        self.waits = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Any:
        if not self.waits:
            return None
        count = self._raw.readinto(buffer)
        if count:
            self._left_bytes -= count
            if self._left_bytes < 0:
                raise unacceptable("too_large", f"more than {MAX_WIRE_BYTES} bytes of an answer")
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Reader(io.BufferedReader):
    """Remembers the last line, because a body in chunks ends with one, whoever reads it."""

    line = b""

    def readline(self, size: int | None = -1, /) -> bytes:
        self.line = super().readline(size)
        return self.line


class HttpAnswer(http.client.HTTPResponse):
    """The standard library's takes any 1xx but 100 for the answer, and what came after the answer is lost in it."""

    def __init__(self, sock: Any, *words: Any, **more: Any) -> None:
        super().__init__(sock, *words, **more)
        raw = self.fp.detach()
        self._counted = _Counted(raw, sock)
        self.fp = self._reader = _Reader(self._counted)
        self._heads = 0

    def begin(self) -> None:
        """See HTTPResponse; 1xx answers are left out."""
        while True:
            super().begin()
            if not 100 <= self.status < 200:
                self._reader.line = b""
                return
            if self.status == http.client.SWITCHING_PROTOCOLS:
                self._close_conn()
                raise unacceptable("protocol", f"a {self.status} answer, and not one to the request")
            self.headers = self.msg = None  # type: ignore[assignment]

    def _read_status(self) -> tuple[str, int, str]:
        """Counted here, because HTTPResponse goes through any number of 100 itself, and lets nobody else run."""
        found: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
        self._heads += 1
        if self._heads > MAX_INTERIM and 100 <= found[1] < 200:
            self._close_conn()
            raise unacceptable("protocol", f"more than {MAX_INTERIM} 1xx answers, and none to the request")
        return found

    def _close_conn(self) -> None:
        """The end of the answer, good or bad: the buffer may hold more than that."""
        self._counted.waits = False
        rest = self._reader.peek(1)
        super()._close_conn()  # type: ignore[misc]
        if rest and self._is_whole() and sys.exc_info()[0] is None:
            raise unacceptable("surplus", AFTER)

    def _is_whole(self) -> bool:
        """Whether the reader stands at the end of the answer."""
        return self._reader.line == b"\r\n" if self.chunked is True else self.length == 0


class Decoder(ContentDecoder):
    """In the place of urllib3's: with a cap, gzip in linear time, and `whole` tells whether the body was complete."""

    def __init__(self, coding: str, original: Any) -> None:
        names = [name.strip() for name in coding.split(",")]
        if len(names) > MAX_CODINGS:
            raise _decode_error(Failure("protocol", f"{len(names)} content codings on top of each other"))
        plain = len(names) == 1 and names[0] in ("gzip", "x-gzip", "deflate")
        self._inflater = Inflater(names[0], MAX_BODY_BYTES, lenient=True) if plain else None
        self._original = None if plain else original(coding)
        self._left_bytes = MAX_BODY_BYTES
        self._fed = False

    @property
    def whole(self) -> bool:
        """Whether what was fed came to its end."""
        if not self._fed:
            return True
        if self._inflater is not None:
            return self._inflater.whole
        links = getattr(self._original, "_decoders", None)
        if links is not None:
            return all(getattr(link, "whole", True) for link in links)
        inside = getattr(self._original, "_obj", None)  # of Brotli or Zstandard
        finished = getattr(inside, "is_finished", None)
        return bool(finished() if finished else getattr(inside, "eof", True))

    @property
    def has_unconsumed_tail(self) -> bool:
        """See ContentDecoder."""
        return self._original is not None and bool(self._original.has_unconsumed_tail)

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """See ContentDecoder; may give more than `max_length`, which urllib3 then keeps."""
        self._fed = self._fed or bool(data)
        if self._inflater is not None:
            try:
                return self._inflater.feed(data)
            except Failure as failure:
                raise _decode_error(failure) from failure
        found: bytes = self._original.decompress(data, max_length=max_length)  # type: ignore[union-attr]
        self._left_bytes -= len(found)
        if self._left_bytes < 0:
            raise _decode_error(Failure("too_large", f"more than {MAX_BODY_BYTES} bytes once decompressed"))
        return found

    def flush(self) -> bytes:
        """See ContentDecoder."""
        return b"" if self._original is None else bytes(self._original.flush())


def _decode_error(failure: Failure) -> DecodeError:
    error = DecodeError(failure.detail)
    error.__cause__ = failure
    return error


def check_whole(response: Any) -> None:
    """Of a requests.Response that was read: raises Failure when its compressed body was cut, or is too large."""
    decoder = getattr(getattr(response, "raw", None), "_decoder", None)
    if isinstance(decoder, Decoder) and not decoder.whole:
        raise Failure("truncated", "the compressed body ends early")
