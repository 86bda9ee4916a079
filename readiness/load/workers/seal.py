"""Sealed messages between master and workers: who sent it, for which run, in which order.

Locust's own channel believes whoever connects: a stranger could join as a worker and turn a run green. Here every
message carries HMAC-SHA256 over the run's id, the direction, the sender, a sequence number and the content, with a
key that both sides were given (RFC 2104). A message of another run, of another sender, sent twice or out of order is
told apart and dropped. The content itself is not encrypted.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from enum import StrEnum

_MAC_BYTES = hashlib.sha256().digest_size
MIN_TOKEN_CHARS = 16


class Direction(StrEnum):
    """Part of what is sealed, so that a message cannot be thrown back at its sender."""

    TO_MASTER = "to master"
    TO_WORKER = "to worker"


class Rejected(Exception):
    """The message is not what it claims to be; the text says why."""


class Gap(Rejected):
    """The message is genuine, but others before it never came."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """One message with what its seal vouches for."""

    run_id: str
    """Empty in the greeting, before the worker knows the run."""
    direction: Direction
    sender: str
    seq: int
    payload: bytes


def key_of(token: str) -> bytes:
    """The key that a token stands for. Raises ValueError when it is too short to keep anybody out."""
    if len(token) < MIN_TOKEN_CHARS:
        raise ValueError(f"the worker token needs at least {MIN_TOKEN_CHARS} characters")
    return hashlib.sha256(b"readiness worker\0" + token.encode()).digest()


def seal(key: bytes, message: Sealed) -> bytes:
    """MAC, header and payload in one piece."""
    header = json.dumps([message.run_id, message.direction, message.sender, message.seq]).encode()
    body = len(header).to_bytes(4, "big") + header + message.payload
    return hmac.digest(key, body, "sha256") + body


def unseal(key: bytes, data: bytes) -> Sealed:
    """The message, once its seal was checked; raises Rejected. Nothing is parsed before that."""
    mac, body = data[:_MAC_BYTES], data[_MAC_BYTES:]
    if not hmac.compare_digest(mac, hmac.digest(key, body, "sha256")):
        raise Rejected("sealed with another token, or not at all")
    size = int.from_bytes(body[:4], "big")
    run_id, direction, sender, seq = json.loads(body[4 : 4 + size])  # ours: the seal holds
    return Sealed(run_id, Direction(direction), sender, seq, body[4 + size :])


@dataclass(slots=True)
class Order:
    """The next sequence number that each sender owes."""

    next_seq: dict[str, int] = field(default_factory=dict)

    def check(self, message: Sealed) -> None:
        """Raises Rejected for a message seen before, or when one before it never came."""
        due = self.next_seq.get(message.sender, 0)
        if message.seq < due:
            raise Rejected("sent a second time")
        self.next_seq[message.sender] = message.seq + 1
        if message.seq > due:
            raise Gap(f"{message.seq - due} messages before it are missing")
