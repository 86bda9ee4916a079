"""`readiness capacity`: how much load the target can take within its limits."""

from __future__ import annotations

from readiness.cli.capacity_request import CapacityRequest
from readiness.cli.output import ascii_only, complain, finish, refusals, say


def capacity(request: CapacityRequest) -> None:
    """Find the largest load that TARGET takes within its limits; ends with 1 when even the smallest breaks them."""
    from readiness.cli.capacity_search import search
    from readiness.report.capacity import console

    with refusals():
        result = search(request)
    complain(result.problems)
    if not request.quiet:
        say(console.summary(result.capacity, ascii=ascii_only()))
        say(f"reports: {request.out}", to_stderr=True)
    say(console.last_line(result.capacity, result.exit_code))
    finish(result.exit_code)
