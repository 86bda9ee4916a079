"""The command line: reads arguments, calls one function, writes text, exits. One command, one file.

Commands import what they need when they are called, so that `readiness --help` answers at once.
"""

from __future__ import annotations

import typer

from readiness.cli import (
    capacity,
    compare,
    database,
    demo,
    gate,
    history,
    init,
    judge,
    lint,
    report,
    run,
    schema,
    tryout,
    worker,
)
from readiness.cli.capacity_request import CapacityRequest
from readiness.cli.command import command_of
from readiness.cli.run_request import RunRequest

app = typer.Typer(
    name="readiness",
    help="Put real load on a service, judge what happened against thresholds.yaml, and report whether it may ship.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(command_of(RunRequest, run.run))
app.command()(judge.judge)
app.command()(report.report)
app.command()(compare.compare)
app.command()(history.history)
app.command()(command_of(CapacityRequest, capacity.capacity))
app.command()(gate.gate)
app.command()(init.init)
app.command("try")(tryout.try_)
app.command()(lint.lint)
app.command()(demo.demo)
app.command()(worker.worker)
app.add_typer(schema.app, name="schema")
app.add_typer(database.app, name="database")


def _version(wanted: bool) -> None:
    if wanted:
        from readiness import __version__
        from readiness.load import compiled

        typer.echo(f"readiness {__version__} ({'compiled' if compiled.available() else 'interpreted'} load generator)")
        raise typer.Exit()


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """Options of the command itself."""
