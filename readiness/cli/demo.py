"""`readiness demo`: serve the bag service until Ctrl-C."""

from __future__ import annotations

import json
import sys
import time
from typing import Annotated

import typer

from readiness.cli.output import refusals, say


def demo(
    profile: Annotated[str, typer.Option(help="How the service is built.")] = "optimised",
) -> None:
    """Serve the demo target on loopback: a bag tracker with a PostgreSQL and a cache of its own."""
    from readiness.cli.signals import watched
    from readiness.demo import stack

    with refusals(), watched() as interrupted:
        if sys.stdout.isatty():
            say("starting the database, the cache and the service …", to_stderr=True)
        with stack.start(profile) as running:
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
