"""Locust's ZeroMQ sockets behind CURVE (CurveZMQ, RFC 26 of ZeroMQ); `install` puts them in the place of Locust's own.

Both keys follow from the token. Whoever does not have it cannot say the first word of the handshake, so ZeroMQ closes
the connection before it keeps a frame; all that follows is encrypted and cannot be replayed. Before the handshake a
connection can hold at most one frame of FRAME_BYTES, for HANDSHAKE_MS, and there are at most _MAX_CONNECTIONS.

A worker greets first and learns the run's id from the master's answer.
"""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import gevent
import zmq.green as zmq
from locust.exception import RPCError
from locust.rpc import zmqrpc
from locust.rpc.protocol import Message
from zmq.utils import z85
from zmq.utils.monitor import parse_monitor_message

from readiness.load.workers.envelope import Envelope, Rejected, SequenceOrder, read, write
from readiness.load.workers.token import curve_secret

GREETING_S = 1.0
"""A greeting without an answer is said again this often."""
HANDSHAKE_MS = 3_000
"""A connection that has not proved by then that it knows the token is closed."""
FLUSH_MS = 500
FRAME_BYTES = 64 << 10
"""Longer messages are cut into frames of this size; ZeroMQ closes a connection that announces a longer one."""
OVERHEAD_BYTES = 256
"""What CURVE and ZeroMQ add to a frame, with room to spare."""
_MAX_CONNECTIONS = 1024
"""Descriptors of a master whose workers are started: what is beyond waits in the kernel until another one is closed."""
_FAILED = (
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_AUTH
)  # fmt: skip

OnRejected = Callable[[str, Rejected], None]
"""Told of (sender, why) for each message that was dropped, and with an empty sender for each connection refused."""


class Server(zmqrpc.BaseSocket):
    """The master's side, bound to `host`; port 0 takes a free one, and `port` says which."""

    def __init__(self, token: str, run_id: str, on_rejected: OnRejected, host: str, port: int) -> None:
        super().__init__(zmq.ROUTER, ":" not in host)  # type: ignore[no-untyped-call]
        _bound(self.socket)
        self.socket.curve_secretkey = z85.encode(curve_secret(token))
        self.socket.curve_server = True
        self._refused = _failed_handshakes(self.socket)
        self.port = _bind(self.socket, f"[{host}]" if ":" in host else host, port)
        self._run_id = run_id
        self._on_rejected = on_rejected
        self._order = SequenceOrder()
        self._sent: Counter[str] = Counter()
        gevent.spawn(self._tell_refused)

    def send_to_client(self, msg: Any) -> None:
        """Send one of Locust's messages to the worker that it names."""
        self._send(msg.node_id, msg.serialize())

    def recv_from_client(self) -> tuple[str, Any]:
        """(worker, message): the next one that belongs to this run; greetings are answered on the way."""
        while True:
            try:
                address, *frames = self.socket.recv_multipart()
            except zmq.ZMQError as error:
                raise RPCError("ZMQ network broken") from error
            name = address.decode(errors="replace")
            try:
                envelope = read(b"".join(frames))
                if not envelope.run_id:
                    self._send(name, b"")
                    continue
                if envelope.run_id != self._run_id:
                    raise Rejected("of another run")
                self._order.check(name, envelope.seq)
                message = _unpacked(envelope.payload)
                if message.node_id != name:
                    raise Rejected("sent in another worker's name")
            except Rejected as why:
                self._on_rejected(name, why)
                continue
            return name, message

    def close(self, linger: int | None = None) -> None:
        """Close the socket and what listens to its handshakes."""
        self.socket.disable_monitor()
        self._refused.close(linger=0)
        self.socket.close(linger=linger)

    def _send(self, name: str, payload: bytes) -> None:
        envelope = Envelope(self._run_id, self._sent[name], payload)
        self._sent[name] += 1
        try:
            self.socket.send_multipart([name.encode(), *_frames(envelope)])
        except zmq.ZMQError as error:
            raise RPCError("ZMQ network broken") from error

    def _tell_refused(self) -> None:
        while True:
            try:
                parse_monitor_message(self._refused.recv_multipart())
            except (zmq.ZMQError, RuntimeError):
                return  # closed
            self._on_rejected("", Rejected("a connection without the token was refused"))


