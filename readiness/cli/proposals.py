"""Limits proposed from one run: what was measured, with room, as a place to begin. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from readiness.init.limits import MEASURED, ProposedLimit
from readiness.judge.verdict import CheckResult

ROOM = 1.5
"""A limit at the edge of what was measured fails every second run: so the upper end, and half as much again."""
_UNKNOWN_END = 2
"""Times the value, where the upper end of its interval is not known."""
_SHARES = (99.9, 99.5, 99, 98, 95, 90, 80, 50)


def proposals(checks: Sequence[CheckResult], starters: Sequence[ProposedLimit]) -> tuple[ProposedLimit, ...]:
    """`starters` with the limits that the run gives; one without a measurement stays as it is."""
    by_key = {check.key: check for check in checks}
    return tuple(_proposed(by_key.get(starter.check), starter) for starter in starters)


def _proposed(check: CheckResult | None, starter: ProposedLimit) -> ProposedLimit:
    if check is None or check.low is None or check.high is None:
        return starter
    said = f"{MEASURED} (measured {check.low:.3g} to {check.high:.3g} {check.unit})"
    if check.unit == "ms":
        high = check.high
        if check.value is not None and check.value < (edge := _number_of(starter.limit)) == high:
            # The run has too few requests for an upper end: what it says is the limit that it was judged by.
            high = min(edge, check.value * _UNKNOWN_END)
            said = f"{MEASURED} (measured {check.value:.3g} ms, with too few requests for an upper end)"
        return ProposedLimit(starter.check, f"< {_rounded(high * ROOM)} ms", said, starter.on_fail)
    if check.unit == "%":
        share = next((one for one in _SHARES if one < check.low), None)
        return starter if share is None else ProposedLimit(starter.check, f"> {share:g} %", said, starter.on_fail)
    return starter


def _number_of(limit: str) -> float:
    """The number of a starter limit, `< 1000 ms`."""
    return float(limit.split()[1])


def _rounded(value_ms: float) -> str:
    """Up to two digits: 142.5 is 150, 3.21 is 3.3."""
    if value_ms <= 1:
        return "1"
    step = 10.0 ** (math.floor(math.log10(value_ms)) - 1)
    return f"{math.ceil(value_ms / step - 1e-9) * step:.10g}"
