"""What commands say, and that they still end rightly when nobody listens any more."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import typer

from readiness.errors import ConfigError, ExitCode, ReadinessError
from readiness.text.redaction import for_terminal, net

if TYPE_CHECKING:
    from readiness.judge.verdict import Verdict


T = TypeVar("T")
NARROWEST, WIDEST = 40, 120
"""Columns between which the summary follows the terminal."""
ONE_FORMAT_HELP = "One of md, html, json, junit, sarif, github, comment, gitlab, openmetrics, badge."
FORMAT_HELP = f"One or more{ONE_FORMAT_HELP.removeprefix('One').rstrip('.')}; default the first four."


def say(text: str, *, to_stderr: bool = False) -> None:
    """One line or several, of ours; a closed pipe or a full device changes no exit code."""
    text = net(text)
    stream = sys.stderr if to_stderr else sys.stdout
    if stream is None:  # closed before we started
        return
    try:
        stream.write(text + "\n")
        stream.flush()
    except UnicodeEncodeError:
        say(text.encode("ascii", "replace").decode(), to_stderr=to_stderr)
    except (OSError, ValueError):
        _nobody_listens(stream.fileno() if not stream.closed else None)


def complain(problems: Iterable[str]) -> None:
    """What went wrong beside the answer, a line each on standard error."""
    for problem in problems:
        say(f"readiness: {problem}", to_stderr=True)


def put(text: str) -> str | None:
    """The command's product on standard output, as UTF-8 whatever the locale; why it is not whole, or None."""
    if sys.__stdout__ is None:  # closed before we started; __main__ put a null stream in its place
        return "it is closed"
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(net(text).encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
    except (OSError, ValueError) as error:
        _nobody_listens(sys.stdout.fileno() if not sys.stdout.closed else None)
        return (getattr(error, "strerror", None) or str(error)).lower()
    return None


def _nobody_listens(descriptor: int | None) -> None:
    """Point the stream at nothing: Python's own flush at exit would turn the code into 120."""
    if descriptor is not None:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, descriptor)
        os.close(devnull)


def show(verdict: Verdict, *, quiet: bool, secrets: Sequence[str] = (), verbose: bool = False) -> None:
    """The verdict on standard output; its last line is for machines. `verbose` lists every check."""
    from readiness.report import console
    from readiness.report.redacted import redacted

    verdict = redacted(verdict, secrets)
    say(console.quiet_line(verdict) if quiet else _rendered(verdict, verbose=verbose))
    commands(verdict)
    say(last_line(verdict, verdict.exit_code))


def ascii_only() -> bool:
    """Whether the terminal has no other characters."""
    return "utf" not in (sys.stdout.encoding or "").lower()


def read_flag(flag: str, read: Callable[[], T]) -> T:
    """What `read` makes of the text of a flag. Raises ConfigError, which names the flag, for its ValueError."""
    try:
        return read()
    except ValueError as error:
        raise ConfigError(f"{flag}: {error}") from error


def tell_where(out: Path, *, show_it: bool = False) -> None:
    """Where the files are, as an address that a terminal opens; `show_it` opens the report in a browser."""
    page = out / "report.html"
    if not page.is_file():
        say(f"reports: {out}", to_stderr=True)
        return
    address = page.absolute().as_uri()
    say(f"report: {address}", to_stderr=True)
    if show_it:
        import webbrowser

        if not webbrowser.open(address):
            say("readiness: --open found no browser here; the address above is the report", to_stderr=True)


def commands(verdict: Verdict) -> None:
    """Annotations, where GitHub reads them."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from readiness.report import workflow_commands

        for line in workflow_commands.lines(verdict):
            say(line)


def last_line(verdict: Verdict, code: ExitCode, *, believed: bool = True) -> str:
    """The line that machines read."""
    word = verdict.decision.value.replace(" ", "_")
    doubt = "" if believed else "believed=no "
    return f"readiness: decision={word} {doubt}exit={int(code)} run={verdict.run_id}"


def _rendered(verdict: Verdict, *, verbose: bool) -> str:
    import shutil
    from io import StringIO

    from rich.console import Console

    from readiness.report import console

    terminal = sys.stdout.isatty()
    width = min(max(shutil.get_terminal_size((80, 24)).columns, NARROWEST), WIDEST) if terminal else 80
    text = StringIO()
    Console(
        file=text, force_terminal=terminal, width=width, no_color=not terminal or bool(os.environ.get("NO_COLOR"))
    ).print(console.summary(verdict, ascii=ascii_only(), width=width, verbose=verbose))
    return text.getvalue().rstrip("\n")


@contextmanager
def refusals(secrets: Sequence[str] = ()) -> Iterator[None]:
    """What a user can fix is said in plain lines and ends with its code, never with a traceback."""
    try:
        yield
    except ConfigError as error:
        for problem in error.problems:
            margin = problem[: len(problem) - len(problem.lstrip(" "))]  # of a file that the message shows
            say(margin + for_terminal(problem, secrets), to_stderr=True)
        finish(error.exit_code)
    except ReadinessError as error:
        say(for_terminal(f"readiness: {error}", secrets), to_stderr=True)
        finish(error.exit_code)


def finish(code: ExitCode) -> NoReturn:
    """Leave with a code of the contract."""
    raise typer.Exit(int(code))
