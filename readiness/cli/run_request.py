"""The flags of `readiness run`, and what of them is for the locustfile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from readiness.cli.output import FORMAT_HELP
from readiness.cli.trust import AllowEnv, CeilingsFile, LoadedHost
from readiness.errors import ConfigError

OWN_HELP = "Options that the locustfile declares, after --."
THRESHOLDS_HELP = "Limits; default thresholds.yaml here, for demo its own."
TARGET_HELP = "A URL, demo (the built-in bag service) or demo:legacy."


_OURS = {
    "-u": "--users", "--users": "--users", "-r": "--ramp-up", "--spawn-rate": "--ramp-up", "-t": "--duration",
    "--run-time": "--duration", "-H": "TARGET", "--host": "TARGET", "-f": "--scenarios", "--locustfile": "--scenarios",
    "--processes": "--processes", "--master": "--remote-workers", "--worker": "`readiness worker`",
}  # fmt: skip
"""Options of Locust that say something for which readiness has a word of its own."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """The flags of the command line, as given."""

    target: Annotated[str, typer.Argument(metavar="TARGET", help=TARGET_HELP)]
    own: Annotated[list[str] | None, typer.Argument(metavar="[-- OPTION…]", help=OWN_HELP, show_default=False)] = None
    thresholds: Annotated[Path | None, typer.Option(help=THRESHOLDS_HELP)] = None
    scenarios: Annotated[Path | None, typer.Option(help="A folder of Locust files, or one file.")] = None
    paths: Annotated[
        list[str] | None,
        typer.Option(
            "--path", metavar="/PATH", help="Without thresholds.yaml and scenarios: what to load; may be repeated."
        ),
    ] = None
    users: Annotated[str | None, typer.Option(metavar="N", help="Closed load: users at once.")] = None
    rate: Annotated[str | None, typer.Option(metavar="R", help="Open load: arrivals per second.")] = None
    duration: Annotated[str | None, typer.Option(metavar="D", help="Judged time, such as 60s or 2m.")] = None
    ramp_up: Annotated[str | None, typer.Option(metavar="D", help="Time to reach full load.")] = None
    warm_up: Annotated[str | None, typer.Option(metavar="D", help="Time at full load before judging.")] = None
    tags: Annotated[list[str] | None, typer.Option(metavar="TAG", help="Only tasks with this tag of Locust's.")] = None
    exclude_tags: Annotated[list[str] | None, typer.Option(metavar="TAG", help="No task with this tag.")] = None
    processes: Annotated[str | None, typer.Option(metavar="N", help="Load generator processes.")] = None
    repeat: Annotated[
        str | None, typer.Option(metavar="N", help="Whole runs in a row; all must pass, the worst is reported.")
    ] = None
    remote_workers: Annotated[
        str | None, typer.Option(metavar="N", help="Wait for so many `readiness worker` on other machines.")
    ] = None
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Where remote workers connect; default 127.0.0.1, any port.")
    ] = None
    worker_wait: Annotated[
        str | None, typer.Option(metavar="D", help="How long remote workers may take to connect; default 2m.")
    ] = None
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Remote workers' token; default READINESS_WORKER_TOKEN.")
    ] = None
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the files go; default reports/RUN, with the link latest.")
    ] = None
    keep: Annotated[
        str | None, typer.Option(metavar="N", help="Remove the oldest folders of runs below reports beyond N.")
    ] = None
    samples: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A row for each request: .csv or .jsonl, compressed with .gz behind it."),
    ] = None
    formats: Annotated[str | None, typer.Option("--format", metavar="F,…", help=FORMAT_HELP)] = None
    allow_hosts: LoadedHost = None
    allow_env: AllowEnv = None
    ceilings: CeilingsFile = None
    allow_db_writer: Annotated[
        bool, typer.Option("--allow-db-writer", help="Go on with a database role that can write; the report says so.")
    ] = False
    deep: Annotated[bool, typer.Option("--deep", help="Also verify B-tree indexes with amcheck.")] = False
    drills: Annotated[bool, typer.Option("--drills", help="Break what `drills:` says, after the load.")] = False
    allow_commands: Annotated[
        bool, typer.Option("--allow-commands", help="Let drills run the commands that thresholds.yaml names.")
    ] = False
    allow_conditional: Annotated[bool, typer.Option(help="End with 0 when CONDITIONAL.")] = False
    verbose: Annotated[bool, typer.Option("--verbose", help="List every check on the terminal.")] = False
    open_: Annotated[bool, typer.Option("--open", help="Open report.html in a browser.")] = False
    live: Annotated[
        bool, typer.Option("--live", help="Also show the load as a page on this machine; its address is printed.")
    ] = False
    quiet: Annotated[bool, typer.Option(help="No progress; one sentence and the last line.")] = False


def locust_options(
    own: Sequence[str] | None, tags: Sequence[str] | None, without: Sequence[str] | None
) -> tuple[str, ...]:
    """Words for Locust's own parser: options that a locustfile declares, and tags.

    Raises ConfigError for a word that is not meant for it.
    """
    words = list(own or ())
    if words and not words[0].startswith("-"):
        raise ConfigError(
            f"{words[0]}: only one TARGET; options of a locustfile stand after --, such as -- --name value"
        )
    for word in words:
        name = word.partition("=")[0]
        if name in _OURS:
            raise ConfigError(f"{name}: is an option of Locust; here {_OURS[name]} says it, before the --")
    for flag, given in (("--tags", tags), ("--exclude-tags", without)):
        found = [tag for text in given or () for tag in text.replace(",", " ").split()]
        words += [flag, *found] if found else []
    return tuple(words)
