"""Workflow commands of CI runners: ours for the decision and the gravest checks, and none from other people's text.

A runner shows ten errors and ten warnings of a step. Source of the escapes: actions/toolkit, `command.ts`.
"""

from __future__ import annotations

import re

from readiness.judge.verdict import Verdict
from readiness.report.view.places import CheckPlace, Gravity, places

_MOST = 10
_OBEYED = re.compile(r"(?P<address>(?=[:.]{0,45}[0-9A-Fa-f])[0-9A-Fa-f:.]{2,45}(?![\w:.-]))|::|##(?=\[|vso\[)")
"""What a runner obeys at the start of a line (GitHub) or anywhere (Azure); an IPv6 address is no command."""


def harmless(text: str) -> str:
    """`text` without anything that a CI runner obeys, wherever a line of it may break."""
    return _OBEYED.sub(lambda found: found["address"] or " ".join(found[0]), text)


def lines(verdict: Verdict) -> tuple[str, ...]:
    """One command a line, gravest first; none for a run in which everything passed."""
    left = {"error": _MOST, "warning": _MOST}
    found = []
    for place in places(verdict):
        kind = "error" if place.gravity >= Gravity.MAJOR else "warning"
        if left[kind]:
            left[kind] -= 1
            found.append(_command(kind, place))
    return tuple(found)


def _command(kind: str, place: CheckPlace) -> str:
    properties = {"title": place.title, "file": place.file, "line": str(place.line)}
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{kind} {written}::{_data(place.text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
