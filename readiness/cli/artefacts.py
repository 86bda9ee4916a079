"""The files of a run: written whole or not at all, and never a green exit with one of them missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from readiness.errors import ExitCode
from readiness.judge.verdict import Decision, Verdict
from readiness.measurements.json import dumps
from readiness.measurements.run import Run
from readiness.redaction import last_net, redacted
from readiness.report import Format
from readiness.report.writing import RUN_FILE, write, write_all
from readiness.text import clean, redact


def settle(verdict: Verdict, *, allow_conditional: bool) -> Verdict:
    """The verdict with `--allow-conditional` applied to its exit code, and said."""
    if not allow_conditional or verdict.decision is not Decision.CONDITIONAL:
        return verdict
    note = "--allow-conditional was given: CONDITIONAL ends with exit code 0"
    return replace(verdict, exit_code=ExitCode.READY, notes=(*verdict.notes, note))


def write_run(run: Run, out: Path, secrets: Sequence[str]) -> str | None:
    """Write run.json without `secrets`; None when it worked, otherwise what is wrong as a sentence."""
    text, refused = last_net(dumps(redacted(run, secrets)), RUN_FILE, secrets)
    return refused or write(out / RUN_FILE, text)


def write_reports(
    verdict: Verdict, run: Run | None, formats: Sequence[Format], out: Path, secrets: Sequence[str]
) -> tuple[Verdict, tuple[str, ...]]:
    """Render and write every format; (the verdict as it stands after that, problems as sentences).

    The verdict that comes back has no `secrets` in it any more. A report that could not be written turns a 0 or 4
    into 6. One that fails does not lose the others.
    """
    verdict, run = redacted(verdict, secrets), redacted(run, secrets)
    texts: dict[str, str] = {}
    problems: list[str] = []
    for fmt in formats:
        try:
            text, refused = last_net(fmt.render(verdict, run), fmt.file_name, secrets)
        except Exception as error:  # a renderer's bug must not lose the other reports, and is never green
            reason = redact(clean(error), secrets)
            problems.append(f"{fmt.file_name} could not be rendered: {type(error).__name__}: {reason}")
            continue
        if refused:
            problems.append(refused)
        else:
            texts[fmt.file_name] = text
    problems += write_all(texts, out)
    if not problems or verdict.exit_code not in (ExitCode.READY, ExitCode.CONDITIONAL):
        return verdict, tuple(problems)
    failed = replace(verdict, exit_code=ExitCode.REPORT_FAILED, notes=(*verdict.notes, *problems))
    # What could be written must say the code that the command ends with.
    for fmt in formats:
        if fmt.file_name in texts and (out / fmt.file_name).is_file():
            text, refused = last_net(fmt.render(failed, run), fmt.file_name, secrets)
            if not refused:
                write(out / fmt.file_name, text)
    return failed, tuple(problems)
