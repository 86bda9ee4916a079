"""The manual page, from the help of the commands: `python -m readiness.cli.manual > docs/readiness.1` (`make man`)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import typer.main

from readiness.cli import app
from readiness.errors import ExitCode

_WIDTH = 78
"""Characters of a line of help; a terminal of 80 shows them whole."""
MEANINGS = {
    ExitCode.READY: "READY: every blocking check passed with enough evidence, and the score reached its bar.",
    ExitCode.NOT_READY: "NOT READY: a blocking check was measured and failed, or the score is below the floor.",
    ExitCode.USAGE: "A flag, thresholds.yaml or a scenario is wrong; nothing was sent.",
    ExitCode.INCONCLUSIVE: "INCONCLUSIVE: evidence is missing, too little, or not to be trusted.",
    ExitCode.CONDITIONAL: "CONDITIONAL: blocking checks passed, others did not.",
    ExitCode.REFUSED: "Refused: the host is not allowed, or the database role can write.",
    ExitCode.REPORT_FAILED: "The answer would be 0 or 4, but a report could not be written.",
    ExitCode.BUG: "A bug in readiness.",
    ExitCode.HUNG_UP: "The terminal went away; what was measured is kept.",
    ExitCode.INTERRUPTED: "Interrupted; what was measured is kept and reported.",
    ExitCode.TERMINATED: "Ended by SIGTERM; what was measured is kept and reported.",
}


def render() -> str:
    """The page as roff; the same for the same help, so that a test can compare them."""
    lines = [
        '.TH READINESS 1 "" "readiness"',
        ".SH NAME",
        r"readiness \- load tests and production\-readiness verdicts",
        ".SH DESCRIPTION",
        *_help(typer.main.get_command(app), "readiness"),
        ".SH EXIT STATUS",
    ]
    for code, meaning in MEANINGS.items():
        lines += [".TP", f".B {code.value}", _escaped(meaning)]
    return "\n".join(lines) + "\n"


def _help(command: Any, words: str) -> Iterator[str]:
    """What `words --help` prints, and then the same of each command below it."""
    context = command.context_class(command, info_name=words, terminal_width=_WIDTH, max_content_width=_WIDTH)
    yield ".nf"
    yield from (_escaped(line) for line in command.get_help(context).splitlines())
    yield ".fi"
    for name, below in getattr(command, "commands", {}).items():
        if not below.hidden:
            yield f".SS {_escaped(f'{words} {name}')}"
            yield from _help(below, f"{words} {name}")


def _escaped(line: str) -> str:
    r"""`\&` keeps a line that begins with a dot from being a command of roff."""
    return r"\&" + line.replace("\\", r"\e").replace("-", r"\-") if line else ""


if __name__ == "__main__":
    sys.stdout.write(render())
