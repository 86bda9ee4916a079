"""`--live`: the numbers of the terminal as a page on loopback; the page is one file, and its policy names its parts."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import msgspec

from readiness.load.assembly import Assembly
from readiness.run.live.event_server import EventServer, head_of
from readiness.run.live.live_snapshot import Snapshot
from readiness.run.live.observer import Observer
from readiness.run.plan import Plan
from readiness.run.progress import Progress

_END = b"event: end\ndata: {}\n\n"


class WebPage(Progress):
    """Shows the load to browsers; it listens as long as it is open. Of steps it shows nothing."""

    def __init__(self, observer: Observer) -> None:
        """Raises OSError when nothing can be listened on."""
        self._observer = observer
        self._newest: Snapshot | None = None
        self._encoded: tuple[Snapshot, bytes] | None = None
        self._server = EventServer(_page, self._event, _END)

    @property
    def url(self) -> str:
        """Where it is; whoever knows it sees the load."""
        return self._server.address.url

    def load(self, plan: Plan, assembly: Assembly) -> None:
        """New numbers: nothing is encoded here, and nothing at all while nobody reads."""
        self._newest = self._observer.see(plan, assembly)
        self._server.tell()

    def close(self) -> None:
        """Tell those who read that the load has ended, and stop listening."""
        self._server.close()

    def _event(self) -> bytes | None:
        """The newest snapshot as an event; asked for in the server's thread."""
        newest = self._newest
        if newest is None:
            return None
        if self._encoded is None or self._encoded[0] is not newest:
            self._encoded = newest, b"data: " + msgspec.json.encode(newest) + b"\n\n"
        return self._encoded[1]


@cache
def _page() -> bytes:
    text = Path(__file__).with_name("live.html").read_bytes()
    style, script = (_hash(text, name) for name in ("style", "script"))
    policy = (
        f"default-src 'none'; style-src {style}; script-src {script}; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
    more = (f"Content-Length: {len(text)}", f"Content-Security-Policy: {policy}")
    return head_of(200, "text/html", *more) + text


def _hash(text: bytes, name: str) -> str:
    """The hash of the one element of that name, as a content security policy writes it."""
    found = re.search(rb"<%b>(.*?)</%b>" % (name.encode(), name.encode()), text, re.DOTALL)
    assert found is not None
    return f"'sha256-{base64.b64encode(hashlib.sha256(found[1]).digest()).decode()}'"
