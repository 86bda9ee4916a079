"""What stands around each message between master and workers: of which run it is, and the how-manieth.

The channel (readiness/load/workers/curve_sockets.py) vouches for who sent a message and that nobody changed or
replayed it. It does not vouch that none was lost between two connections, nor that master and worker speak of the same
run: the envelope does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field


class Rejected(Exception):
    """The message does not belong here; the text says why."""


class Gap(Rejected):
    """The message is genuine, but others before it never came."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message and its place."""

    run_id: str
    """Empty in a greeting, before the worker knows the run."""
    seq: int
    payload: bytes
    """Empty in greetings and their answers."""


def write(envelope: Envelope) -> bytes:
    """Header and payload in one piece."""
    header = json.dumps([envelope.run_id, envelope.seq]).encode()
    return len(header).to_bytes(4, "big") + header + envelope.payload


def read(data: bytes) -> Envelope:
    """The envelope that `write` wrote; raises Rejected for anything else."""
    end = 4 + int.from_bytes(data[:4], "big")
    try:
        run_id, seq = json.loads(data[4:end])
    except (ValueError, TypeError, RecursionError):
        raise Rejected("it is no message of readiness") from None
    if not isinstance(run_id, str) or type(seq) is not int or seq < 0:
        raise Rejected("it is no message of readiness")
    return Envelope(run_id, seq, data[end:])


@dataclass(slots=True)
class SequenceOrder:
    """The next sequence number that each sender owes."""

    next_seq: dict[str, int] = field(default_factory=dict)

    def check(self, sender: str, seq: int) -> None:
        """Raises Rejected for a message seen before, or when one before it never came."""
        due = self.next_seq.get(sender, 0)
        if seq < due:
            raise Rejected("sent a second time")
        self.next_seq[sender] = seq + 1
        if seq > due:
            raise Gap(f"{seq - due} messages before it are missing")
