"""What can go wrong, and the exit code that says so.

    ReadinessError
    ├── ConfigError      2   a flag, thresholds.yaml or a scenario is wrong; carries every mistake found
    ├── Refused          5   a safety guard: host not allowed, database role can write
    └── NotMeasured      -   one reading failed; becomes a measurement without a value, never a crash

Only readiness/cli catches ReadinessError; anything else is a bug of ours and ends with 70.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """The contract of the command line (docs/contract.md §3). Constants only: codes are never computed."""

    READY = 0
    NOT_READY = 1
    USAGE = 2
    INCONCLUSIVE = 3
    CONDITIONAL = 4
    REFUSED = 5
    REPORT_FAILED = 6
    BUG = 70
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


class ReadinessError(Exception):
    """Base of what a user can fix; the message starts with the thing as the user wrote it."""

    exit_code: ExitCode = ExitCode.BUG


class ConfigError(ReadinessError):
    """One or more mistakes in what the user wrote, all of them at once.

    `problems` are whole lines such as
    `thresholds.yaml:12: checks.latency.p95.pass: needs a unit, such as "< 100 ms"`.
    """

    exit_code = ExitCode.USAGE

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Refused(ReadinessError):
    """A guard said no before anything was sent."""

    exit_code = ExitCode.REFUSED


class NotMeasured(ReadinessError):
    """A probe or a query could not find its number; the text is the reason that the report shows."""

    exit_code = ExitCode.INCONCLUSIVE
