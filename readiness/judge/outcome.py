"""What a check and a run come to: the words of the contract."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What became of one check."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    SKIPPED = "skipped"
    NOT_APPLICABLE = "not_applicable"


class Decision(StrEnum):
    """The one word that a stakeholder reads."""

    READY = "READY"
    CONDITIONAL = "CONDITIONAL"
    NOT_READY = "NOT READY"
    INCONCLUSIVE = "INCONCLUSIVE"
