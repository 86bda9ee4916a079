"""`readiness lint`: mistakes and contradictions of thresholds.yaml, before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from readiness.cli.output import finish, refusals, say
from readiness.errors import ConfigError, ExitCode


def lint(
    thresholds: Annotated[Path, typer.Argument(help="The file to read.")] = Path("thresholds.yaml"),
    scenarios: Annotated[Path | None, typer.Option(help="Folder or file of the scenarios.")] = None,
) -> None:
    """Read thresholds.yaml and say what is wrong with it; ends with 2 when anything is."""
    import os

    from readiness import probes
    from readiness.config import pace
    from readiness.config.lint import lint as contradictions
    from readiness.config.load import load
    from readiness.plan import wanted_metrics
    from readiness.probes import pace as probe_pace
    from readiness.scenario_files import find

    with refusals():
        config = load(thresholds, os.environ)
        try:
            files = find(scenarios, config.load.scenarios, str(thresholds))
        except ConfigError:
            if scenarios is not None:
                raise
            files = ()  # the scenarios of another place: only what the file itself says can be looked at
        paces = pace.of({file.name: file.path for file in files})
        chosen = probe_pace.choose(
            config, paces, probes.others(config.probes, wanted_metrics(config), config.load.paced_s)
        )
        found = contradictions(config, paces) + probe_pace.unproven(config, chosen)
        for line in found:
            say(line, to_stderr=True)
        if found:
            finish(ExitCode.USAGE)
        say(f"{thresholds}: {len(config.checks)} checks, nothing to complain about")
