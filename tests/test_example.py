"""reports/example is a real run of the demo and the golden output: judging it again gives the same files.

`UPDATE_GOLDEN=1 pytest tests/test_example.py` writes them anew after a wanted change; `make example` makes a new run.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from readiness.config.load import load
from readiness.judge.judge import judge
from readiness.judge.verdict import Decision
from readiness.measurements.json import loads
from readiness.report import FORMATS
from readiness.report.json import loads as read_report

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "reports" / "example"


@pytest.mark.parametrize("name", FORMATS)
def test_judging_and_rendering_the_example_run_again_gives_the_committed_file(name: str) -> None:
    run = loads((EXAMPLE / "run.json").read_text(), "run.json")
    config = replace(load(EXAMPLE / "thresholds.yaml", {}), file="thresholds.yaml")
    stored = read_report((EXAMPLE / "report.json").read_text(), "report.json")
    verdict = judge(run, config)
    assert verdict.decision is stored.decision is Decision.READY
    path = EXAMPLE / FORMATS[name].file_name
    text = FORMATS[name].render(verdict, run)
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert path.read_text() == text


def test_the_example_names_no_place_of_the_machine_that_made_it() -> None:
    for path in EXAMPLE.iterdir():
        text = path.read_text()
        assert not [place for place in ("/root", "/home/", "/tmp/", "/work/") if place in text], path.name
