"""`readiness demo`: serve the bag service until Ctrl-C."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from typing import Annotated

import typer

from readiness.cli.output import refusals, say


def demo(
    profile: Annotated[str, typer.Option(help="How the service is built.")] = "optimised",
    drill: Annotated[bool, typer.Option("--drill", help="Add paths that fail, to provoke the breaker.")] = False,
) -> None:
    """Serve the demo target on loopback: a bag tracker with a PostgreSQL and a cache of its own."""
    from readiness.cli.signals import watched
    from readiness.demo import stack
    from readiness.demo.errors import DemoError
    from readiness.demo.profiles import PROFILES

    with refusals(), watched() as interrupted:
        if profile not in PROFILES:
            raise DemoError(f"--profile: {profile!r} is no profile; what exists: {', '.join(PROFILES)}")
        if drill and profile != "optimised":
            raise DemoError(f"--drill: the profile {profile} has no circuit breaker")
        tuning = replace(stack.TUNING, drill=drill)
        if sys.stdout.isatty():
            say("starting the database, the cache and the service …", to_stderr=True)
        with stack.start(profile, tuning) as running:
            addresses = {
                "url": running.url,
                "database_url": running.database_url,
                "admin_database_url": running.admin_database_url,
                "cache_url": running.cache_url,
            }
            if sys.stdout.isatty():
                say("\n".join(f"{name:20} {value or 'memory'}" for name, value in addresses.items()))
                say("Ctrl-C stops it.")
            else:
                say(json.dumps(addresses))
            while interrupted() is None:
                time.sleep(0.1)
