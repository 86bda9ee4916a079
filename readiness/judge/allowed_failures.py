"""The share of requests that may fail by the limits of the success rate and the error rate. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from readiness.config.model import Check
from readiness.judge.readings import in_scope
from readiness.measurements.run import Endpoint


def of_endpoint(checks: Sequence[Check], endpoint: Endpoint) -> float | None:
    """By the strictest limit that the endpoint is in the scope of, 0 to 1; None where there is none."""
    return _least([check for check in checks if in_scope(endpoint, check.scope)])


def of_users(checks: Sequence[Check]) -> float | None:
    """By the limits of the whole load, else by those of its parts."""
    whole = _least([check for check in checks if check.scope is None])
    return _least(checks) if whole is None else whole


def _least(checks: Sequence[Check]) -> float | None:
    return min((share for check in checks if (share := _share(check)) is not None), default=None)


def _share(check: Check) -> float | None:
    if check.not_applicable is not None:
        return None
    match check.metric:
        case "http.success_rate":
            return max(100 - check.pass_limit.value, 0.0) / 100
        case "http.error_rate":
            return check.pass_limit.value / 100
        case _:
            return None
