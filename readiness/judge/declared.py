"""What a report was written with, so that a check that is taken out of it or loosened is missed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from readiness.judge.verdict import CheckResult


@dataclass(frozen=True, slots=True)
class Declared:
    """The checks of a report as it was written; the content of `declared` in report.json."""

    checks: int
    sha256: str
    """Of their keys, limits, weights and effects, in their order."""


def declared(checks: Sequence[CheckResult]) -> Declared:
    """What is declared in `checks`."""
    whole = [[one.key, one.pass_limit, one.warn_limit, float(one.weight), one.on_fail, one.waived] for one in checks]
    return Declared(len(checks), hashlib.sha256(json.dumps(whole).encode()).hexdigest())
