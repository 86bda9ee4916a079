"""The section `baseline:`: an older run, read with the file, and the checks that `worse_by` stands for."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from readiness.config.form import Form, described, scalar, section
from readiness.config.model import Baseline, Check, Limit, Operator
from readiness.config.scalars import text_form
from readiness.errors import ConfigError
from readiness.measurements.json import loads
from readiness.metrics import catalogue
from readiness.text import foreign_files

WATCHED = ("baseline.latency.p50", "baseline.latency.p95")
"""What `worse_by` is about: all users, and the slow ones."""
_MAX_BYTES = 512 * 1024 * 1024
_WORSE = re.compile(r"> ?([0-9]{1,4}(?:\.[0-9]{1,6})?) ?%", re.ASCII)


def baseline_form() -> Form[Baseline]:
    """The whole section, without the run that it names."""

    def worse_by(text: str) -> float:
        match = _WORSE.fullmatch(text.strip())
        if not match:
            raise ValueError(f'must say what is too much, such as "> 10 %", not {text!r}')
        return round(float(match[1]) / 100, 8)

    pattern = {"type": "string", "pattern": r"^> ?[0-9]+(\.[0-9]+)? ?%$"}
    return section(
        Baseline,
        {
            "run": ("run", described(text_form(most=1000), "run.json of the older run, relative to this file.")),
            "worse_by": (
                "worse_by",
                described(scalar(lambda node: worse_by(node.text), pattern), "Too much for median and P95."),
            ),
        },
        required=("run",),
        line="line",
    )


def implied(baseline: Baseline, declared: tuple[Check, ...]) -> tuple[Check, ...]:
    """The checks that `worse_by` stands for, without those that the file declares itself."""
    if baseline.worse_by is None:
        return ()
    percent = 100 * baseline.worse_by
    limit = Limit(Operator.AT_MOST, percent, f"<= {percent:g} %")
    keys = {check.key for check in declared}
    found = [metric for name in WATCHED if name not in keys and (metric := catalogue.find(name))]
    return tuple(Check(metric.name, None, metric.title, limit, line=baseline.line) for metric in found)


def with_run(baseline: Baseline, file: str) -> Baseline:
    """`baseline` with the facts of its run; `file` is the thresholds file. Raises ConfigError with its line."""
    folder = Path(file).parent
    where = f"{file}:{baseline.line}: baseline.run"
    try:
        text = foreign_files.read_text(folder / baseline.run, _MAX_BYTES, below=folder)
    except foreign_files.Missing:
        raise ConfigError(
            f"{where}: there is no {baseline.run} yet; keep the run.json of a run to be no worse than there"
        ) from None
    except foreign_files.NotReadable as error:
        raise ConfigError(f"{where}: {baseline.run}: {error}") from None
    try:
        return replace(baseline, facts=loads(text, baseline.run))
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
