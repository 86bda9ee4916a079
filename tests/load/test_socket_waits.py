"""Which waits of a user are for bytes of the target, by every way of Python's to wait for a socket."""

from tests.load.isolated import python

WAITS = """
import locust, gevent
import json, select, selectors, socket, ssl, threading, time
from gevent.lock import Semaphore
from readiness.load.addresses import Addresses
from readiness.load.life.socket_waits import waits_for

silent, other = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))

def connected(server=silent):
    return socket.create_connection(server.getsockname())

def poll():
    waiter = select.poll()
    waiter.register(here := connected(), select.POLLIN)
    waiter.poll()

def selector():
    waiter = selectors.DefaultSelector()
    waiter.register(connected(), selectors.EVENT_READ)
    waiter.select(60)

def send():
    here = connected()
    while True:
        here.sendall(bytes(1_000_000))

WAYS = {
    "recv": lambda: connected().recv(9),
    "recv_into": lambda: connected().recv_into(bytearray(9)),
    "readline": lambda: connected().makefile("rb").readline(),
    "select": lambda: select.select([connected()], [], []),
    "poll": poll,
    "selector": selector,
    "send": send,
    "tls": lambda: ssl.create_default_context().wrap_socket(connected(), server_hostname="here"),
    "another service": lambda: connected(other).recv(9),
    "sleep": lambda: time.sleep(60),
    "lock": lambda: Semaphore(0).acquire(),
    "event": lambda: threading.Event().wait(60),
}
target = Addresses("http://127.0.0.1:%d" % silent.getsockname()[1], ("127.0.0.1",))
found = {}
for name, way in WAYS.items():
    waiting = gevent.spawn(way)
    gevent.sleep(0.2)
    assert not waiting.dead, name
    found[name] = waits_for(target, waiting.gr_frame)
print(json.dumps(found))
"""


def test_whoever_waits_for_a_socket_of_the_target_does_not_idle_and_all_others_do() -> None:
    found = python(WAITS)
    assert [name for name, waits in found.items() if not waits] == ["another service", "sleep", "lock", "event"]
    assert len(found) == 12
