"""`readiness compare`: two recorded runs side by side, without any load."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from readiness.cli.output import ascii_only, complain, finish, put, read_flag, refusals, say

if TYPE_CHECKING:
    from readiness.judge.compare.comparison import Comparison
    from readiness.report import Format


def compare(
    base: Annotated[Path, typer.Argument(metavar="BASE.json", help="run.json of the older run, or its folder.")],
    head: Annotated[Path, typer.Argument(metavar="HEAD.json", help="run.json of the newer run, or its folder.")],
    worse_by: Annotated[
        str, typer.Option(metavar="SHARE", help="What must be proven to count, such as 10%; 0% for any change.")
    ] = "5%",
    confidence: Annotated[str, typer.Option(metavar="SHARE", help="For all differences together.")] = "95%",
    anyway: Annotated[
        bool, typer.Option(help="Compare although plan or scenarios differ; said in the output.")
    ] = False,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write comparison.md, .html and .json there.")] = None,
    format_: Annotated[
        str | None, typer.Option("--format", metavar="F,…", help="md,html,json: for --out; without it one, printed.")
    ] = None,
    quiet: Annotated[bool, typer.Option(help="One sentence and the last line.")] = False,
) -> None:
    """Compare two runs; ends with 1 when HEAD got worse, 3 when the data cannot say."""
    import os

    from readiness.cli.inputs import in_folder, read_run, verdict_beside
    from readiness.errors import ConfigError, ExitCode
    from readiness.judge.compare.compare import compare as compared
    from readiness.report.comparison import console
    from readiness.report.redacted import redacted
    from readiness.report.writing import RUN_FILE
    from readiness.text.redaction import secrets_in

    with refusals():
        formats = _formats(format_)
        shares = _share("--worse-by", worse_by, 0, 1000), _share("--confidence", confidence, 80, 99.9)
        if out is None and format_ is not None and len(formats) != 1:
            raise ConfigError("--format: one format at a time goes to standard output; or name a folder with --out")
        base, head = in_folder(base, RUN_FILE), in_folder(head, RUN_FILE)
        runs = redacted((read_run(base), read_run(head)), secrets_in(os.environ))
        result = compared(
            *runs,
            files=(str(base), str(head)),
            verdicts=(verdict_beside(base, runs[0].id), verdict_beside(head, runs[1].id)),
            worse_by=shares[0],
            confidence=shares[1],
            anyway=anyway,
        )
        code = result.exit_code
        problems = _write(result, formats, out)
        if out is None and format_ is not None:
            problem = put(formats[0].render(result))
            problems = (f"standard output: {problem}",) if problem else ()
        elif quiet:
            say(console.quiet_line(result))
        else:
            say(console.summary(result, ascii=ascii_only()))
        complain(problems)
        if problems and code is ExitCode.READY:
            code = ExitCode.REPORT_FAILED
        if out is not None or format_ is None:
            say(f"readiness: compared={result.outcome.replace(' ', '_')} exit={int(code)}")
        finish(code)


def _write(result: Comparison, formats: tuple[Format, ...], out: Path | None) -> tuple[str, ...]:
    import os

    from readiness.cli.artefacts import Artefacts
    from readiness.report.locking import sole_writer
    from readiness.report.writing import prepare
    from readiness.text.redaction import secrets_in

    if out is None:
        return ()
    prepare(out)
    with sole_writer(out):
        return Artefacts(out, formats, secrets_in(os.environ)).write(result)


def _formats(text: str | None) -> tuple[Format, ...]:
    from readiness.cli.formats import parse
    from readiness.report.comparison import COMPARISON_FORMATS

    return parse(text, COMPARISON_FORMATS)


def _share(flag: str, text: str, least: float, most: float) -> float:
    """0 to 1 from `5%` or `> 5 %`; percentages over 100 are fine for a change."""
    from readiness.config.scalars import share

    return read_flag(flag, lambda: share(text.strip().removeprefix(">").strip(), least=least, most=most))
