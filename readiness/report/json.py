"""report.json <-> Verdict, schema "readiness.report/1": the verdict for machines, complete and strict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from readiness.errors import ConfigError
from readiness.judge.verdict import CheckResult, Verdict
from readiness.measurements import strict
from readiness.measurements.codec import Codec
from readiness.measurements.histogram import Histogram
from readiness.measurements.json import check_ledger, check_measurement, check_rate, schema_of
from readiness.measurements.packed import HISTOGRAM, SLICES
from readiness.measurements.run import Ledger, Measurement, Rate, Run, Slice
from readiness.measurements.strict import Malformed

SCHEMA = "readiness.report/1"
NAMES: Mapping[tuple[type, str], str] = {(CheckResult, "pass_limit"): "pass", (CheckResult, "warn_limit"): "warn"}


def render(verdict: Verdict, run: Run | None = None) -> str:
    """The whole file. `run` is not used: report.json is the verdict alone."""
    del run
    facts: dict[str, Any] = {"schema": SCHEMA, **_VERDICT.write(verdict)}
    facts["thresholds"] = {"file": facts.pop("thresholds_file"), "sha256": facts.pop("thresholds_sha256")}
    return strict.lines(facts)


def loads(text: str, name: str) -> Verdict:
    """The verdict in `text`; `name` is the file as the user gave it.

    Raises ConfigError that names the file, the JSON path and what is wrong.
    """
    try:
        facts = strict.parse(text)
        schema_of(facts, SCHEMA)
        thresholds = facts.pop("thresholds", None)
        if not isinstance(thresholds, dict) or thresholds.keys() != {"file", "sha256"}:
            raise Malformed('"thresholds" must be an object with file and sha256')
        facts |= {f"thresholds_{key}": value for key, value in thresholds.items()}
        verdict: Verdict = _VERDICT.read(facts)
    except Malformed as error:
        raise ConfigError(f"{name}: {error.path}: {error}") from error
    return verdict


_VERDICT = Codec(
    special={Histogram: HISTOGRAM, tuple[Slice, ...]: SLICES},
    names=NAMES,
    checks={Ledger: check_ledger, Measurement: check_measurement, Rate: check_rate},
).pair(Verdict)
