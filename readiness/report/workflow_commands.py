"""Workflow commands of CI runners: ours for the decision and the gravest checks, and none from other people's text.

A runner shows ten errors and ten warnings of a step. Source of the escapes: actions/toolkit, `command.ts`.
"""

from __future__ import annotations

import re

from readiness.judge.verdict import Verdict
from readiness.report.view.places import CheckPlace, Gravity, places

_MOST = 10
_BREAKS = r"\r\n\v\f\x1c-\x1e\x85\u2028\u2029"
_ADDRESS = r"(?=[:.]{0,45}[0-9A-Fa-f])[0-9A-Fa-f:.]{2,45}(?![\w:.-])"
_OBEYED = re.compile(rf"(?P<before>(?:\A|[{_BREAKS}])[^\S{_BREAKS}]*)(?!{_ADDRESS})::|##(?=\[|vso\[)")
"""What a runner obeys: `::` behind the blanks of a line (GitHub), `##[` anywhere. An IPv6 address is no command, and
the cast of an SQL statement is none either, which whoever copies it needs as it is."""


def harmless(text: str) -> str:
    """`text` without anything that a CI runner obeys, as it stands: whoever breaks its lines asks again."""
    return _OBEYED.sub(lambda found: found["before"] + ": :" if found["before"] is not None else "# #", text)


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
