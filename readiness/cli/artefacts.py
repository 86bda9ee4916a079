"""The files of a run: written whole or not at all, and never a green exit with one of them missing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from readiness.errors import ExitCode
from readiness.judge.verdict import Decision, Verdict
from readiness.measurements.json import dumps
from readiness.measurements.run import Run
from readiness.report import Format
from readiness.report.json import resealed
from readiness.report.redacted import redacted
from readiness.report.writing import REPORT_FILE, RUN_FILE, write, write_all
from readiness.text import clean
from readiness.text.foreign_files import NotReadable, open_to_append, why
from readiness.text.redaction import last_net, redact


def settle(verdict: Verdict, *, allow_conditional: bool) -> Verdict:
    """The verdict with `--allow-conditional` applied to its exit code, and said."""
    if not allow_conditional or verdict.decision is not Decision.CONDITIONAL:
        return verdict
    note = "--allow-conditional was given: CONDITIONAL ends with exit code 0"
    return replace(verdict, exit_code=ExitCode.READY, notes=(*verdict.notes, note))


@dataclass(frozen=True, slots=True)
class Artefacts:
    """Where the files of one command go, in which formats, and what none of them may show."""

    out: Path
    formats: tuple[Format, ...]
    secrets: tuple[str, ...]

    def write_run(self, run: Run) -> str | None:
        """Write run.json without secrets; None when it worked, otherwise what is wrong as a sentence."""
        text, refused = last_net(dumps(redacted(run, self.secrets)), RUN_FILE, self.secrets)
        return refused or write(self.out / RUN_FILE, text)

    def write(self, subject: object, run: Run | None = None) -> tuple[str, ...]:
        """Render and write every format of what has no secrets any more; problems as sentences.

        One that fails does not lose the others.
        """
        texts: dict[str, str] = {}
        problems: list[str] = []
        for fmt in self.formats:
            try:
                text, refused = self._rendered(fmt, subject, run)
            except Exception as error:  # a renderer's bug must not lose the other reports, and is never green
                reason = clean(redact(str(error), self.secrets))
                problems.append(f"{fmt.file_name} could not be rendered: {type(error).__name__}: {reason}")
                continue
            if refused:
                problems.append(refused)
            else:
                texts[fmt.file_name] = text
        return (*problems, *write_all(texts, self.out))

    def _rendered(self, fmt: Format, subject: object, run: Run | None) -> tuple[str, str | None]:
        """The file's text, and why it must not be written."""
        whole = fmt.render(subject, run)
        text, refused = last_net(whole, fmt.file_name, self.secrets)
        if text != whole and not refused and fmt.file_name == REPORT_FILE:
            text = resealed(text)
        return text, refused

    def rewrite(self, subject: object, run: Run | None) -> None:
        """Every format once more, after a failure; a file that cannot be written must not say an older answer."""
        for fmt in self.formats:
            path = self.out / fmt.file_name
            try:
                text, refused = self._rendered(fmt, subject, run)
            except Exception:  # said already, when it was rendered first
                text, refused = "", fmt.file_name
            if (refused or write(path, text)) and path.is_file() and not path.is_symlink():
                with suppress(OSError):
                    path.unlink()


@dataclass(frozen=True, slots=True)
class StepSummary:
    """The file that GitHub names for a step's summary."""

    path: Path
    required: bool
    """Whether it was asked for by `--format github`; otherwise a failure is only said."""


def step_summary(environ: Mapping[str, str], formats: str | None) -> StepSummary | None:
    """Where the summary goes, when the environment says so; `formats` is the text of `--format`."""
    path = environ.get("GITHUB_STEP_SUMMARY")
    asked = formats is not None and "github" in (name.strip() for name in formats.split(","))
    return StepSummary(Path(path), asked) if path else None


def write_reports(verdict: Verdict, run: Run | None, artefacts: Artefacts) -> tuple[Verdict, tuple[str, ...]]:
    """Render and write every format; (the verdict as it stands after that, problems as sentences).

    The verdict that comes back has no secrets in it any more. A report that could not be written turns a 0 or 4 into 6.
    """
    verdict, run = redacted(verdict, artefacts.secrets), redacted(run, artefacts.secrets)
    problems = artefacts.write(verdict, run)
    if not problems or verdict.exit_code not in (ExitCode.READY, ExitCode.CONDITIONAL):
        return verdict, problems
    return _failed(verdict, run, artefacts, problems), problems


def write_summary(
    verdict: Verdict, run: Run | None, artefacts: Artefacts, summary: StepSummary | None
) -> tuple[Verdict, tuple[str, ...]]:
    """Add the step summary, last of all; (the verdict as it stands after that, problems as sentences)."""
    problem = _append(summary, verdict, artefacts.secrets) if summary else None
    if problem is None:
        return verdict, ()
    if summary and summary.required and verdict.exit_code in (ExitCode.READY, ExitCode.CONDITIONAL):
        verdict = _failed(verdict, redacted(run, artefacts.secrets), artefacts, (problem,))
    return verdict, (problem,)


def _failed(verdict: Verdict, run: Run | None, artefacts: Artefacts, problems: tuple[str, ...]) -> Verdict:
    """The verdict with exit code 6, in every file that can be written."""
    failed = replace(verdict, exit_code=ExitCode.REPORT_FAILED, notes=(*verdict.notes, *problems))
    artefacts.rewrite(failed, run)
    return failed


def _append(summary: StepSummary, verdict: Verdict, secrets: Sequence[str]) -> str | None:
    """Add the verdict to GitHub's file, whatever an earlier command of the step wrote there; why not, or None."""
    from readiness.report import github

    try:
        text, refused = last_net(github.render(verdict), summary.path.name, secrets)
        if refused:
            return refused
        with os.fdopen(open_to_append(summary.path), "ab") as file:
            room = github.MOST_SUMMARY_BYTES - os.fstat(file.fileno()).st_size
            if room < len(github.CUT) * 10:
                return "the step summary is full; the verdict is in report.md"
            file.write(github.fitted(text, room).encode())
    except OSError as error:
        return f"the step summary (GITHUB_STEP_SUMMARY) could not be written: {why(error)}"
    except NotReadable as error:
        return f"the step summary (GITHUB_STEP_SUMMARY) could not be written: it {error}"
    return None
