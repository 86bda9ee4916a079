"""`readiness history`: every run that a folder keeps, as a page and a table, and whether the service drifts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from readiness.cli.output import ascii_only, finish, refusals, say


def history(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The folder of the runs.")] = Path("reports"),
    quiet: Annotated[bool, typer.Option(help="One line only.")] = False,
) -> None:
    """Write index.html and a table of all runs in DIR, with the trend over those that can be compared."""
    import os

    from readiness.cli import past_runs
    from readiness.errors import ExitCode
    from readiness.report.history import console, html
    from readiness.report.history.sheet import sheet
    from readiness.report.redacted import redacted
    from readiness.report.writing import write
    from readiness.text.redaction import last_net, secrets_in

    secrets = secrets_in(os.environ)
    with refusals(secrets):
        kept = past_runs.find(folder)
        _refuse(folder, bool(kept.runs))
    page = sheet(redacted(kept.runs, secrets), redacted(kept.notes, secrets))
    text, refused = last_net(html.render(page), html.FILE_NAME, secrets)
    problem = refused or write(folder / html.FILE_NAME, text)
    if not quiet:
        say(console.summary(page, ascii=ascii_only()))
    if problem:
        say(f"readiness: {problem}", to_stderr=True)
    elif not quiet:
        say(f"page: {(folder / html.FILE_NAME).absolute().as_uri()}", to_stderr=True)
    say(console.last_line(page))
    finish(ExitCode.REPORT_FAILED if problem else ExitCode.READY)


def _refuse(folder: Path, any_run: bool) -> None:
    """Raises ConfigError for a folder without a run, and for a page that is somebody else's."""
    from readiness.errors import ConfigError
    from readiness.report.history.html import FILE_NAME, HISTORY_MARK
    from readiness.report.writing import link_on_the_way
    from readiness.text import clean
    from readiness.text.foreign_files import Missing, NotReadable, read_bytes

    if not any_run:
        raise ConfigError(f"{clean(folder)}: keeps no run of readiness; name the folder that holds the runs' folders")
    if linked := link_on_the_way(folder):
        raise ConfigError(f"{clean(folder)}: {linked}")
    try:
        page = read_bytes(folder / FILE_NAME, 64 << 20, below=folder)
    except Missing:
        return
    except NotReadable as error:
        raise ConfigError(f"{clean(folder / FILE_NAME)}: {error}; move it away") from None
    if HISTORY_MARK.encode() not in page[:4096]:
        raise ConfigError(f"{clean(folder / FILE_NAME)}: was not written by readiness history; move it away")
