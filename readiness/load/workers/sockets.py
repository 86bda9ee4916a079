"""Locust's ZeroMQ sockets with a seal around every message; `install` puts them in the place of Locust's own.

A worker greets first and learns the run's id from the master's sealed answer to a number that it just drew: neither
side can be fooled with messages recorded in another run.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import zmq.green as zmq
from locust.exception import RPCError
from locust.rpc import zmqrpc
from locust.rpc.protocol import Message

from readiness.load.workers.seal import Direction, Order, Rejected, Sealed, seal, unseal

GREETING_S = 1.0
"""A greeting without an answer is said again this often."""
FLUSH_MS = 500
MAX_MESSAGE_BYTES = 64 << 20
"""No second's numbers are larger; longer frames are cut off by ZeroMQ."""

OnRejected = Callable[[str, Rejected], None]
"""Told of (sender, why) for each message that was dropped."""


class SealedServer(zmqrpc.BaseSocket):
    """The master's side, bound to `host`; port 0 takes a free one, and `port` says which."""

    def __init__(self, key: bytes, run_id: str, on_rejected: OnRejected, host: str, port: int) -> None:
        super().__init__(zmq.ROUTER, ":" not in host)  # type: ignore[no-untyped-call]
        self.socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        self.port = _bind(self.socket, f"[{host}]" if ":" in host else host, port)
        self._key = key
        self._run_id = run_id
        self._on_rejected = on_rejected
        self._order = Order()
        self._sent: Counter[str] = Counter()

    def send_to_client(self, msg: Any) -> None:
        """Seal and send one of Locust's messages to the worker that it names."""
        self._send(msg.node_id, msg.serialize())

    def recv_from_client(self) -> tuple[str, Any]:
        """(worker, message): the next one that holds; greetings are answered on the way."""
        while True:
            try:
                address, *frames = self.socket.recv_multipart()
            except zmq.ZMQError as error:
                raise RPCError("ZMQ network broken") from error
            name = address.decode(errors="replace")
            try:
                message = unseal(self._key, b"".join(frames))
                self._check(name, message)
            except Rejected as why:
                self._on_rejected(name, why)
                continue
            if not message.run_id:
                self._send(name, message.payload)  # its own number back, sealed with this run's id
                continue
            return name, Message.unserialize(message.payload)

    def _check(self, name: str, message: Sealed) -> None:
        if message.direction is not Direction.TO_MASTER or message.sender != name:
            raise Rejected("sent in another worker's name")
        if not message.run_id:
            return
        if message.run_id != self._run_id:
            raise Rejected("of another run")
        self._order.check(message)

    def _send(self, name: str, payload: bytes) -> None:
        message = Sealed(self._run_id, Direction.TO_WORKER, name, self._sent[name], payload)
        self._sent[name] += 1
        try:
            self.socket.send_multipart([name.encode(), seal(self._key, message)])
        except zmq.ZMQError as error:
            raise RPCError("ZMQ network broken") from error


class SealedClient(zmqrpc.BaseSocket):
    """The worker's side; made only after the master proved that it knows the token."""

    def __init__(self, key: bytes, greet_for_s: float, host: str, port: int, identity: str) -> None:
        super().__init__(zmq.DEALER, ":" not in host)  # type: ignore[no-untyped-call]
        self.socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        self.socket.setsockopt(zmq.IDENTITY, identity.encode())
        self.socket.connect(f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}")
        self._key = key
        self._name = identity
        self._order = Order()
        self._seq = 0
        self.run_id = ""
        self.run_id = self._greet(greet_for_s)

    def send(self, msg: Any) -> None:
        """Seal and send one of Locust's messages."""
        self._send(msg.serialize())

    def recv(self) -> Any:
        """The master's next message that holds; others are dropped."""
        while True:
            with suppress(Rejected, ValueError):
                message = self._receive()
                if message.run_id == self.run_id:
                    self._order.check(message)
                    return Message.unserialize(message.payload)

    def _send(self, payload: bytes) -> None:
        message = Sealed(self.run_id, Direction.TO_MASTER, self._name, self._seq, payload)
        if self.run_id:
            self._seq += 1
        try:
            self.socket.send(seal(self._key, message), zmq.NOBLOCK)
        except zmq.ZMQError as error:
            raise RPCError("ZMQ sent failure") from error

    def _receive(self) -> Sealed:
        try:
            message = unseal(self._key, self.socket.recv())
        except zmq.ZMQError as error:
            raise RPCError("ZMQ network broken") from error
        if message.direction is not Direction.TO_WORKER or message.sender != self._name:
            raise Rejected("not meant for this worker")
        return message

    def _greet(self, for_s: float) -> str:
        """The run's id, from an answer that carries the number we just drew. Raises RPCError after `for_s`."""
        number = secrets.token_bytes(16)
        deadline_s = time.monotonic() + for_s
        while time.monotonic() < deadline_s:
            self._send(number)
            again_s = min(time.monotonic() + GREETING_S, deadline_s)
            while (left_s := again_s - time.monotonic()) > 0:
                if not self.socket.poll(max(round(left_s * 1000), 1)):
                    break
                with suppress(Rejected, ValueError):
                    answer = self._receive()
                    if answer.payload == number and answer.run_id:
                        self._order.next_seq[self._name] = answer.seq + 1
                        return answer.run_id
        raise RPCError(f"no master answered within {for_s:g} s; is the token the master's?")


def flush(socket: zmqrpc.BaseSocket) -> None:
    """Close the socket once its last messages are out; afterwards the process may end at once."""
    inner = socket.socket
    context = inner.context
    inner.close(linger=FLUSH_MS)
    context.term()


def install_server(key: bytes, run_id: str, on_rejected: OnRejected) -> None:
    """From now on Locust's MasterRunner of this process listens with a SealedServer."""
    setattr(zmqrpc, "Server", partial(SealedServer, key, run_id, on_rejected))  # noqa: B010 - mypy minds a plain one


def install_client(key: bytes, greet_for_s: float) -> None:
    """From now on Locust's WorkerRunner of this process connects with a SealedClient."""
    setattr(zmqrpc, "Client", partial(SealedClient, key, greet_for_s))  # noqa: B010


def _bind(socket: Any, host: str, port: int) -> int:
    try:
        if port == 0:
            return int(socket.bind_to_random_port(f"tcp://{host}"))
        socket.bind(f"tcp://{host}:{port}")
    except zmq.ZMQError as error:
        raise RPCError(f"cannot listen on {host}:{port}: {error}") from error
    return port
