"""GitHub's workflow commands: the decision and the gravest checks beside the lines of thresholds.yaml.

A runner shows ten errors and ten warnings of a step. Source of the escapes: actions/toolkit, `command.ts`.
"""

from __future__ import annotations

from readiness.judge.verdict import Verdict
from readiness.report.view.places import Gravity, Place, places

MOST = 10


def lines(verdict: Verdict) -> tuple[str, ...]:
    """One command a line, gravest first; none for a run in which everything passed."""
    left = {"error": MOST, "warning": MOST}
    found = []
    for place in places(verdict):
        kind = "error" if place.gravity >= Gravity.MAJOR else "warning"
        if left[kind]:
            left[kind] -= 1
            found.append(_command(kind, place))
    return tuple(found)


def _command(kind: str, place: Place) -> str:
    properties = {"title": place.title, "file": place.file, "line": str(place.line)}
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{kind} {written}::{_data(place.text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
