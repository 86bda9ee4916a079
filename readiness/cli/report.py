"""`readiness report`: the same verdict in another format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from readiness.cli.output import FORMAT_HELP, finish, put, refusals, say

if TYPE_CHECKING:
    from readiness.judge.verdict import Verdict
    from readiness.measurements.run import Run


def report(
    file: Annotated[Path, typer.Argument(metavar="RUN.json|report.json", help="A run, or its verdict.")],
    format_: Annotated[str, typer.Option("--format", help=FORMAT_HELP)] = "md",
    thresholds: Annotated[
        Path | None, typer.Option(help="Judge a run by these limits instead of the report.json beside it.")
    ] = None,
) -> None:
    """Render a verdict again, to standard output."""
    import os

    from readiness.cli.formats import parse
    from readiness.errors import ConfigError, ExitCode
    from readiness.redaction import redacted, secrets_in

    with refusals():
        formats = parse(format_)
        if len(formats) != 1:
            raise ConfigError("--format: one format at a time goes to standard output")
        verdict, run = redacted(_read(file, thresholds), secrets_in(os.environ))
        problem = put(formats[0].render(verdict, run).rstrip("\n") + "\n")
        if problem:
            say(f"readiness: the report could not be written to standard output: {problem}", to_stderr=True)
            finish(ExitCode.REPORT_FAILED)


def _read(file: Path, thresholds: Path | None) -> tuple[Verdict, Run | None]:
    """The verdict to render, and the run behind it where its charts can be drawn."""
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
        return verdict, _run_beside(file.parent / "run.json", verdict.run_id)
    run = read_run(file)
    beside = file.parent / "report.json"
    if thresholds is None and beside.is_file():
        verdict = loads(read_text(beside), str(beside))
        if verdict.run_id == run.id:
            return verdict, run
    return judge(run, load(thresholds or Path("thresholds.yaml"), os.environ)), run


def _run_beside(path: Path, run_id: str) -> Run | None:
    """The run of the same id, for the charts; a report can be rendered without it."""
    from readiness.cli.inputs import read_run
    from readiness.errors import ConfigError

    try:
        run = read_run(path)
    except ConfigError:
        return None
    return run if run.id == run_id else None
