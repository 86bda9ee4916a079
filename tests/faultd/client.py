"""A faultd in a process of its own, as tests see it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from fnmatch import fnmatchcase
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

ROOT = Path(__file__).resolve().parents[2]
CONDITIONS = ("only", "after", "at_s", "for_s", "share")


def layer(mode: str, **words: Any) -> dict[str, Any]:
    """One layer as JSON: conditions (package docstring) and the mode's own options side by side."""
    conditions = {name: words.pop(name) for name in CONDITIONS if name in words}
    return {"mode": mode, "options": words, **conditions}


_FIRST_PORT = 10_000 + os.getpid() % 300 * 30
_ports = cycle(range(_FIRST_PORT, _FIRST_PORT + 30))


class Faultd:
    """A running server; use as a context manager or through the fixture."""

    def __init__(self, *layers: dict[str, Any], host: str = "127.0.0.1", port: int = 0) -> None:
        command = [sys.executable, "-m", "tests.faultd", "--with-parent", "--host", host, "--port", str(port)]
        self.process = subprocess.Popen(
            [*command, "--layers", json.dumps(layers)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.stop()
            raise RuntimeError("faultd did not start; its error is above")
        ports = json.loads(line)
        self.url: str = ports["url"]
        self.control: str = ports["control"]
        self._opener = build_opener(ProxyHandler({}))

    def _ask(self, path: str, document: Any = None) -> Any:
        data = None if document is None else json.dumps(document).encode()
        with self._opener.open(Request(self.control + path, data=data)) as answer:
            return json.load(answer)

    def counts(self) -> dict[str, Any]:
        """What the server saw so far: connections, requests, responses, first_s, last_s, paths."""
        counts: dict[str, Any] = self._ask("/counts")
        return counts

    def seen(self, *patterns: str) -> int:
        """Requests fully received on paths that match one of the globs."""
        paths = self.counts()["paths"].items()
        return sum(one["requests"] for path, one in paths if any(fnmatchcase(path, p) for p in patterns))

    def log(self) -> list[tuple[float, str, str]]:
        """(seconds since start, method, path) of each request."""
        return [(at, method, path) for at, method, path in self._ask("/log")]

    def wait(self, requests: int, path: str = "*", timeout_s: float = 600.0) -> None:
        """Return once so many requests were received; AssertionError after `timeout_s`."""
        asked = urlencode({"requests": requests, "path": path, "timeout": timeout_s})
        answer = self._ask(f"/wait?{asked}")
        assert answer["reached"], f"faultd saw {answer['requests']} requests in {timeout_s} s, waited for {requests}"

    def set_mode(self, mode: str, **words: Any) -> None:
        """Replace all layers by one."""
        self.set_layers(layer(mode, **words))

    def set_layers(self, *layers: dict[str, Any]) -> None:
        """Replace all layers."""
        self._ask("/layers", list(layers))

    def die(self) -> None:
        """The service goes away; the counts stay."""
        self._ask("/die", {})

    def stop(self) -> None:
        """End the process; safe to call twice."""
        process = self.process
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Faultd:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def free_port() -> int:
    """A port on which nothing listens, and which the kernel gives to nobody who asks for any.

    One of those might be somebody else's a moment later: of another test, of a connection. So it lies below them, and
    every process has its own.
    """
    for number in _ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", number))
            except OSError:
                continue
            return number
    raise AssertionError("unreachable")


def until(condition: Callable[[], object], timeout_s: float = 600.0) -> bool:
    """Whether `condition()` became true in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
