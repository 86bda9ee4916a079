"""`readiness run`: plan, load, measure, judge, report."""

from __future__ import annotations

from readiness.cli.output import complain, finish, refusals, show, tell_where
from readiness.cli.run_request import RunRequest


def run(request: RunRequest) -> None:
    """Load TARGET, measure it from several sides, and say whether it is ready."""
    from readiness.cli.assessment import assess
    from readiness.cli.signals import ignore

    with refusals():
        result = assess(request)
    complain(result.problems)
    show(result.verdict, quiet=request.quiet, secrets=result.secrets, verbose=request.verbose)
    if not request.quiet:
        tell_where(result.out, show_it=request.open_)
    ignore()
    finish(result.verdict.exit_code)
