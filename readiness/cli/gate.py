"""`readiness gate`: the exit code of a report once more, for a pipeline that lost it, and whether to believe it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from readiness.cli.output import finish, refusals, say

if TYPE_CHECKING:
    from readiness.errors import ExitCode
    from readiness.judge.verdict import Verdict


def gate(
    report: Annotated[Path, typer.Argument(metavar="REPORT.json", help="report.json of a run.")],
    max_age: Annotated[
        str | None, typer.Option(metavar="D", help="The run ended within this time, such as 1h.")
    ] = None,
    sha: Annotated[str | None, typer.Option(metavar="COMMIT", help="The run was of this commit.")] = None,
    run: Annotated[
        Path | None,
        typer.Option("--run", metavar="RUN.json", help="Judge this run anew; the report must say the same."),
    ] = None,
    thresholds: Annotated[
        Path | None, typer.Option(help="Limits for --run; default: the file that the report names.")
    ] = None,
    allow_conditional: Annotated[bool, typer.Option(help="End with 0 when CONDITIONAL.")] = False,
) -> None:
    """End with the exit code of a report, or with 3 when it cannot be believed."""
    import os
    from datetime import UTC, datetime

    from readiness.cli.artefacts import settle
    from readiness.cli.inputs import read_text
    from readiness.cli.output import commands, last_line
    from readiness.config.durations import parse
    from readiness.errors import ConfigError
    from readiness.judge.audit import contradictions, deviations, of_another_commit, stale
    from readiness.redaction import redacted, secrets_in
    from readiness.report import console
    from readiness.report.json import loads

    secrets = secrets_in(os.environ)
    with refusals():
        age_s = None
        if max_age is not None:
            try:
                age_s = parse(max_age, least_s=0.001, most_s=366 * 86400.0)
            except ValueError as error:
                raise ConfigError(f"--max-age: {error}") from None
        if thresholds is not None and run is None:
            raise ConfigError("--thresholds: needs --run, the run to judge anew")
        verdict = redacted(loads(read_text(report), str(report)), secrets)
        problems = list(contradictions(verdict))
        if age_s is not None:
            problems.append(stale(verdict, datetime.now(UTC), age_s) or "")
        if sha is not None:
            problems.append(of_another_commit(verdict, sha) or "")
        if run is not None:
            problems += deviations(verdict, _judged(run, thresholds or Path(verdict.thresholds_file), verdict))
        problems = [problem for problem in problems if problem]
        for problem in problems:
            say(f"{report}: {problem}", to_stderr=True)
        verdict = settle(verdict, allow_conditional=allow_conditional)
        code = _code(verdict, believed=not problems)
        say(console.quiet_line(verdict))
        if problems:
            say(f"readiness: this report is not believed: {problems[0]}")
        commands(verdict)
        say(last_line(verdict, code))
        finish(code)


def _code(verdict: Verdict, *, believed: bool) -> ExitCode:
    """The report's own code; what is not believed is never green, and a NOT READY stays one."""
    from readiness.errors import ExitCode

    green = verdict.exit_code in (ExitCode.READY, ExitCode.CONDITIONAL, ExitCode.REPORT_FAILED)
    return ExitCode.INCONCLUSIVE if green and not believed else verdict.exit_code


def _judged(run_file: Path, thresholds: Path, verdict: Verdict) -> Verdict:
    """The run judged anew as of its own day, so that a waiver that has expired since does not change history."""
    import os
    from dataclasses import replace

    from readiness.cli.inputs import read_run
    from readiness.config.load import load
    from readiness.judge.judge import ended_on, judge
    from readiness.redaction import redacted, secrets_in

    run = read_run(run_file)
    config = load(thresholds, os.environ, ended_on(run))
    return redacted(
        judge(run, replace(config, file=verdict.thresholds_file)), (*secrets_in(os.environ), *config.secrets)
    )
