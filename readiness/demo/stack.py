"""The whole demo target, from nothing to answering and back to nothing.

The servers are processes of their own under guards (guard.py). This module runs in the CLI's process and imports no
web framework; only the service's process does.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import readiness
from readiness.demo.errors import INSTALL, DemoError
from readiness.demo.folder import create_folder, reap_stale
from readiness.demo.guarded import GuardedServer, base_environment, start_guarded
from readiness.demo.postgres import Postgres, start_postgres
from readiness.demo.profiles import Profile, check_profile
from readiness.demo.seed import DatabaseUrls, create_database
from readiness.demo.service.settings import ServiceSettings, Tuning, to_environment
from readiness.demo.valkey import VALKEY_VARIABLE, Valkey, start_valkey

_START_TIMEOUT_S = 30.0
_SCRATCH = "bag_tracker_restored"
BACKLOG = 512
TUNING = Tuning(auth_per_hour=100_000)
"""Log-ins count for an address, and all simulated users come from one: the service's own 1,000 an hour would
answer the load with 429. `RateLimit-Policy` and `/stats` show the raised limit."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Where the running demo target is."""

    url: str
    database_url: str = field(repr=False)
    """As a role that can only read."""
    admin_database_url: str = field(repr=False)
    cache_url: str | None = field(repr=False)
    """None: the service caches in its own memory."""
    scratch_url: str = field(repr=False)
    """Of a database beside it, into which backup.py restores a backup; nobody made it yet."""
    programs: Path
    """The folder of PostgreSQL's own programs."""
    parts: Mapping[str, Path] = field(default_factory=dict)
    """The folder of each of its servers, through which part.py breaks it."""


Between = Callable[[Mapping[str, int]], Mapping[str, int]]
"""Ports of loopback at which `database` and `cache` answer -> those by which the service shall reach them."""


@contextlib.contextmanager
def start(profile: str = "optimised", tuning: Tuning = TUNING, between: Between | None = None) -> Iterator[Stack]:
    """The running demo target; everything is stopped and removed at the end of the block. Raises DemoError.

    `between` is called before the service starts. The URLs of the result lead straight to the servers all the same.
    """
    chosen = check_profile(profile)
    _check_extra(chosen)
    reap_stale()
    with contextlib.ExitStack() as running:
        with ThreadPoolExecutor(2, thread_name_prefix="demo") as threads:
            cache_start = threads.submit(_start_cache, running) if chosen.has_cache else None
            database_start = threads.submit(_start_database, running, chosen)
        postgres, urls = database_start.result()
        valkey = None if cache_start is None else cache_start.result()
        cache_url = None if valkey is None else valkey.url
        servers = {"database": urls.service} | ({"cache": cache_url} if cache_url else {})
        if between is not None:
            ports = between({name: urlsplit(one).port or 0 for name, one in servers.items()})
            servers = {name: _through(one, ports[name]) for name, one in servers.items()}
        url, service = _start_service(running, chosen, servers["database"], servers.get("cache"), tuning)
        guarded = {"database": postgres.server, "service": service} | ({"cache": valkey.server} if valkey else {})
        parts = {name: server.folder.path for name, server in guarded.items()}
        yield Stack(url, urls.reader, urls.admin, cache_url, postgres.admin_url(_SCRATCH), postgres.programs, parts)


def _check_extra(profile: Profile) -> None:
    missing = [name for name in profile.needs if importlib.util.find_spec(name) is None]
    if missing:
        raise DemoError(f"demo: needs {', '.join(missing)}; install with {INSTALL}")


def _start_database(running: contextlib.ExitStack, profile: Profile) -> tuple[Postgres, DatabaseUrls]:
    postgres = start_postgres({"synchronous_commit": profile.synchronous_commit})
    running.callback(postgres.stop)
    return postgres, create_database(postgres, profile.accounts())


def _start_cache(running: contextlib.ExitStack) -> Valkey | None:
    try:
        server = start_valkey()
    except DemoError:
        if VALKEY_VARIABLE in os.environ:
            raise
        return None  # found on the machine but does not run here: as good as none, and cache_url says so
    if server is not None:
        running.callback(server.stop)
    return server


def _start_service(
    running: contextlib.ExitStack, profile: Profile, database_url: str, cache_url: str | None, tuning: Tuning
) -> tuple[str, GuardedServer]:
    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener:
        port = listener.getsockname()[1]
        settings = ServiceSettings(database_url, cache_url, listener.fileno(), tuning)
        server = start_guarded(
            "the demo service",
            [sys.executable, "-P", "-m", profile.module],
            create_folder("service", None),
            stop_signal=profile.stop_signal,
            environment=_environment() | to_environment(settings),
            pass_fds=(listener.fileno(),),
        )
    running.callback(server.stop)
    server.wait_ready(lambda: _is_healthy(port, server), _START_TIMEOUT_S)
    return f"http://127.0.0.1:{port}", server


def _through(url: str, port: int) -> str:
    """The same server by another port."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{port}").geturl()


def _environment() -> dict[str, str]:
    """Where Python and its packages are."""
    environment = base_environment("HOME", "LANG", "LC_ALL", "PYTHONPATH")
    package = str(Path(readiness.__file__).resolve().parent.parent)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (package, environment.get("PYTHONPATH"))))
    return environment


def _is_healthy(port: int, server: GuardedServer) -> bool:
    if server.process.poll() is not None:
        return False
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1.0)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
