"""`readiness judge`: the facts of a run under other limits, without any load."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from readiness.cli.output import finish, refusals, say, show


def judge(
    run_file: Annotated[Path, typer.Argument(metavar="RUN.json", help="The facts of a run.")],
    thresholds: Annotated[Path, typer.Option(help="Limits to judge by.")] = Path("thresholds.yaml"),
    out: Annotated[Path | None, typer.Option(help="Write the reports there.")] = None,
    format_: Annotated[str | None, typer.Option("--format", help="Reports to write: md,html,json,junit.")] = None,
    allow_conditional: Annotated[bool, typer.Option(help="End with 0 when CONDITIONAL.")] = False,
    quiet: Annotated[bool, typer.Option(help="One line only.")] = False,
) -> None:
    """Judge a recorded run again; sends nothing."""
    import os

    from readiness.cli.artefacts import settle, write_reports
    from readiness.cli.formats import parse
    from readiness.cli.inputs import read_run
    from readiness.config.load import load
    from readiness.judge.judge import judge as judged
    from readiness.report.writing import prepare

    with refusals():
        formats = parse(format_)
        config = load(thresholds, os.environ)
        run = read_run(run_file)
        if out is not None:
            prepare(out)
        verdict = settle(judged(run, config), allow_conditional=allow_conditional)
        if out is not None:
            verdict, problems = write_reports(verdict, run, formats, out, config.secrets)
            for problem in problems:
                say(f"readiness: {problem}", to_stderr=True)
        show(verdict, quiet=quiet, secrets=config.secrets)
        finish(verdict.exit_code)
