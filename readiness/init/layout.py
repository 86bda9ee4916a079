"""Expressions as lines: on one line where they fit, else one part a line with a comma behind each.

That is the form which `ruff format` leaves alone, so that what is generated looks like what a person commits here.
"""

from __future__ import annotations

from dataclasses import dataclass

from readiness.init.literals import LINE, too_long

INDENT = "    "


@dataclass(frozen=True, slots=True)
class Group:
    """`open` parts, separated by commas, `close`: a call, a list, a dict, or one part with words before it."""

    open: str
    parts: tuple[Expression, ...]
    close: str


Expression = str | Group
"""Text that is not divided, or a group of expressions."""


def keyed(before: str, value: Expression) -> Expression:
    """`value` with `before` (`name=`, `"key": `) in front."""
    if isinstance(value, str):
        return before + value
    return Group(before + value.open, value.parts, value.close)


def one_line(expression: Expression) -> str:
    """Everything on one line."""
    if isinstance(expression, str):
        return expression
    return expression.open + ", ".join(one_line(part) for part in expression.parts) + expression.close


def lines(expression: Expression, indent: str, end: str = "") -> list[str]:
    """The lines of `expression`, the last one ending with `end`."""
    whole = indent + one_line(expression) + end
    if len(whole) <= LINE or isinstance(expression, str) or not expression.parts:
        return [_excused(whole)]
    inner = [line for part in expression.parts for line in lines(part, indent + INDENT, ",")]
    return [_excused(indent + expression.open), *inner, f"{indent}{expression.close}{end}"]


def assigned(name: str, value: Expression, indent: str) -> list[str]:
    """`name = value`; a text that does not fit behind the name gets a line of its own, between parentheses."""
    if isinstance(value, str) and len(f"{indent}{name} = {value}") > LINE:
        return [f"{indent}{name} = (", *lines(value, indent + INDENT), f"{indent})"]
    return lines(keyed(f"{name} = ", value), indent)


def _excused(line: str) -> str:
    """A text is not cut in two for its length; the linter is told so."""
    return f"{line}  # noqa: E501" if too_long(line) else line
