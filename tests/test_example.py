"""reports/example/* are real runs of the demo and the golden output: judging them again gives the same files.

`UPDATE_GOLDEN=1 pytest tests/test_example.py` writes them anew after a wanted change; `make example` makes new runs.
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
from readiness.report.capacity import CAPACITY_FORMATS
from readiness.report.capacity.json import read as read_capacity
from readiness.report.json import loads as read_report
from tests import seed_report
from tests.examples import CAPACITIES, EXAMPLES

FOLDER = Path(__file__).parent.parent / "reports" / "example"
DECISIONS = {
    "ready": Decision.READY,
    "conditional": Decision.CONDITIONAL,
    "not-ready": Decision.NOT_READY,
    "inconclusive": Decision.INCONCLUSIVE,
}
SHOWN = {name: tuple(FORMATS) if name == "ready" else ("md", "html", "json", "junit") for name in DECISIONS}
MOST_BYTES = {"run.json": 400_000, "report.html": 300_000}


def test_there_is_one_example_for_each_decision() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*EXAMPLES, *CAPACITIES}
    assert set(EXAMPLES) == set(DECISIONS)
    assert set(DECISIONS.values()) == set(Decision)


@pytest.mark.parametrize("name", DECISIONS)
def test_judging_and_rendering_an_example_again_gives_the_committed_files(name: str) -> None:
    folder = FOLDER / name
    run = loads((folder / "run.json").read_text(), "run.json")
    config = replace(load(folder / "thresholds.yaml", {}), file="thresholds.yaml")
    stored = read_report((folder / "report.json").read_text(), "report.json")
    verdict = judge(run, config)
    assert verdict.decision is stored.decision is DECISIONS[name]
    for fmt in (FORMATS[shown] for shown in SHOWN[name]):
        text = fmt.render(verdict, run)
        if os.environ.get("UPDATE_GOLDEN"):
            (folder / fmt.file_name).write_text(text)
        written = folder / fmt.file_name
        before = written.read_text() if written.exists() else None
        assert before == text, f"{written}: wanted? UPDATE_GOLDEN=1 pytest {__file__}"
    for file_name, most in MOST_BYTES.items():
        assert (folder / file_name).stat().st_size < most


@pytest.mark.parametrize("name", CAPACITIES)
def test_a_capacity_rendered_again_gives_the_committed_files(name: str) -> None:
    folder = FOLDER / name
    capacity = read_capacity((folder / "capacity.json").read_text())
    assert capacity.target.name == CAPACITIES[name][0]
    for fmt in CAPACITY_FORMATS.values():
        text = fmt.render(capacity)
        if os.environ.get("UPDATE_GOLDEN"):
            (folder / fmt.file_name).write_text(text)
        assert (folder / fmt.file_name).read_text() == text, fmt.name


def test_the_page_on_the_seed_report_says_what_the_examples_say() -> None:
    page = seed_report.written(seed_report.PAGE.read_text())
    if os.environ.get("UPDATE_GOLDEN"):
        seed_report.PAGE.write_text(page)
    assert seed_report.PAGE.read_text() == page
    assert page.count("\ndemo") > 40


def test_no_example_names_a_place_of_the_machine_that_made_it() -> None:
    for path in FOLDER.rglob("*.*"):
        text = path.read_text()
        assert not [place for place in ("/root", "/home/", "/tmp/", "/work/") if place in text], path
