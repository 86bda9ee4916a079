"""One keep-alive connection: connect, TLS, send, receive, each step against the request's deadline."""

from __future__ import annotations

import _socket  # the C type itself: gevent's and Python's own wrappers are bypassed, we wait with our poll
import errno
import ssl
from time import perf_counter
from typing import Any

from readiness.load.http.answer import ReceivedAnswer
from readiness.load.http.failures import Failure, Unanswered, of_os_error
from readiness.load.http.nonblocking import receive, send
from readiness.load.http.poll import Expired, Poll, Waiting
from readiness.load.http.tls import TlsStream

_FIRST_BYTES, _MORE_BYTES = 4096, 65_536
"""A read asks for few bytes, because the room for many costs more than most answers, until one did not fit."""
IDLE_TOO_LONG = (b"HTTP/1.1 408 ", b"HTTP/1.0 408 ")
"""How some servers close an idle connection; it answers no request (RFC 9110 §15.5.9)."""
_IN_PROGRESS = frozenset({errno.EINPROGRESS, errno.EALREADY, errno.EWOULDBLOCK, errno.EINTR})


class Connection(Waiting):
    """Made by `open_connection`. After any exception it must be closed."""

    def __init__(self, poll: Poll, address: str, max_body_bytes: int) -> None:
        super().__init__()
        family = _socket.AF_INET6 if ":" in address else _socket.AF_INET
        self.sock: Any = _socket.socket(family, _socket.SOCK_STREAM, 0)
        self.sock.setblocking(False)
        self.fd = self.sock.fileno()
        self.poll = poll
        self.tls: TlsStream | None = None
        self.stream: Any = self.sock
        self.more = False
        """The last read got all it asked for: more may be waiting, and no event will tell of it."""
        self.fresh = False
        """Opened for the request under way."""
        self.telling = False
        """`told` has something to tell."""
        self.first_s = 0.0
        """When the last answer began to come (perf_counter), where it did not come whole at `end_s`; else 0."""
        self.connect_s = 0.0
        """Time that opening took, TLS included."""
        self.in_parts = False
        """`exchange` ends with the answer's head, and `next_part` reads on."""
        self._piece_bytes = _FIRST_BYTES
        self.end_s = 0.0
        """When the last answer was complete (perf_counter)."""
        self.read_s = 0.0
        """The last answer was read then, or later."""
        self.answer = ReceivedAnswer(max_body_bytes)

    def connect(self, address: str, port: int) -> None:
        """TCP. Raises Failure."""
        try:
            self.sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            code = self.sock.connect_ex((address, port))
            self.poll.add(self)
            while code in _IN_PROGRESS:
                self.poll.wait(self, write=True)
                code = self.sock.connect_ex((address, port))  # asks again: an event is only a hint
            if code not in (0, errno.EISCONN):
                raise OSError(code, errno.errorcode.get(code, "connect failed"))
        except Expired:
            raise Failure("connect_timeout", "no connection in time") from None
        except OSError as problem:
            raise of_os_error(problem, connecting=True) from None

    def start_tls(self, context: ssl.SSLContext, host: str, deadline_s: float) -> None:
        """TLS on the connected socket. Raises Failure, and the connection is closed then."""
        self.deadline_s = deadline_s
        try:
            self._handshake(TlsStream(self.sock, context, host))
        except BaseException:
            self.close()
            raise

    def _handshake(self, tls: TlsStream) -> None:
        try:
            while True:
                try:
                    tls.handshake()
                    break
                except BlockingIOError:
                    self.poll.wait(self)
        except Expired:
            raise Failure("timeout", "the TLS handshake did not end before the deadline") from None
        except ssl.SSLCertVerificationError as problem:
            raise Failure("tls", f"certificate not accepted: {problem.verify_message}") from None
        except OSError as problem:
            raise of_os_error(problem) from None
        self.tls = tls
        self.stream = tls

    def is_quiet(self) -> bool:
        """Whether an idle connection is still open.

        Raises Failure `surplus` for bytes that nobody asked for. They may be another request's answer, and whether
        this connection's answers were those of its requests is then unknown.
        """
        self.event = False
        try:
            data = receive(self.fd, _FIRST_BYTES) if self.tls is None else self.tls.receive(_FIRST_BYTES)
        except OSError:
            return False
        if data is None:
            return not self.closing
        if data and not data.startswith(IDLE_TOO_LONG):
            raise Failure("surplus", "after the answer before, its connection got bytes that no request asked for")
        return False

    @property
    def idle(self) -> bool:
        """Whether its last request has its answer."""
        return self.answer.complete and self.answer.keep_alive

    def told(self) -> tuple[float, float]:
        """What there is to take beside the answer: how long opening took (s; 0 if it was open), and `first_s`."""
        told = (self.connect_s if self.fresh else 0.0, self.first_s)
        self.fresh = self.telling = False
        self.first_s = 0.0
        return told

    def has_more(self) -> bool:
        """Whether bytes came after the answer."""
        self.more = False
        try:
            data = self.stream.recv(1)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        self.closing = True
        return bool(data)

    def exchange(self, request: bytes, head_only: bool) -> None:
        """Send, read the whole answer into `self.answer`, note in `self.end_s` when it was complete (perf_counter).

        Raises Failure; Unanswered when the peer closed or reset before the first byte.
        """
        answer = self.answer
        answer.reset(head_only)
        tls = self.tls
        try:
            sent = send(self.fd, request) if tls is None else self._send_some(request)
            if (sent != len(request) or (tls is not None and tls.unsent)) and self._send_rest(request, sent):
                self.end_s = perf_counter()
                return
            self.poll.wait(self)
            self.end_s = self.ready_s
            self.read_s = self.poll.known_s
            data = receive(self.fd, self._piece_bytes) if tls is None else tls.receive(self._piece_bytes)
            if data:
                answer.feed(data)
            elif data is None:
                self._receive()
                return
            else:
                self._end_of_stream()
            if not answer.complete or self.end_s > self.deadline_s:
                self._receive()
            elif len(data) == self._piece_bytes or (tls is not None and tls.holds_more):
                self.more = True
        except Expired:
            raise Failure("timeout", "no complete answer in time") from None
        except OSError as problem:
            failure = of_os_error(problem)
            if failure.failure == "reset" and not answer.raw:
                raise Unanswered("reset", failure.detail) from None
            raise failure from None

    def _receive(self) -> None:
        """Go on reading until the answer is complete; the first piece is there, or was none."""
        answer = self.answer
        data = b""
        self._piece_bytes = _MORE_BYTES
        first_s = (self.first_s or self.end_s) if answer.begun else 0.0
        while not (answer.complete or (self.in_parts and answer.head_done)):
            self.end_s = perf_counter()
            if self.end_s > self.deadline_s:
                raise Expired
            data = self._next_piece()
            if data:
                answer.feed(data)
            else:
                self._end_of_stream()
            if not answer.begun:
                first_s = 0.0
            elif not first_s:
                first_s = self.end_s
        self.first_s, self.telling = first_s, True
        self.read_s = self.end_s
        if self.end_s > self.deadline_s:
            raise Expired
        if len(data) == _MORE_BYTES or (self.tls is not None and self.tls.holds_more):
            self.more = True

    def next_part(self) -> bytes:
        """What comes next of a body, at `end_s`, after an exchange `in_parts`; b"" at its end. Raises Failure."""
        answer = self.answer
        part = answer.take_part()
        try:
            while not part and not answer.complete:
                self.end_s = perf_counter()
                if self.end_s > self.deadline_s:
                    raise Expired
                data = self._next_piece()
                if data:
                    answer.feed(data)
                else:
                    self._end_of_stream()
                self.more = len(data) == _MORE_BYTES or (self.tls is not None and self.tls.holds_more)
                part = answer.take_part()
        except Expired:
            raise Failure("timeout", "no complete answer in time") from None
        except OSError as problem:
            raise of_os_error(problem) from None
        return part

    def has_ended(self) -> bool:
        """Whether the rest of a body that nobody wants is here, without a wait; what there is of it is thrown away."""
        try:
            if not self.answer.complete and (data := self.stream.recv(_MORE_BYTES)):
                self.answer.feed(data)
        except (OSError, Failure):
            return False
        self.answer.take_part()
        return self.answer.complete

    def _next_piece(self) -> bytes:
        while True:
            try:
                data: bytes = self.stream.recv(_MORE_BYTES)
                return data
            except BlockingIOError:
                self.poll.wait(self)
                self.end_s = self.ready_s

    def _end_of_stream(self) -> None:
        if not self.answer.raw:
            unanswered = Unanswered("reset", "the connection was closed without an answer")
            unanswered.ended = True
            raise unanswered
        self.answer.end_of_stream(proper=self.tls is None or self.tls.proper_end)

    def close(self) -> None:
        """Forget the connection, whatever its state."""
        if self.fd >= 0:
            self.poll.remove(self)
            self.fd = -1
            self.sock.close()

    def _send_some(self, data: bytes | memoryview) -> int:
        try:
            return int(self.stream.send(data))
        except BlockingIOError:
            return 0

    def _send_rest(self, request: bytes, sent: int) -> bool:
        """Send from `sent` on; True when a whole answer came before the request was out (the peer needs no more)."""
        rest = memoryview(request)[sent:]
        try:
            while True:
                if rest:
                    taken = self._send_some(rest)
                    rest = rest[taken:]
                    if taken:
                        continue
                elif self._flushed():
                    break
                self.poll.wait(self, write=True)
                if self._early_answer():
                    return True
        except OSError:
            if self._early_answer():  # such as 413 and close
                return True
            raise
        finally:
            self.event = True  # what happened meanwhile may be the answer: it is read without a wait
        return False

    def _flushed(self) -> bool:
        if self.tls is not None:
            try:
                self.tls.flush()
            except BlockingIOError:
                return False
        return True

    def _early_answer(self) -> bool:
        try:
            data = self.stream.recv(_MORE_BYTES)
        except OSError:  # nothing there, or the cause that the caller already knows
            return False
        if data:
            self.answer.feed(data)
            if not self.first_s:
                self.first_s, self.telling = perf_counter(), True
        else:
            self.closing = True
        if self.answer.complete:
            self.answer.keep_alive = False
        return self.answer.complete


def open_connection(poll: Poll, address: str, port: int, deadline_s: float, max_body_bytes: int) -> Connection:
    """A TCP connection to an IP address. Raises Failure; nothing stays open then."""
    try:
        conn = Connection(poll, address, max_body_bytes)
    except OSError as problem:
        raise of_os_error(problem, connecting=True) from None
    try:
        conn.deadline_s = deadline_s
        conn.connect(address, port)
    except BaseException:
        conn.close()
        raise
    return conn