class CurveClient(zmqrpc.BaseSocket):
    """The worker's side; made only after the master proved that it knows the token."""

    def __init__(self, token: str, greet_for_s: float, host: str, port: int, identity: str) -> None:
        super().__init__(zmq.DEALER, ":" not in host)  # type: ignore[no-untyped-call]
        _bound(self.socket)
        self.socket.curve_publickey, self.socket.curve_secretkey = zmq.curve_keypair()
        self.socket.curve_serverkey = zmq.curve_public(z85.encode(curve_secret(token)))
        self.socket.setsockopt(zmq.IDENTITY, identity.encode())
        self.socket.setsockopt(zmq.RECONNECT_IVL, 500)
        self.socket.connect(f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}")
        self._order = SequenceOrder()
        self._seq = 0
        self.heard = 0
        """Messages of the master; a stop of this count is a master that hangs."""
        self.run_id = ""
        self.run_id = self._greet(greet_for_s)

    def send(self, msg: Any) -> None:
        """Send one of Locust's messages."""
        self.send_payload(msg.serialize())

    def send_payload(self, payload: bytes) -> None:
        """Send bytes as the next message of this run; empty ones greet."""
        envelope = Envelope(self.run_id, self._seq, payload)
        if self.run_id:
            self._seq += 1
        try:
            self.socket.send_multipart(_frames(envelope), zmq.NOBLOCK)
        except zmq.ZMQError as error:
            raise RPCError("ZMQ sent failure") from error

    def recv(self) -> Any:
        """The master's next message of this run; others are dropped."""
        while True:
            with suppress(Rejected):
                envelope = self._receive()
                if envelope.run_id != self.run_id:
                    continue
                self._order.check("", envelope.seq)
                self.heard += 1
                if envelope.payload:
                    return _unpacked(envelope.payload)

    def _receive(self) -> Envelope:
        try:
            return read(b"".join(self.socket.recv_multipart()))
        except zmq.ZMQError as error:
            raise RPCError("ZMQ network broken") from error

    def _greet(self, for_s: float) -> str:
        """The run's id, from the master's first answer. Raises RPCError after `for_s`."""
        deadline_s = time.monotonic() + for_s
        while time.monotonic() < deadline_s:
            self.send_payload(b"")
            left_s = min(GREETING_S, deadline_s - time.monotonic())
            if self.socket.poll(max(round(left_s * 1000), 1)):
                with suppress(Rejected):
                    answer = self._receive()
                    self._order.next_seq[""] = answer.seq + 1
                    return answer.run_id
        raise RPCError(f"no master answered within {for_s:g} s; is the token the master's?")


def flush(socket: zmqrpc.BaseSocket) -> None:
    """Close the socket once its last messages are out; afterwards the process may end at once."""
    context = socket.socket.context
    socket.close(linger=FLUSH_MS)
    context.term()


def limit_connections(workers: int) -> None:
    """Let no more than _MAX_CONNECTIONS be open beside those of our `workers`. Processes started later inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MAX_CONNECTIONS + 2 * workers
    resource.setrlimit(resource.RLIMIT_NOFILE, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def install_server(token: str, run_id: str, on_rejected: OnRejected) -> None:
    """From now on Locust's MasterRunner of this process listens with a Server of ours."""
    setattr(zmqrpc, "Server", partial(Server, token, run_id, on_rejected))  # noqa: B010 - mypy minds a plain one


def install_client(token: str, greet_for_s: float) -> None:
    """From now on Locust's WorkerRunner of this process connects with a Client of ours."""
    setattr(zmqrpc, "Client", partial(CurveClient, token, greet_for_s))  # noqa: B010


def _frames(envelope: Envelope) -> list[bytes]:
    data = write(envelope)
    return [data[start : start + FRAME_BYTES] for start in range(0, len(data), FRAME_BYTES)]


def _unpacked(payload: bytes) -> Any:
    try:
        return Message.unserialize(payload)
    except Exception as error:  # msgpack has many, and none of them may end the one who listens
        raise Rejected(f"it cannot be read ({type(error).__name__})") from None


def _bound(socket: Any) -> None:
    if not zmq.has("curve"):
        raise RPCError("this build of ZeroMQ has no CURVE, without which workers are not safe; pip install pyzmq")
    socket.setsockopt(zmq.MAXMSGSIZE, FRAME_BYTES + OVERHEAD_BYTES)
    socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)


def _failed_handshakes(socket: Any) -> Any:
    """A socket that tells of every connection that did not get through the handshake."""
    socket.monitor("inproc://handshakes", _FAILED)
    listening = socket.context.socket(zmq.PAIR)
    listening.setsockopt(zmq.RCVHWM, 0)  # ZeroMQ's own thread waits where this one is full
    listening.connect("inproc://handshakes")
    return listening


def _bind(socket: Any, host: str, port: int) -> int:
    try:
        if port == 0:
            return int(socket.bind_to_random_port(f"tcp://{host}"))
        socket.bind(f"tcp://{host}:{port}")
    except zmq.ZMQError as error:
        raise RPCError(f"cannot listen on {host}:{port}: {error}") from error
    return port
