"""Rows of `--samples`, from the engine to the parent: one for each request that ended, was left open, or never sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

IN_FLIGHT, DROPPED = "in_flight", "dropped"
"""Beside the classes of FAILURE_CLASSES: without an end, and never sent."""
_LATEST_US = 253_402_300_799_000_000
"""End of the year 9999."""
_MOST_NAME = 500


@dataclass(frozen=True, slots=True)
class RequestRows:
    """Some requests, in the order in which they ended."""

    names: list[tuple[str, str]]
    """Scenario and endpoint, by number."""
    failures: list[str]
    """Classes, by number."""
    rows: list[tuple[int, int, int, int, int, int]]
    """(start in µs since 1970, name, latency in µs or -1, status or 0, failure or -1, 1 in the measurement window)."""


def read_rows(fields: dict[str, Any]) -> RequestRows:
    """Back from JSON. Raises ValueError, TypeError or KeyError for anything that no engine sends."""
    names = [(str(scenario)[:_MOST_NAME], str(name)[:_MOST_NAME]) for scenario, name in fields["names"]]
    failures = [str(failure)[:_MOST_NAME] for failure in fields["failures"]]
    rows = [tuple(row) for row in fields["rows"]]
    for row in rows:
        at_us, name, latency_us, status, failure, judged = row
        if not all(type(value) is int for value in row):
            raise ValueError("a row of a request holds something else than whole numbers")
        if not (
            0 <= at_us <= _LATEST_US
            and 0 <= name < len(names)
            and -1 <= latency_us <= _LATEST_US
            and 0 <= status <= 999
            and -1 <= failure < len(failures)
            and judged in (0, 1)
        ):
            raise ValueError("a row of a request is out of range")
    return RequestRows(names, failures, rows)
