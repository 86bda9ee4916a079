"""The capacity on a terminal: 80 columns, without colour, in ASCII where it must be."""

from __future__ import annotations

from readiness.errors import ExitCode
from readiness.judge.capacity.capacity import Capacity, CapacityKind
from readiness.report.capacity.sheet import TrialRow, sheet
from readiness.report.plain_lines import marked, printed


def summary(capacity: Capacity, *, ascii: bool = False) -> str:  # noqa: A002 - the word that says it
    """Answer, attempts by height and the law."""
    page = sheet(capacity)
    mark = page.status.ascii if ascii else page.status.shape
    lines = [f"{mark} Capacity: {page.headline}", f"  {page.reason}", ""]
    lines += [_line(row, ascii=ascii) for row in page.rows]
    lines += ["", *(f"  {line}" for line in page.law)] if page.law else []
    lines += ["", *(f"  {line}" for line in page.sizing)] if page.sizing else []
    lines += ["", *(f"  {line}" for line in page.notes)] if page.notes else []
    return printed(lines, ascii=ascii)


def last_line(capacity: Capacity, code: ExitCode) -> str:
    """The line that machines read."""
    low, high = capacity.answer.low, capacity.answer.high
    unit = "users" if capacity.unit == "users" else "/s"
    match capacity.kind:
        case CapacityKind.BOUNDED if low is not None and high is not None:
            found = f"{low:g}..{high:g} {unit}"
        case CapacityKind.AT_LEAST if low is not None:
            found = f">={low:g} {unit}"
        case CapacityKind.BELOW:
            found = f"<{capacity.heights.least:g} {unit}"
        case _:
            found = "unknown"
    return f"readiness: capacity={found} exit={int(code)} run={capacity.run_id}"


def _line(row: TrialRow, *, ascii: bool) -> str:  # noqa: A002
    word = f"{marked(row.finding, ascii=ascii)}{', proof' if row.proof else ''}"
    return f"  {row.height:>16}  {word:<22} {row.answered:>12}  P95 {row.p95}"
