"""The flags that say how far thresholds.yaml is trusted, shared by every command that reads it."""

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
