"""What the kernel has in its own books of a TCP connection: TCP_INFO of a socket, and the table of all sockets."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from pathlib import Path

LISTENING, CLOSED = "0A", 7


@dataclass(frozen=True)
class Tcp:
    """Of one end of a connection, from struct tcp_info of linux/tcp.h."""

    state: int
    bytes_acked: int
    """That the other end's kernel has; 1 of them is the beginning of the connection."""
    bytes_received: int
    data_segments: int
    """Packets with data that came."""


def tcp_of(connection: socket.socket) -> Tcp:
    """Asked of the kernel now."""
    raw = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
    acked, received = struct.unpack_from("QQ", raw, 120)
    return Tcp(raw[0], acked, received, struct.unpack_from("I", raw, 152)[0])


def unread_at(port: int, peer: int) -> int | None:
    """Bytes that wait unread at the end `port` of its connection with `peer`; None when there is no such connection."""
    for local, remote, _, waiting in _sockets():
        if (local, remote) == (port, peer):
            return waiting
    return None


def listens(port: int) -> bool:
    """Whether any socket listens there."""
    return any(local == port and state == LISTENING for local, _, state, _ in _sockets())


def _sockets() -> list[tuple[int, int, str, int]]:
    """Local port, remote port, state and unread bytes of every IPv4 socket."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [
        (int(one[1].split(":")[1], 16), int(one[2].split(":")[1], 16), one[3], int(one[4].split(":")[1], 16))
        for one in lines
    ]
