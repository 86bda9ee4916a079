"""Status as word, shape and colour: never by colour alone, and with ASCII shapes where a terminal has no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from readiness.judge.verdict import Decision, Outcome


@dataclass(frozen=True, slots=True)
class Status:
    """How one outcome or decision is shown."""

    word: str
    shape: str
    ascii: str
    tone: str
    """Class in the style sheet: good, fair, bad, unsure or quiet."""
    colour: str
    """Rich's name of the colour on a terminal."""


OUTCOMES: Mapping[Outcome, Status] = {
    Outcome.PASS: Status("Passed", "✔", "+", "good", "green"),
    Outcome.WARN: Status("Warning", "▲", "!", "fair", "yellow"),
    Outcome.FAIL: Status("Failed", "✖", "x", "bad", "red"),
    Outcome.INCONCLUSIVE: Status("Inconclusive", "?", "?", "unsure", "magenta"),
    Outcome.ERROR: Status("Not measured", "!", "E", "unsure", "magenta"),
    Outcome.SKIPPED: Status("Skipped", "–", "-", "quiet", "bright_black"),
    Outcome.NOT_APPLICABLE: Status("Not applicable", "…", ".", "quiet", "bright_black"),
}

DECISIONS: Mapping[Decision, Status] = {
    Decision.READY: Status("READY", "✔", "+", "good", "green"),
    Decision.CONDITIONAL: Status("CONDITIONAL", "▲", "!", "fair", "yellow"),
    Decision.NOT_READY: Status("NOT READY", "✖", "x", "bad", "red"),
    Decision.INCONCLUSIVE: Status("INCONCLUSIVE", "?", "?", "unsure", "magenta"),
}

MEANING: Mapping[Decision, str] = {
    Decision.READY: "Every blocking check passed, with evidence from this run. It supports a release.",
    Decision.CONDITIONAL: "May go live only if a named person accepts what did not pass; otherwise fix and run again.",
    Decision.NOT_READY: "Do not release. Fix what failed, then run again.",
    Decision.INCONCLUSIVE: "No decision can be based on this run. Add what is missing, then run again.",
}
