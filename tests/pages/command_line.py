"""The options of every command, from the command line itself, as tables for docs/contract.md."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import typer

from readiness.cli import app

WIDTH = 120
VALUES = {"thresholds": "FILE", "scenarios": "PATH", "out": "DIR", "format_": "F,…"}
"""What to write for the value of an option that names none itself."""


def tables() -> str:
    """A heading, the usage and a list of options for each command."""
    return "\n".join(_command(name, command) for name, command in commands())


def commands() -> Iterator[tuple[str, Any]]:
    """(name, command) of everything that can be run, such as `schema lock`."""
    yield from _below(typer.main.get_command(app), "")


def _below(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _below(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def _command(name: str, command: Any) -> str:
    shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    arguments = [parameter for parameter in shown if parameter.param_type_name == "argument"]
    words = " ".join([name, *(_argument(parameter) for parameter in arguments)])
    lines = [f"### readiness {words}", "", *_wrapped(" ".join(command.help.split())), ""]
    return "\n".join([*lines, *(line for parameter in shown for line in _entry(parameter)), ""])


def _argument(parameter: Any) -> str:
    name = _value(parameter)
    return name if parameter.required else f"[{name}]"


def _value(parameter: Any) -> str:
    """What the help calls an argument, without brackets."""
    return str(parameter.metavar or VALUES.get(parameter.name, parameter.name)).strip("[]")


def _entry(parameter: Any) -> list[str]:
    if parameter.param_type_name == "argument":
        name = _value(parameter)
    else:
        value = "" if parameter.is_flag else f" {parameter.metavar or VALUES.get(parameter.name, 'TEXT')}"
        name = f"{max(parameter.opts, key=len)}{value}"
    default = parameter.default
    usual = "" if default is None or default is False or parameter.required else f" Default: `{default}`."
    return _wrapped(f"- `{name}`: {parameter.help}{usual}", "  ")


def _wrapped(text: str, below: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=below, break_long_words=False, break_on_hyphens=False)
