"""`readiness judge`: the facts of a run under other limits, without any load."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from readiness.cli.output import FORMAT_HELP, complain, finish, refusals, show, tell_where
from readiness.cli.trust import AllowEnv


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
    from dataclasses import replace

    from readiness.cli.artefacts import Artefacts, settle, step_summary, write_reports, write_summary
    from readiness.cli.formats import parse
    from readiness.cli.inputs import in_folder, read_run, refuse_other_counts
    from readiness.cli.preparation import secrets_of
    from readiness.config.load import load
    from readiness.config.trust import trust_of
    from readiness.errors import ExitCode
    from readiness.judge.judge import judge as judged
    from readiness.report.locking import sole_writer
    from readiness.report.writing import RUN_FILE, known_files, prepare, remove_stale

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
            written = {fmt.file_name for fmt in formats}
            stale = remove_stale(
                out, frozenset(written | {name for name in known_files() if _same(out / name, run_file)})
            )
            if stale and verdict.exit_code in (ExitCode.READY, ExitCode.CONDITIONAL):
                verdict = replace(verdict, exit_code=ExitCode.REPORT_FAILED, notes=(*verdict.notes, *stale))
            artefacts = Artefacts(out, formats, secrets)
            verdict, problems = write_reports(verdict, run, artefacts)
            summary = step_summary(os.environ, format_)
            verdict, unsaid = write_summary(verdict, run, artefacts, summary)
            complain((*stale, *problems, *unsaid))
        show(verdict, quiet=quiet, secrets=secrets, verbose=verbose)
        if out is not None and open_:
            tell_where(out, show_it=True)
        finish(verdict.exit_code)


def _same(path: Path, other: Path) -> bool:
    """Whether both are one existing file."""
    return path.exists() and path.samefile(other)
