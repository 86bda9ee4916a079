"""`readiness judge`: the facts of a run under other limits, without any load."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from readiness.cli.output import FORMAT_HELP, complain, finish, refusals, show, tell_where
from readiness.cli.trust import AllowEnv

if TYPE_CHECKING:
    from readiness.cli.artefacts import Artefacts
    from readiness.judge.verdict import Verdict
    from readiness.measurements.run import Run


def judge(
    run_file: Annotated[Path, typer.Argument(metavar="RUN.json", help="The facts of a run, or its folder.")],
    thresholds: Annotated[Path, typer.Option(help="Limits to judge by.")] = Path("thresholds.yaml"),
    out: Annotated[Path | None, typer.Option(help="Write the reports there.")] = None,
    format_: Annotated[str | None, typer.Option("--format", help=FORMAT_HELP)] = None,
    allow_env: AllowEnv = None,
    allow_conditional: Annotated[bool, typer.Option(help="End with 0 when CONDITIONAL.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="List every check on the terminal.")] = False,
    open_: Annotated[bool, typer.Option("--open", help="Open report.html in a browser.")] = False,
    quiet: Annotated[bool, typer.Option(help="One sentence and the last line.")] = False,
) -> None:
    """Judge a recorded run again; sends nothing."""
    import os
    from contextlib import ExitStack

    from readiness.cli.artefacts import Artefacts, settle
    from readiness.cli.formats import parse
    from readiness.cli.inputs import in_folder, read_run, refuse_other_counts
    from readiness.cli.preparation import secrets_of
    from readiness.config.load import load
    from readiness.config.trust import trust_of
    from readiness.judge.judge import judge as judged
    from readiness.report.locking import sole_writer
    from readiness.report.writing import RUN_FILE, prepare

    with refusals(), ExitStack() as held:
        formats = parse(format_)
        config = load(thresholds, os.environ, trust=trust_of(allow_env))
        secrets = secrets_of(os.environ, config)
        run_file = in_folder(run_file, RUN_FILE)
        run = read_run(run_file)
        refuse_other_counts(run_file, run, config)
        if out is not None:
            prepare(out)
            held.enter_context(sole_writer(out))
        verdict = settle(judged(run, config), allow_conditional=allow_conditional)
        if out is not None:
            verdict = _written(verdict, run, run_file, Artefacts(out, formats, secrets), format_)
        show(verdict, quiet=quiet, secrets=secrets, verbose=verbose)
        if out is not None and open_:
            tell_where(out, show_it=True)
        finish(verdict.exit_code)


def _written(verdict: Verdict, run: Run, run_file: Path, artefacts: Artefacts, formats: str | None) -> Verdict:
    """The verdict as it stands when its reports are written; what went wrong is said."""
    import os
    from dataclasses import replace

    from readiness.cli.artefacts import step_summary, write_reports, write_summary
    from readiness.errors import ExitCode
    from readiness.report.writing import known_files, remove_stale

    kept = {name for name in known_files() if _same(artefacts.out / name, run_file)}
    stale = remove_stale(artefacts.out, frozenset(kept | {fmt.file_name for fmt in artefacts.formats}))
    if stale and verdict.exit_code in (ExitCode.READY, ExitCode.CONDITIONAL):
        verdict = replace(verdict, exit_code=ExitCode.REPORT_FAILED, notes=(*verdict.notes, *stale))
    verdict, problems = write_reports(verdict, run, artefacts)
    verdict, unsaid = write_summary(verdict, run, artefacts, step_summary(os.environ, formats))
    complain((*stale, *problems, *unsaid))
    return verdict


def _same(path: Path, other: Path) -> bool:
    """Whether both are one existing file."""
    return path.exists() and path.samefile(other)
