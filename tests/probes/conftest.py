"""A small real HTTP server whose answers a test scripts by path."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread, Timer

import pytest

from readiness.config.probes import Probes
from readiness.measurements.provenance import Target
from readiness.measurements.run import Measurement
from readiness.probes import as_browser, conclude
from readiness.probes import observe as observe_beside
from readiness.probes.allowance import Allowance
from readiness.probes.window import Window

Script = Callable[[BaseHTTPRequestHandler], None]


def reply(status: int = 200, body: bytes | str = b"", *headers: tuple[str, str]) -> Script:
    """Always this answer."""

    def run(handler: BaseHTTPRequestHandler) -> None:
        raw = body.encode() if isinstance(body, str) else body
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    return run


def in_turn(*scripts: Script, forever: bool = False) -> Script:
    """One script per request, in turn; the last one stays, or with `forever` they start again."""
    count = -1

    def run(handler: BaseHTTPRequestHandler) -> None:
        nonlocal count
        count += 1
        scripts[count % len(scripts) if forever else min(count, len(scripts) - 1)](handler)

    return run


def document(value: object) -> Script:
    """Always this JSON document."""
    return reply(200, json.dumps(value), ("Content-Type", "application/json"))


def raw(*parts: bytes, pause_s: float = 0.0) -> Script:
    """Bytes as they are, then the connection is closed."""

    def run(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        try:
            for part in parts:
                handler.wfile.write(part)
                time.sleep(pause_s)
        except OSError:
            pass

    return run


def target(url: str) -> Target:
    """What a plan would know of the URL."""
    return Target("tested", url, ("127.0.0.1",))


def observe(
    where: Target, settings: Probes, wanted: AbstractSet[str], window: Window, *, duration_s: float = 20.0
) -> dict[str, Measurement]:
    """Everything that is seen of a target while the window is open, as the run would have it.

    With the default a document is read every second, with 200 s every ten.
    """
    seen = observe_beside(where, settings, wanted, window, paid(window), duration_s=duration_s)
    agents = as_browser(where, settings, lambda: False)
    found = conclude(seen, agents, settings, wanted, https=False, load=None, database=None)
    assert len({one.metric for one in found}) == len(found)
    return {one.metric: one for one in found}


def paid(window: Window, requests: int = 10**9) -> Allowance:
    """What probes may send beside a load of so many requests of 20 ms."""
    allowance = Allowance(window)
    allowance.load_did(requests, 20.0 * requests)
    return allowance


class Site:
    """The server; `paths` holds the script of each path, anything else is 404."""

    def __init__(self) -> None:
        self.paths: dict[str, Script] = {}
        self.seen: list[str] = []
        self.answered: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            disable_nagle_algorithm = True  # a small body after its head would wait 40 ms for an acknowledgement
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.do_GET()

            def do_GET(self) -> None:
                site.seen.append(self.path)
                site.paths.get(self.path, reply(404))(self)
                site.answered.append(self.path)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def target(self) -> Target:
        return target(self.url)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    yield server
    server.close()


@pytest.fixture
def other_site() -> Iterator[Site]:
    server = Site()
    yield server
    server.close()


@pytest.fixture
def judged() -> Iterator[Callable[..., Window]]:
    """Starts a window that begins and ends by itself."""
    timers: list[Timer] = []

    def start(begin_after_s: float = 0.2, length_s: float = 0.6) -> Window:
        window = Window()
        for after_s, tell in ((begin_after_s, window.begin), (begin_after_s + length_s, window.end)):
            timers.append(Timer(after_s, tell))
            timers[-1].start()
        return window

    yield start
    for timer in timers:
        timer.cancel()
        timer.join()


@pytest.fixture
def looked_at() -> Iterator[Callable[..., Window]]:
    """Starts a window that begins when `before` requests for `path` came, and ends when `times` more were answered.

    Then a few moments more, so that whoever asked has read the answer; they are counted by waking up, because a process
    that stands still meanwhile reads nothing either.
    """
    threads: list[Thread] = []

    def start(site: Site, path: str, times: int, *, before: int = 0, answered: bool = True) -> Window:
        window = Window()

        def play() -> None:
            ends_s = time.monotonic() + 600

            def until(count: int, requests: list[str]) -> None:
                while requests.count(path) < count and time.monotonic() < ends_s:
                    time.sleep(0.01)

            until(before, site.seen)
            earlier = site.answered.count(path) if answered else site.seen.count(path)
            window.begin()
            until(earlier + times, site.answered if answered else site.seen)
            for _ in range(60):
                time.sleep(0.01)
            window.end()

        threads.append(Thread(target=play))
        threads[-1].start()
        return window

    yield start
    for thread in threads:
        thread.join()
