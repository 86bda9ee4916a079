"""A little load in the background of a test: logged-in threads that look bags up without a pause."""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import httpx

from readiness.demo.accounts import PASSWORD
from readiness.demo.seed import BAGS, qr_code

THREADS = 4


def signed_in(url: str) -> httpx.Client:
    """A client of somebody who is logged in."""
    client = httpx.Client(base_url=url, trust_env=False, timeout=300.0)
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
    assert token is not None
    answer = client.post("/login", data={"csrf_token": token[1], "username": "user-000", "password": PASSWORD})
    assert answer.status_code == 303
    return client


@dataclass
class Lookups:
    """What came back so far, by status."""

    statuses: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0
    """503 that do not say when to come back."""
    broken: list[str] = field(default_factory=list)
    """Requests without any answer."""


@contextmanager
def lookups(url: str, *, bags: int = BAGS) -> Iterator[Lookups]:
    """Load until the end of the block, on bags 1 to `bags`."""
    seen, stop = Lookups(), threading.Event()

    def look_up(client: httpx.Client) -> None:
        with closing(client):
            while not stop.is_set():
                try:
                    answer = client.get(f"/api/bags/{qr_code(random.randint(1, bags))}")
                except httpx.HTTPError as error:
                    seen.broken.append(repr(error))
                    return
                seen.statuses[answer.status_code] += 1
                seen.without_retry_after += answer.status_code == 503 and "retry-after" not in answer.headers

    threads = [threading.Thread(target=look_up, args=(signed_in(url),)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        stop.set()
        for thread in threads:
            thread.join()
