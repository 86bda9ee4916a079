"""Why a run decides nothing: one cause, so that the report can name one thing to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from readiness.judge.check import Judged
from readiness.judge.generator_health import pause_doubts
from readiness.judge.outcome import Decision, Outcome
from readiness.measurements.pace import AT_TARGETS_SOCKET
from readiness.measurements.provenance import UNREACHABLE
from readiness.measurements.run import Run

_NO_CONNECTION = frozenset({"dns", "connect_refused", "connect_timeout", "tls"})


class Cause(StrEnum):
    """In the order in which they are checked: the first one explains the ones below it."""

    INTERRUPTED = "interrupted"
    UNREACHABLE = "unreachable"
    GENERATOR = "generator overloaded"
    DOUBTED = "measurement in doubt"
    MISSING = "evidence missing"
    BEYOND = "value beyond its limit"
    TOO_SHORT = "too short"


TO_DO: Mapping[str, str] = {
    Cause.INTERRUPTED: "Run again, and let the run end.",
    Cause.UNREACHABLE: "Start the service, or correct the address, then run again.",
    Cause.GENERATOR: "Run again from a machine with free cores, or with less load.",
}
"""The one thing to do, by the causes without which no other step counts."""
_UNTRUSTED = "tls: { ca: FILE } }"
"""Part of the reasons whose remedy is an authority to trust."""


def cause(decision: Decision, run: Run, judged: Sequence[Judged], doubts: Sequence[str]) -> Cause | None:
    """The cause of an INCONCLUSIVE decision; None for every other decision."""
    if decision is not Decision.INCONCLUSIVE:
        return None
    if run.interrupted:
        return Cause.INTERRUPTED
    if _unreachable(run):
        return Cause.UNREACHABLE
    if run.load is not None and pause_doubts(run.load):
        return Cause.GENERATOR
    if any(AT_TARGETS_SOCKET in doubt for doubt in doubts):
        return Cause.DOUBTED  # whatever else held users back, a silent service did
    if any(item.generator for item in judged):
        return Cause.GENERATOR
    if doubts:
        return Cause.DOUBTED
    unproven = [i for i in judged if i.result.effect == "block" and i.result.outcome is Outcome.INCONCLUSIVE]
    if not unproven:
        return Cause.MISSING
    if all(item.remedy for item in unproven):
        return Cause.DOUBTED
    return Cause.BEYOND if any(item.credit.point < 1 or item.by_time for item in unproven) else Cause.TOO_SHORT


def to_do(found: Cause | None, run: Run) -> str | None:
    """The one thing to do about it, by what the connection failed of; None where other steps count."""
    if found is not Cause.UNREACHABLE:
        return TO_DO.get(found or "")
    why = next((doubt for doubt in run.doubts if UNREACHABLE in doubt), "")
    failed = set(run.load.ledger.failed) if run.load else set()
    if _UNTRUSTED in why:
        return "Name the authority's PEM file in thresholds.yaml, target: { tls: { ca: FILE } }, then run again."
    if f"{UNREACHABLE}: tls: " in why or failed == {"tls"}:
        return "The service answers: correct what the reason says of TLS, then run again."
    if f"{UNREACHABLE}: dns: " in why or failed == {"dns"}:
        return "Correct the host name of the address, or give it an address, then run again."
    return TO_DO[found]


def _unreachable(run: Run) -> bool:
    load = run.load
    if load is None:
        return any(UNREACHABLE in doubt for doubt in run.doubts)
    return load.ledger.planned > 0 and not load.ledger.ok and set(load.ledger.failed) <= _NO_CONNECTION
