"""Flags that several commands have: how far thresholds.yaml is trusted, and what may be loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AllowEnv = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-env", metavar="NAME", help="A variable that scenarios may see, and thresholds.yaml may use as ${NAME}."
    ),
]
CeilingsFile = Annotated[
    Path | None, typer.Option("--ceilings", metavar="FILE", help="The most that thresholds.yaml may ask for.")
]
LoadedHost = Annotated[
    list[str] | None,
    typer.Option("--allow-host", metavar="HOST", help="A host other than this machine that may be loaded."),
]
