"""The flags of `readiness capacity`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from readiness.cli.run_request import TARGET_HELP, THRESHOLDS_HELP
from readiness.cli.trust import AllowEnv, CeilingsFile, LoadedHost


@dataclass(frozen=True, slots=True)
class CapacityRequest:
    """The flags of the command line, as given."""

    target: Annotated[str, typer.Argument(metavar="TARGET", help=TARGET_HELP)]
    max_users: Annotated[str | None, typer.Option(metavar="N", help="Closed load: never more users than this.")] = None
    max_rate: Annotated[
        str | None, typer.Option(metavar="R", help="Open load: never more arrivals per second than this.")
    ] = None
    thresholds: Annotated[Path | None, typer.Option(help=THRESHOLDS_HELP)] = None
    scenarios: Annotated[Path | None, typer.Option(help="A folder of Locust files, or one file.")] = None
    hold: Annotated[
        str, typer.Option(metavar="D", help="How long each load is held; a proof lasts twice as long or longer.")
    ] = "6s"
    wanted: Annotated[
        str | None,
        typer.Option("--for", metavar="LOAD", help='Cores and instances for this load: "400 users", "250/s".'),
    ] = None
    at_cpu: Annotated[
        str, typer.Option(metavar="SHARE", help="How busy their cores may be with one instance lost.")
    ] = "70%"
    processes: Annotated[str | None, typer.Option(metavar="N", help="Load generator processes.")] = None
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where capacity.md, .html and .json go.")] = Path(
        "reports/capacity"
    )
    allow_hosts: LoadedHost = None
    allow_env: AllowEnv = None
    ceilings: CeilingsFile = None
    quiet: Annotated[bool, typer.Option(help="No progress, one line of answer.")] = False
