"""`readiness lint`: mistakes and contradictions of thresholds.yaml, before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from readiness.cli.output import finish, refusals, say
from readiness.errors import ExitCode


def lint(
    thresholds: Annotated[Path, typer.Argument(help="The file to read.")] = Path("thresholds.yaml"),
) -> None:
    """Read thresholds.yaml and say what is wrong with it; ends with 2 when anything is."""
    import os

    from readiness.config.lint import lint as contradictions
    from readiness.config.load import load

    with refusals():
        config = load(thresholds, os.environ)
        found = contradictions(config)
        for line in found:
            say(line, to_stderr=True)
        if found:
            finish(ExitCode.USAGE)
        say(f"{thresholds}: {len(config.checks)} checks, nothing to complain about")
