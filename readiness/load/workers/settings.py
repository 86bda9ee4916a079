"""What the master is told, and what each worker: a line of JSON on standard input each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Workers:
    """Processes that share the load. `local` ones are started here, `remote` ones connect by themselves."""

    local: int
    token: str
    """Both sides know it; it never stands in a plan, a report or an argument list."""
    remote: int = 0
    host: str = LOOPBACK
    port: int = 0
    """0: a free one."""
    wait_s: float = 30.0
    """How long all of them may take to connect and to load the scenarios."""

    @property
    def total(self) -> int:
        """Workers that the load needs."""
        return self.local + self.remote


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """Where the master is, and which scenario files lie here."""

    host: str
    port: int
    token: str
    scenarios: Mapping[str, str]
    """File stem to path; the master compares their hashes with its own."""
    hosts: Mapping[str, Sequence[str]] | None = None
    """Hosts that may be loaded from here, with their addresses; None where the master's own machine decides."""


def dumps(settings: Workers | WorkerSettings) -> str:
    """One line of JSON."""
    return json.dumps(asdict(settings)) + "\n"


def read_master(line: str) -> Workers:
    """The master's settings; raises ValueError or TypeError when the line is not one."""
    return Workers(**json.loads(line))


def read_worker(line: str) -> WorkerSettings:
    """A worker's settings; raises ValueError or TypeError when the line is not one."""
    return WorkerSettings(**json.loads(line))
