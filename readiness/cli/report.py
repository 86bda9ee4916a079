"""`readiness report`: the same verdict in another format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from readiness.cli.output import refusals, say


def report(
    file: Annotated[Path, typer.Argument(metavar="RUN.json|report.json", help="A run, or its verdict.")],
    format_: Annotated[str, typer.Option("--format", help="One of md, html, json, junit.")] = "md",
    thresholds: Annotated[
        Path | None, typer.Option(help="Judge a run by these limits instead of the report.json beside it.")
    ] = None,
) -> None:
    """Render a verdict again, to standard output."""
    from readiness.cli.formats import parse
    from readiness.errors import ConfigError

    with refusals():
        formats = parse(format_)
        if len(formats) != 1:
            raise ConfigError("--format: one format at a time goes to standard output")
        verdict, run = _read(file, thresholds)
        say(formats[0].render(verdict, run).rstrip("\n"))


def _read(file: Path, thresholds: Path | None):  # type: ignore[no-untyped-def]
    import json
    import os

    from readiness.cli.inputs import read_run, read_text
    from readiness.config.load import load
    from readiness.judge.judge import judge
    from readiness.report.json import loads

    text = read_text(file)
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if isinstance(document, dict) and str(document.get("schema", "")).startswith("readiness.report/"):
        verdict = loads(text, str(file))
        beside = file.parent / "run.json"
        run = read_run(beside) if beside.is_file() else None
        return verdict, run if run is not None and run.id == verdict.run_id else None
    run = read_run(file)
    beside = file.parent / "report.json"
    if thresholds is None and beside.is_file():
        verdict = loads(read_text(beside), str(beside))
        if verdict.run_id == run.id:
            return verdict, run
    return judge(run, load(thresholds or Path("thresholds.yaml"), os.environ)), run
