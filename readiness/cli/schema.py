"""`readiness schema lock`: what the database is made of, as a text to review and to compare with later."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from readiness.cli.output import refusals, say
from readiness.cli.trust import AllowEnv
from readiness.errors import ConfigError, NotMeasured
from readiness.report.writing import link_on_the_way, write
from readiness.text.foreign_files import why
from readiness.text.redaction import net

if TYPE_CHECKING:
    from readiness.config.model import Database

app = typer.Typer(help="The schema lock: what the database should be made of.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `lock` a command of its own while it is the only one."""


@app.command()
def lock(
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write; - prints.")] = Path("schema.lock"),
    thresholds: Annotated[Path | None, typer.Option(help="For database.schemas; default thresholds.yaml here.")] = None,
    without_roles: Annotated[
        bool, typer.Option("--without-roles", help="Leave out owners and privileges, where roles have other names.")
    ] = False,
    allow_env: AllowEnv = None,
) -> None:
    """Write what the schemas of READINESS_DATABASE_URL are made of as sorted lines."""
    from readiness import database

    with refusals():
        section = database_section(thresholds, allow_env)
        url = database.from_environment(os.environ)
        if url is None:
            raise ConfigError(f"{database.DATABASE_VARIABLE}: is not set; it says which database to write down")
        try:
            content = database.schema_lock(url, section, roles=not without_roles)
        except NotMeasured as error:
            raise ConfigError(f"{database.DATABASE_VARIABLE}: {error}") from None
        if net(content) != content:  # a lock without it would never match again
            raise ConfigError(f"--out {out}: the schema shows a secret of the environment, and is not written down")
        if str(out) == "-":
            say(content.rstrip("\n"))
            return
        try:
            problem = link_on_the_way(out.parent) or write(out, content)
        except OSError as error:
            problem = f"cannot be written: {why(error)}"
        if problem:
            raise ConfigError(f"--out {out}: {problem}")
        say(f"{out}: {len(content.splitlines()) - 1:,} lines", to_stderr=True)


def database_section(thresholds: Path | None, allow_env: list[str] | None) -> Database:
    """The `database:` section of the file, or the defaults where no file is named and none is here."""
    from readiness.config.load import load
    from readiness.config.model import Database
    from readiness.config.trust import trust_of

    path = thresholds or Path("thresholds.yaml")
    if thresholds is None and not path.exists():
        return Database()
    return load(path, os.environ, trust=trust_of(allow_env)).database
