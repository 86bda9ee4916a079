"""`readiness gate`: the exit code of a report once more, for a pipeline that lost it, and whether to believe it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from readiness.cli.output import finish, read_flag, refusals, say
from readiness.cli.trust import AllowEnv

if TYPE_CHECKING:
    from readiness.config.trust import Trust
    from readiness.judge.verdict import Verdict


def gate(
    report: Annotated[Path, typer.Argument(metavar="REPORT.json", help="report.json of a run, or its folder.")],
    max_age: Annotated[
        str | None, typer.Option(metavar="D", help="The run ended within this time, such as 1h.")
    ] = None,
    sha: Annotated[str | None, typer.Option(metavar="COMMIT", help="The run was of this commit.")] = None,
    run: Annotated[
        Path | None,
        typer.Option("--run", metavar="RUN.json", help="Judge this run (or folder) anew; the report must say so too."),
    ] = None,
    thresholds: Annotated[
        Path | None, typer.Option(help="Limits for --run; default: the file that the report names.")
    ] = None,
    allow_env: AllowEnv = None,
    allow_conditional: Annotated[bool, typer.Option(help="End with 0 when CONDITIONAL.")] = False,
) -> None:
    """End with the exit code of a report, or with 3 when it cannot be believed."""
    import os
    from datetime import UTC, datetime

    from readiness.cli.inputs import in_folder, text_of
    from readiness.config.durations import parse
    from readiness.config.trust import trust_of
    from readiness.errors import ConfigError
    from readiness.judge.audit import of_another_commit, stale
    from readiness.judge.verdict import GOOD
    from readiness.report.json import edited, read
    from readiness.report.redacted import redacted
    from readiness.report.writing import REPORT_FILE
    from readiness.text.redaction import redact, secrets_in

    secrets = secrets_in(os.environ)
    with refusals():
        age_s, trust = None, trust_of(allow_env)
        if max_age is not None:
            age_s = read_flag("--max-age", lambda: parse(str(max_age), least_s=0.001, most_s=366 * 86400.0))
        if thresholds is not None and run is None:
            raise ConfigError("--thresholds: needs --run, the run to judge anew")
        report = in_folder(report, REPORT_FILE)
        text = text_of(report)
        verdict, found = read(text, str(report))
        problems = [*found, edited(text, old=run is not None or verdict.decision not in GOOD) or ""]
        verdict = redacted(verdict, secrets)
        if age_s is not None:
            problems.append(stale(verdict, datetime.now(UTC), age_s) or "")
        if sha is not None:
            problems.append(of_another_commit(verdict, sha) or "")
        if run is not None:
            problems += _against_its_run(verdict, run, thresholds or Path(verdict.thresholds_file), trust)
        problems = [redact(problem, secrets) for problem in problems if problem]
        for problem in problems:
            say(f"{report}: {problem}", to_stderr=True)
        _answer(verdict, problems, allow_conditional=allow_conditional)


def _answer(verdict: Verdict, problems: list[str], *, allow_conditional: bool) -> NoReturn:
    """Say what the report says, or that it cannot be believed, and end with that exit code."""
    from readiness.cli.artefacts import settle
    from readiness.cli.output import commands, last_line
    from readiness.report import console

    verdict = _disbelieved(verdict, problems[0]) if problems else settle(verdict, allow_conditional=allow_conditional)
    say(console.quiet_line(verdict))
    commands(verdict)
    say(last_line(verdict, verdict.exit_code, believed=not problems))
    finish(verdict.exit_code)


def _disbelieved(verdict: Verdict, problem: str) -> Verdict:
    """What a report says that cannot be believed: nothing, whatever it says."""
    from dataclasses import replace

    from readiness.judge.verdict import EXIT_OF, Decision

    nothing = Decision.INCONCLUSIVE
    reason = f"The report says {verdict.decision}, but it is not believed: {problem}."
    return replace(verdict, decision=nothing, exit_code=EXIT_OF[nothing], reason=reason, conditions=())


def _against_its_run(verdict: Verdict, run_file: Path, thresholds: Path, trust: Trust) -> tuple[str, ...]:
    """What the report says otherwise than its run does, judged anew; a run that contradicts itself says nothing."""
    from readiness.judge.audit import deviations
    from readiness.measurements.law import Contradicted

    try:
        return deviations(verdict, _judged(run_file, thresholds, verdict, trust))
    except Contradicted as error:
        return error.problems


def _judged(run_file: Path, thresholds: Path, verdict: Verdict, trust: Trust) -> Verdict:
    """The run judged anew as of its own day, so that a waiver that has expired since does not change history."""
    import os
    from dataclasses import replace

    from readiness.cli.inputs import in_folder, read_run, refuse_other_counts
    from readiness.config.load import load
    from readiness.judge.attested import ended_on
    from readiness.judge.judge import judge
    from readiness.report.redacted import redacted
    from readiness.report.writing import RUN_FILE
    from readiness.text.redaction import secrets_in

    run_file = in_folder(run_file, RUN_FILE)
    run = read_run(run_file)
    config = load(thresholds, os.environ, ended_on(run), trust)
    refuse_other_counts(run_file, run, config)
    return redacted(
        judge(run, replace(config, file=verdict.thresholds_file)), (*secrets_in(os.environ), *config.secrets)
    )
