"""`readiness worker`: lend this machine to the load of a master elsewhere, for one run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from readiness.cli.output import refusals, say
from readiness.cli.trust import AllowEnv
from readiness.errors import ConfigError


def worker(
    master: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where `readiness run --listen` waits.")],
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="HOST", help="A host that may be loaded from here; no other is.")
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The master's token; default READINESS_WORKER_TOKEN.")
    ] = None,
    scenarios: Annotated[
        Path | None,
        typer.Option(help="The same Locust files as the master's; default scenarios/ or locustfile.py here."),
    ] = None,
    allow_env: AllowEnv = None,
    token: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Drive a share of the load of a `readiness run --remote-workers` on another machine."""
    import os

    from readiness.cli import packaged
    from readiness.cli.workers import TOKEN_VARIABLE, address, hosts_of, token_of
    from readiness.config.trust import trust_of
    from readiness.load.surroundings import for_scenarios
    from readiness.load.workers.local import serve
    from readiness.load.workers.settings import WorkerSettings
    from readiness.run.scenario_files import find, usual_place
    from readiness.text.redaction import for_terminal, secrets_in

    with refusals():
        if token is not None:
            raise ConfigError(
                f"--token: is gone, for every user of this machine can read arguments; set {TOKEN_VARIABLE}, or name a "
                "file with --token-file"
            )
        host, port = address("--master", master)
        secret = token_of(token_file, os.environ)
        hosts = hosts_of(allow_host or [])
        # What the master does not run is never run here: it sends away whoever has other files.
        given = scenarios or usual_place(None) or packaged.path("scenarios")
        files = {file.name: file.path for file in find(given, {}, "--scenarios")}
        trust = trust_of(allow_env)
        hidden = (*secrets_in(os.environ), *trust.values(os.environ), secret)
        status = serve(
            WorkerSettings(host, port, secret, files, hosts),
            for_scenarios(os.environ, trust.variables),
            lambda line: say(for_terminal(line, hidden), to_stderr=True),
        )
    raise typer.Exit(status)
