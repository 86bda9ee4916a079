"""Connections go to the plan's addresses and nowhere else, whatever client a scenario uses.

Checked at the socket, after name resolution: no redirect, second resolution or absolute URL gets around it. Of the
target only its own port may be reached: whatever else listens at its address is no part of it.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Collection
from ipaddress import ip_address
from typing import Any

import gevent.socket

from readiness.load.addresses import Addresses
from readiness.load.http.failures import of_os_error
from readiness.measurements.connections import NO_WAY
from readiness.text import clean

_CONNECT = gevent.socket.socket.connect
_CONNECT_EX = gevent.socket.socket.connect_ex
_SEND_TO = gevent.socket.socket.sendto
_SEND_MESSAGE = gevent.socket.socket.sendmsg
_RESOLVE = gevent.socket.getaddrinfo


class NotAllowed(ConnectionRefusedError):
    """A scenario tried to reach a host or port that the run does not allow."""


class NamesNobody(NotAllowed, socket.gaierror):
    """The host has no address either."""


def allow_only(
    target: Addresses,
    others: Collection[str] = (),
    connected: Callable[[], object] = lambda: None,
    sent: Callable[[], object] = lambda: None,
) -> None:
    """From now on every TCP or UDP connection and datagram of this process elsewhere is refused before it starts.

    Allowed are the addresses of `target` at its port, and `others` at any port. The target's name means these
    addresses and no others, and they take turns to be the first. `connected` is called after each connection that came
    about, `sent` before each datagram. This takes the place of what was allowed before.
    """
    pinned, checked = frozenset(target.all), _gate(target, others)

    def connect(self: Any, address: Any) -> Any:
        address = checked(self, address)
        several = len(pinned) > 1 and address[0] in pinned
        try:
            result = _CONNECT(self, address)
        except OSError as problem:
            if several:
                target.missed(address[0], _class_of(problem))
            raise
        if several:
            target.opened[address[0]] += 1
        connected()
        return result

    def connect_ex(self: Any, address: Any) -> Any:
        address = checked(self, address)
        problem = _CONNECT_EX(self, address)
        if problem in (0, errno.EINPROGRESS):
            connected()
        return problem

    def sendto(self: Any, *words: Any) -> Any:
        address = checked(self, words[-1])
        sent()
        return _SEND_TO(self, *words[:-1], address)

    def sendmsg(self: Any, buffers: Any, ancdata: Any = (), flags: int = 0, address: Any = None) -> Any:
        address = checked(self, address)
        if address is not None:
            sent()
        return _SEND_MESSAGE(self, buffers, ancdata, flags, address)

    gevent.socket.socket.connect = connect
    gevent.socket.socket.connect_ex = connect_ex
    gevent.socket.socket.sendto = sendto
    gevent.socket.socket.sendmsg = sendmsg
    gevent.socket.getaddrinfo = socket.getaddrinfo = _resolver(target)


def _gate(target: Addresses, others: Collection[str]) -> Callable[[Any, Any], Any]:
    """What gives an address back with a number in the place of its name. Raises NotAllowed."""
    pinned, allowed = frozenset(target.all), frozenset(others)

    def checked(sock: Any, address: Any) -> Any:
        if not isinstance(address, tuple):
            return address
        if not _is_number(sock.family, str(address[0])):
            number = socket.getaddrinfo(address[0], address[1], sock.family, sock.type, sock.proto)[0][4][0]
            address = number, *address[1:]
        place = str(address[0]).partition("%")[0]
        if place in allowed or (place in pinned and address[1] == target.port):
            return address
        if place in pinned:
            told = (
                f"{address[0]} port {address[1]} is not the target, of whose machine only port {target.port} is allowed"
            )
            told += f": for another port, name {_another_name(target.host, place)}"
        else:
            told = f"{address[0]} is not the target; name it"
        raise NotAllowed(errno.ECONNREFUSED, f"{told} with --allow-host and under target.allowed_hosts")

    return checked


def _another_name(host: str, address: str) -> str:
    """By which any port of the machine at `address` may be reached; `host`, as TARGET has it, never is one."""
    if host != address:
        return address
    return "localhost" if ip_address(host).is_loopback else "another name of it"


def _resolver(target: Addresses) -> Callable[..., Any]:
    """In the place of `socket.getaddrinfo`."""

    def getaddrinfo(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:  # noqa: A002 - the name that callers use
        if _text(host) != target.host or str(port) != str(target.port):
            try:
                return _RESOLVE(host, port, family, type, proto, flags)
            except UnicodeError:  # of a redirect, perhaps
                raise socket.gaierror(socket.EAI_NONAME, f"{clean(host, 100)} is not a name") from None
            except socket.gaierror as problem:
                told = f"{problem.strerror} ({clean(host, 100)} is not the target)"
                raise NamesNobody(problem.errno, told) from None
        found = [
            one
            for address in target.turn()
            for one in _RESOLVE(address, port, 0, type, proto, flags)
            if family in (0, one[0])
        ]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, f"{target.host} has no address of this family")
        return found

    return getaddrinfo


def try_untried(target: Addresses, patience_s: float) -> None:
    """One connection, with nothing sent, to each address that the load never came to: a dead one is to be told."""
    for address in target.untried():
        sock = gevent.socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        sock.settimeout(patience_s)
        try:
            _CONNECT(sock, (address, target.port))
        except OSError as problem:
            target.missed(address, _class_of(problem))
        finally:
            sock.close()


def _class_of(problem: OSError) -> str:
    """Of a connection that did not come about."""
    away = problem.errno in (errno.ENETUNREACH, errno.EADDRNOTAVAIL)
    return NO_WAY if away else of_os_error(problem, connecting=True).failure


def _is_number(family: int, host: str) -> bool:
    if family not in (socket.AF_INET, socket.AF_INET6):
        return True
    try:
        socket.inet_pton(family, host.partition("%")[0])
    except OSError:
        return False
    return True


def _text(host: Any) -> str:
    return (host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)).lower()
