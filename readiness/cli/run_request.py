"""What `readiness run` was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RunRequest:
    """The flags of the command line, as given."""

    target: str
    thresholds: Path | None = None
    scenarios: Path | None = None
    users: str | None = None
    rate: str | None = None
    duration: str | None = None
    ramp_up: str | None = None
    warm_up: str | None = None
    processes: str | None = None
    repeat: str | None = None
    remote_workers: str | None = None
    listen: str | None = None
    worker_wait: str | None = None
    token_file: Path | None = None
    out: Path | None = None
    """None: a folder of its own below reports."""
    formats: str | None = None
    allow_hosts: tuple[str, ...] = ()
    allow_conditional: bool = False
    quiet: bool = False
    allow_db_writer: bool = False
    deep: bool = False
    allow_env: tuple[str, ...] = ()
    ceilings: Path | None = None
    keep: str | None = None
    samples: Path | None = None
    paths: tuple[str, ...] = ()
    """Of a run without limits and scenarios."""
    live: bool = False
    """Whether a page on loopback shows the load."""
    options: tuple[str, ...] = ()
    """Words for Locust's own parser."""
    drills: bool = False
    allow_commands: bool = False
