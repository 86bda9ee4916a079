"""Counts under the file that says what they count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from readiness.cli import app
from readiness.config.definitions import definitions
from readiness.config.load import load
from readiness.config.model import Database
from readiness.judge.data_invariants import DATA_LAWS, Counted
from readiness.measurements.json import decode
from readiness.measurements.law import contradictions
from tests.measurements.drilled import with_drill

EXAMPLE = Path("reports/example/ready")
DATABASE = load(EXAMPLE / "thresholds.yaml", {}).database


def changed(metric: str, value: float, *, details: bool = True) -> str:
    document: dict[str, Any] = json.loads((EXAMPLE / "run.json").read_text())
    for one in document["measurements"]:
        if one["metric"] == metric:
            one["value"] = value
        if not details:
            one.pop("details", None)
    return json.dumps(document)


def broken(text: str) -> tuple[str, ...]:
    return contradictions(Counted(decode(text, "run.json"), DATABASE), DATA_LAWS)


def test_a_real_run_has_the_counts_that_its_file_declares() -> None:
    assert DATABASE.counts
    assert DATABASE.invariants
    assert broken((EXAMPLE / "run.json").read_text()) == ()


@pytest.mark.parametrize(
    ("metric", "value", "said"),
    [
        ("data.bags", 25746.5, "data.bags is 25746.5"),
        ("data.scans", -1.0, "data.scans is -1"),
        ("data.parents", 800.0, "data.parents_and_children is 0, but by the file its terms give"),
        ("data.scans_recorded", 3.0, "data.scans_recorded is 3, but by the file its terms give 0"),
    ],
)
def test_a_count_that_cannot_be_one_is_refused_by_judge_and_not_believed_by_gate(
    tmp_path: Path, metric: str, value: float, said: str
) -> None:
    text = changed(metric, value, details=False)
    assert any(said in line for line in broken(text))
    (tmp_path / "run.json").write_text(text)
    thresholds = ["--thresholds", str(EXAMPLE / "thresholds.yaml")]
    judged = CliRunner().invoke(app, ["judge", str(tmp_path / "run.json"), *thresholds])
    assert judged.exit_code == 2, judged.output
    gated = CliRunner().invoke(
        app, ["gate", str(EXAMPLE / "report.json"), "--run", str(tmp_path / "run.json"), *thresholds]
    )
    assert gated.exit_code == 3, gated.output


SECTION = """
database:
  counts:
    bags: {{ table: {table} }}
    parents: {{ table: bags, where: {{ kind: parent }} }}
    children: {{ table: bags, where: {{ kind: child }} }}
  queries:
    duplicate_codes: {{ sql: "{sql}" }}
  invariants:
    parents_and_children: "{invariant}"
checks:
  http.success_rate: {{ pass: "> 99 %", on_fail: block }}
  {check}: {{ pass: "{limit}", on_fail: block }}
"""
BEFORE = {
    "table": "bags", "sql": "select count(*) - count(distinct qr) from bags", "invariant": "parents + children == bags"
}  # fmt: skip


@pytest.mark.parametrize(
    ("check", "limit", "after"),
    [
        ("data.bags", ">= 1", {"table": "scans"}),
        ("data.bags.change", "== 0", {"table": "scans"}),
        ("data.duplicate_codes", "== 0", {"sql": "select count(*) from scans"}),
        ("data.parents_and_children", "== 0", {"invariant": "2 * parents == bags"}),
        ("data.parents_and_children", "== 0", {"table": "scans"}),
    ],
)
def test_a_number_is_not_judged_by_a_file_that_defines_it_otherwise(
    tmp_path: Path, check: str, limit: str, after: dict[str, str]
) -> None:
    path = tmp_path / "thresholds.yaml"

    def section(**values: str) -> Database:
        path.write_text("version: 1\nservice: bag-tracker" + SECTION.format(check=check, limit=limit, **values))
        return load(path, {}).database

    document = json.loads((EXAMPLE / "run.json").read_text())
    document["definitions"] = dict(definitions(section(**BEFORE)))
    (tmp_path / "run.json").write_text(json.dumps(document))

    def judged() -> tuple[int, str]:
        done = CliRunner().invoke(app, ["judge", str(tmp_path / "run.json"), "--thresholds", str(path), "--quiet"])
        return done.exit_code, done.output

    assert judged()[0] == 0, judged()
    section(**{**BEFORE, **after})
    code, said = judged()
    assert (code, "the file defines it otherwise" in said) == (3, True), said


DRILL = """version: 1
service: bag-tracker
proxies: {{ database: {{ listen: 127.0.0.1:6432, to: 127.0.0.1:5432 }} }}
drills: {{ slow: {{ proxy: database, fault: {fault}, for: 3s, before: {before} }} }}
checks: {{ drill.error_rate@slow: {{ pass: "< 5 %", on_fail: block }} }}
"""


@pytest.mark.parametrize(
    ("fault", "before", "code"), [("hang", "2s", 0), ("hang", "9s", 0), ("{ latency: 1ms }", "2s", 3)]
)
def test_a_drill_is_not_judged_by_a_file_that_breaks_something_else(
    tmp_path: Path, fault: str, before: str, code: int
) -> None:
    path = tmp_path / "thresholds.yaml"
    path.write_text(DRILL.format(fault="hang", before="2s"))
    config = load(path, {})
    document = with_drill(json.loads((EXAMPLE / "run.json").read_text()))
    document["definitions"] = dict(definitions(config.database, drills=config.drills))
    (tmp_path / "run.json").write_text(json.dumps(document))
    path.write_text(DRILL.format(fault=fault, before=before))
    done = CliRunner().invoke(app, ["judge", str(tmp_path / "run.json"), "--thresholds", str(path), "--quiet"])
    assert (done.exit_code, "the file defines it otherwise" in done.output) == (code, code == 3), done.output
