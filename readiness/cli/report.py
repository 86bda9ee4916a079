"""`readiness report`: the same verdict in another format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from readiness.cli.output import ONE_FORMAT_HELP, finish, put, refusals, say
from readiness.cli.trust import AllowEnv

if TYPE_CHECKING:
    from readiness.config.trust import Trust
    from readiness.judge.verdict import Verdict
    from readiness.measurements.run import Run


def report(
    file: Annotated[
        Path, typer.Argument(metavar="RUN.json|report.json", help="A run, its verdict, or the folder of both.")
    ],
    format_: Annotated[str, typer.Option("--format", help=ONE_FORMAT_HELP)] = "md",
    thresholds: Annotated[
        Path | None, typer.Option(help="Judge a run by these limits instead of the report.json beside it.")
    ] = None,
    allow_env: AllowEnv = None,
) -> None:
    """Render a verdict again, to standard output."""
    import os

    from readiness.cli.formats import parse
    from readiness.config.trust import trust_of
    from readiness.errors import ConfigError, ExitCode
    from readiness.report.redacted import redacted
    from readiness.text.redaction import secrets_in

    with refusals():
        formats = parse(format_)
        if len(formats) != 1:
            raise ConfigError("--format: one format at a time goes to standard output")
        verdict, run = redacted(_read(file, thresholds, trust_of(allow_env)), secrets_in(os.environ))
        problem = put(formats[0].render(verdict, run).rstrip("\n") + "\n")
        if problem:
            say(f"readiness: the report could not be written to standard output: {problem}", to_stderr=True)
            finish(ExitCode.REPORT_FAILED)


def _read(file: Path, thresholds: Path | None, trust: Trust) -> tuple[Verdict, Run | None]:
    """The verdict to render, and the run behind it where its charts can be drawn."""
    import os

    from readiness.cli.inputs import in_folder, refuse_other_counts, text_of, verdict_beside
    from readiness.config.load import load
    from readiness.judge.judge import judge
    from readiness.measurements import json as run_json
    from readiness.report import json as report_json
    from readiness.report.redacted import redacted
    from readiness.report.writing import RUN_FILE

    file = in_folder(file, RUN_FILE)
    text = text_of(file)
    if report_json.is_report(text):
        verdict = report_json.loads(text, str(file))
        return verdict, _run_beside(file, verdict.run_id)
    run = run_json.loads(text, str(file))
    beside = verdict_beside(file, run.id) if thresholds is None else None
    if beside is not None:
        return beside, run
    config = load(thresholds or Path("thresholds.yaml"), os.environ, trust=trust)
    refuse_other_counts(file, run, config)
    return redacted(judge(run, config), config.secrets), run


def _run_beside(report: Path, run_id: str) -> Run | None:
    """The run of the same id, for the charts; a report needs none, but is not rendered beside one that is refused."""
    from readiness.cli.inputs import text_of
    from readiness.errors import ConfigError
    from readiness.measurements.invariants import RUN_LAWS
    from readiness.measurements.json import decode
    from readiness.measurements.law import refuse_contradictions

    path = report.parent / "run.json"
    try:
        run = decode(text_of(path, beside=report), str(path))
    except ConfigError:
        return None
    return refuse_contradictions(str(path), run, RUN_LAWS) if run.id == run_id else None
