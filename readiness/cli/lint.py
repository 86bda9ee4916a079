"""`readiness lint`: mistakes and contradictions of thresholds.yaml, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from readiness.cli.output import finish, refusals, say
from readiness.cli.trust import AllowEnv, CeilingsFile
from readiness.errors import ExitCode

if TYPE_CHECKING:
    from readiness.config.trust import Trust
    from readiness.run.plan import Plan


def lint(
    thresholds: Annotated[Path, typer.Argument(help="The file to read.")] = Path("thresholds.yaml"),
    scenarios: Annotated[
        Path | None, typer.Option(help="Folder or file of the scenarios; default scenarios/ or locustfile.py here.")
    ] = None,
    allow_env: AllowEnv = None,
    ceilings: CeilingsFile = None,
) -> None:
    """Read thresholds.yaml and scenarios, and say what is wrong; ends with 2 when anything is."""
    import os

    from readiness.cli.preparation import secrets_of
    from readiness.config import ceilings as most
    from readiness.config.load import load
    from readiness.config.scenario_notes import notes, refuse_broken
    from readiness.config.trust import trust_of
    from readiness.measurements.provenance import Target
    from readiness.run.plan import plan, unsure, warnings
    from readiness.run.scenario_files import find, refuse_foreign, usual_place
    from readiness.text.numbers import count
    from readiness.text.redaction import redact

    environ = dict(os.environ)
    with refusals():
        refuse_foreign(scenarios)
        trust = trust_of(allow_env)
        config = load(thresholds, environ, trust=trust)
        if ceilings is not None:
            most.check(config, most.read(ceilings), ceilings)
    with refusals(secrets_of(environ, config, None, None)):
        place = scenarios or usual_place(thresholds)
        # Without one the scenarios are those of another place: only what the file itself says can be checked.
        files = find(place, config.load.scenarios, str(thresholds)) if place is not None else ()
        refuse_broken(file.path for file in files)
        made = plan("lint", config, Target("", "http://127.0.0.1", ()), files, allowed_addresses=(), database_url=None)
        made, said = _with_load_of_files(made, thresholds, environ, trust, ceilings) if files else (made, ())
        found = warnings(made)
        hints = (*unsure(made), *notes(file.path for file in files))
        for line in (*said, *found, *(f"hint: {hint}" for hint in hints)):
            say(redact(line, config.secrets), to_stderr=True)
        errors = count(len(found), "error") if found else "no error"
        tally = f"{count(len(config.checks), 'check')}, {errors}"
        say(f"{thresholds}: {tally}, {count(len(hints), 'hint')}" if hints else f"{thresholds}: {tally}")
        if found:
            finish(ExitCode.USAGE)


def _with_load_of_files(
    made: Plan, thresholds: Path, environ: Mapping[str, str], trust: Trust, ceilings: Path | None
) -> tuple[Plan, tuple[str, ...]]:
    """The plan with the load that the scenarios bring themselves, if any, and what to say of it. Raises ConfigError."""
    from readiness.cli.shapes import adopt
    from readiness.load.reading import Unreachable, read_scenarios
    from readiness.load.surroundings import for_scenarios
    from readiness.run.plan import refuse_too_few

    try:
        read = read_scenarios(made.engine, for_scenarios(environ, trust.variables))
    except Unreachable as error:
        say(f"{error} (so it was not read any further: lint has no target)", to_stderr=True)
        return made, ()
    if read.shape is None:
        refuse_too_few(made, read.users)
        return made, ()
    made, sentence = adopt(made, read.shape, thresholds, {}, ceilings)
    return made, (sentence,)
