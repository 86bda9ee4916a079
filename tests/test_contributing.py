"""The code of CONTRIBUTING.md works as it stands there."""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from readiness.config.probes import Probes
from readiness.errors import NotMeasured
from readiness.measurements import source_invariants
from readiness.measurements.run import Measurement
from readiness.metrics import catalogue
from readiness.metrics.metric import Metric
from readiness.probes import Probe, _never
from readiness.probes.evidence import Evidence
from readiness.probes.http import ProbeAnswer
from readiness.probes.sampler import Readings
from readiness.report import FORMATS, Format
from readiness.report.view.checks import key_of
from tests.judge import builders
from tests.report.builders import every_outcome

GUIDE = Path(__file__).parent.parent / "CONTRIBUTING.md"


def blocks() -> list[str]:
    """The code of the guide, in its order."""
    return [textwrap.dedent(block) for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)]


def example() -> tuple[Metric, Probe]:
    """The metric and the probe of the guide, made from its own text."""
    defined, measured, named = blocks()[:3]
    code: dict[str, Any] = {}
    exec(measured, code)  # our own page
    (metric,) = eval(defined, {"Metric": Metric})
    (probe,) = eval(named, {"Probe": Probe, "_never": _never, "server_header": SimpleNamespace(**code)})
    return metric, probe


def seen(page: ProbeAnswer | str) -> tuple[Measurement, ...]:
    return example()[1].conclude(Evidence(Probes(), Readings({}, True), pages={"/": page}))


@pytest.mark.parametrize(("server", "value"), [("nginx", 1.0), ("nginx/1.27.1", 0.0)])
def test_the_guides_probe_measures_what_the_record_of_a_run_accepts(
    server: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    metric, probe = example()
    (measured,) = seen(ProbeAnswer(200, (("server", server),), b"", 1.0, "http://127.0.0.1/"))
    assert (measured.metric, measured.value) == (metric.name, value) == (probe.metric, value)
    monkeypatch.setitem(catalogue._BY_NAME, metric.name, metric)
    assert list(source_invariants.values_are_those_of_their_lines(builders.run(None, measured))) == []


def test_the_guides_probe_guesses_nothing_where_the_page_gave_no_answer() -> None:
    with pytest.raises(NotMeasured, match="refused"):
        seen("/: connection refused")


def test_the_guides_report_format_shows_every_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written, named = blocks()[3:]
    (tmp_path / "lines_of_the_guide.py").write_text(written)
    monkeypatch.syspath_prepend(tmp_path)
    (fmt,) = eval(named, {"Format": Format})
    verdict = every_outcome()
    text = replace(fmt, module="lines_of_the_guide").render(verdict, None)
    assert text.splitlines() == [f"{check.outcome.value} {key_of(check)}" for check in verdict.checks]
    assert not fmt.default
    assert fmt.name not in FORMATS
