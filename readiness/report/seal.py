"""A digest over everything that report.json says, so that an edit by hand is noticed wherever it was made.

It is no signature: who computes it anew can forge a report. `readiness gate --run` judges the run instead.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

SEAL = "seal"
_CHANGED = "$.seal: the report was changed after it was written"
_ABSENT = (
    "$: has no seal: it was changed after it was written, or an older readiness wrote it; "
    "name its run with --run, which is judged anew"
)


def sealed(facts: dict[str, Any]) -> dict[str, Any]:
    """`facts` with their seal at the end."""
    return {**{key: value for key, value in facts.items() if key != SEAL}, SEAL: _digest(facts)}


def broken(facts: dict[str, Any]) -> str | None:
    """Why a report with `facts` is not the one that was written; None when it is, or when it has no seal."""
    return _CHANGED if SEAL in facts and facts[SEAL] != _digest(facts) else None


def absent(facts: dict[str, Any]) -> str | None:
    """Why a report without a seal proves nothing by itself; None when it has one."""
    return None if SEAL in facts else _ABSENT


def _digest(facts: dict[str, Any]) -> str:
    """Of the values, whatever the order of keys, the indent, and the spelling of whole numbers (1.0 or 1)."""
    said = {key: _plain(value) for key, value in facts.items() if key != SEAL}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
