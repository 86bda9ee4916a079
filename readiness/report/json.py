"""report.json <-> Verdict, schema "readiness.report/1": the verdict for machines, complete and strict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from readiness.errors import ConfigError
from readiness.judge.declared import Declared, declared
from readiness.judge.invariants import REPORT_LAWS
from readiness.judge.verdict import CheckResult, Verdict
from readiness.measurements import strict
from readiness.measurements.codec import Codec
from readiness.measurements.histogram import Histogram
from readiness.measurements.json import schema_of
from readiness.measurements.law import Contradicted, contradictions
from readiness.measurements.packed import HISTOGRAM, SLICES
from readiness.measurements.run import Run, Slice
from readiness.measurements.strict import Malformed
from readiness.report import seal

_SCHEMA = "readiness.report/1"
_NAMES: Mapping[tuple[type, str], str] = {(CheckResult, "pass_limit"): "pass", (CheckResult, "warn_limit"): "warn"}
DECLARED = "declared"
_DECLARED = Codec().pair(Declared)


def render(verdict: Verdict, run: Run | None = None) -> str:
    """The whole file. `run` is not used: report.json is the verdict alone."""
    del run
    facts: dict[str, Any] = {"schema": _SCHEMA, **_VERDICT.write(verdict)}
    facts["thresholds"] = {"file": facts.pop("thresholds_file"), "sha256": facts.pop("thresholds_sha256")}
    facts[DECLARED] = _DECLARED.write(declared(verdict.checks))
    return strict.lines(seal.sealed(facts))


def resealed(text: str) -> str:
    """A report whose text had to be changed before it was written, with the seal of what it says now."""
    return strict.lines(seal.sealed(strict.parse(text)))


def edited(text: str, *, old: bool) -> str | None:
    """Why the report in `text` is not the one that was written; None when it is.

    `old`: one without a seal, as older versions wrote it, is taken for what it says. Raises Malformed.
    """
    facts = strict.parse(text)
    return seal.broken(facts) or (None if old else seal.absent(facts))


def is_report(text: str) -> bool:
    """Whether `text` says of itself that it is a report, of whatever version."""
    try:
        facts = strict.parse(text)
    except Malformed:
        return False
    return isinstance(facts, dict) and str(facts.get("schema", "")).startswith("readiness.report/")


def loads(text: str, name: str) -> Verdict:
    """The verdict in `text`, which contradicts itself nowhere; `name` is the file as the user gave it.

    Raises ConfigError that names the file, the JSON path and what is wrong; Contradicted for what cannot be true.
    """
    verdict, problems = read(text, name)
    if problems:
        raise Contradicted(*(f"{name}: {problem}" for problem in problems))
    return verdict


def read(text: str, name: str) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict in `text` as it stands there, and what in it cannot be true. Raises ConfigError as `loads` does."""
    try:
        facts = strict.parse(text)
        schema_of(facts, _SCHEMA)
        told = facts.pop(DECLARED, None)
        facts.pop(seal.SEAL, None)  # of what stands there, not of what it means: see `edited`
        thresholds = facts.pop("thresholds", None)
        if not isinstance(thresholds, dict) or thresholds.keys() != {"file", "sha256"}:
            raise Malformed('"thresholds" must be an object with file and sha256')
        facts |= {f"thresholds_{key}": value for key, value in thresholds.items()}
        verdict: Verdict = _VERDICT.read(facts)
        known: Declared | None = None if told is None else _DECLARED.read(told)
    except Malformed as error:
        raise ConfigError(f"{name}: {error.path}: {error}") from error
    return verdict, (*_undeclared(verdict, known), *contradictions(verdict, REPORT_LAWS))


def _undeclared(verdict: Verdict, known: Declared | None) -> tuple[str, ...]:
    """What is wrong when the checks are not those that the report was written with."""
    found = declared(verdict.checks)
    if known is None or known == found:
        return ()
    what = f"{found.checks} of {known.checks} stand there" if found.checks != known.checks else "they were changed"
    return (f"$.declared: the checks are not those of the report as it was written: {what}",)


_VERDICT = Codec(special={Histogram: HISTOGRAM, tuple[Slice, ...]: SLICES}, names=_NAMES).pair(Verdict)
