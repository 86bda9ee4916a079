"""`readiness database role`: what the role of READINESS_DATABASE_URL can do, or the SQL of one that can only read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from readiness.cli.output import refusals, say
from readiness.cli.schema import database_section
from readiness.cli.trust import AllowEnv
from readiness.errors import ConfigError, NotMeasured

app = typer.Typer(help="The database's role.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `role` a command of its own while it is the only one."""


@app.command()
def role(
    sql: Annotated[bool, typer.Option("--sql", help="Print the statements that make the least role needed.")] = False,
    name: Annotated[str, typer.Option(help="Name of the role in --sql.")] = "readiness",
    thresholds: Annotated[Path | None, typer.Option(help="For database.schemas; default thresholds.yaml here.")] = None,
    allow_env: AllowEnv = None,
) -> None:
    """Say whether the role can only read (ends with 5 when it can write), or print one that can."""
    from readiness import database

    with refusals():
        section = database_section(thresholds, allow_env)
        if sql:
            say(database.role_sql(name, section))
            return
        url = database.from_environment(os.environ)
        if url is None:
            raise ConfigError(
                f"{database.DATABASE_VARIABLE}: is not set; --sql prints a role without connecting to a database"
            )
        try:
            database.check_role(url, section)
            remarks = database.remarks(url, section)
        except NotMeasured as error:
            raise ConfigError(f"{database.DATABASE_VARIABLE}: {error}") from None
        say("\n".join(("the role can only read", *remarks)))
