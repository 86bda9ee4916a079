"""`readiness worker`: lend this machine to the load of a master elsewhere, for one run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from readiness.cli.output import refusals


def worker(
    master: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where `readiness run --listen` waits.")],
    token: Annotated[
        str | None,
        typer.Option(metavar="TOKEN", help="The master's; better READINESS_WORKER_TOKEN, which no process list shows."),
    ] = None,
    scenarios: Annotated[
        Path | None,
        typer.Option(help="The same Locust files as the master's; default scenarios/ or locustfile.py here."),
    ] = None,
) -> None:
    """Drive a share of the load of a `readiness run --remote-workers` on another machine."""
    import os

    from readiness import packaged
    from readiness.cli.workers import address, token_of
    from readiness.load.workers.local import serve
    from readiness.load.workers.settings import WorkerSettings
    from readiness.scenario_files import find, usual_place

    with refusals():
        host, port = address("--master", master)
        secret = token_of(token, os.environ)
        # What the master does not run is never run here: it sends away whoever has other files.
        given = scenarios or usual_place(None) or packaged.path("scenarios")
        files = {file.name: file.path for file in find(given, {}, "--scenarios")}
        status = serve(WorkerSettings(host, port, secret, files))
    raise typer.Exit(status)
