"""`readiness gate`: the code of a report once more, and an edited or stale report is never green."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from readiness.cli import app
from readiness.cli.artefacts import Artefacts, write_reports
from readiness.errors import ExitCode
from readiness.judge.audit import of_another_commit, stale
from readiness.judge.invariants import REPORT_LAWS
from readiness.judge.judge import judge
from readiness.judge.verdict import Decision
from readiness.measurements.law import contradictions
from readiness.report import FORMATS
from readiness.report import json as report_json
from tests.judge.builders import check, config, load, measured, recording, run
from tests.report import builders

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "reports" / "example" / "ready"
GOLDEN = ROOT / "tests" / "golden"
READY = judge(run(None, measured("data.x", 0.0)), config(check("data.x", "== 0")))


@pytest.fixture
def conditional(tmp_path: Path) -> Path:
    """The seed's report, its run and its thresholds."""
    shutil.copy(GOLDEN / "seed-run.json", tmp_path / "run.json")
    shutil.copy(GOLDEN / "seed-thresholds.yaml", tmp_path / "thresholds.yaml")
    line = ["judge", str(tmp_path / "run.json"), "--thresholds", str(tmp_path / "thresholds.yaml")]
    assert CliRunner().invoke(app, [*line, "--out", str(tmp_path)]).exit_code == 4
    return tmp_path


def gated(report: Path, *args: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["gate", str(report), *args])
    return done.exit_code, done.output


def test_the_code_is_that_of_the_report(conditional: Path) -> None:
    report = conditional / "report.json"
    code, said = gated(report)
    assert code == 4
    assert said.splitlines()[-1].startswith("readiness: decision=CONDITIONAL exit=4 run=")
    assert gated(report, "--allow-conditional")[0] == 0
    assert gated(EXAMPLE / "report.json")[0] == 0


def test_a_command_takes_the_folder_of_a_run_as_its_file(conditional: Path, tmp_path: Path) -> None:
    limits = ["--thresholds", str(conditional / "thresholds.yaml")]
    run_file, report_file = str(conditional / "run.json"), str(conditional / "report.json")
    for by_folder, by_file in (
        (["judge", str(conditional), *limits], ["judge", run_file, *limits]),
        (["report", str(conditional)], ["report", run_file]),
        (["gate", str(conditional), "--run", str(conditional), *limits], ["gate", report_file]),
        (["compare", str(conditional), str(EXAMPLE)], ["compare", run_file, str(EXAMPLE / "run.json")]),
    ):
        done = CliRunner().invoke(app, by_folder)
        assert (done.exit_code, done.output) == (
            (same := CliRunner().invoke(app, by_file)).exit_code,
            same.output,
        ), by_folder
    (empty := tmp_path / "empty").mkdir()
    done = CliRunner().invoke(app, ["judge", str(empty), *limits])
    assert done.exit_code == 2
    assert f"{empty}/run.json: there is no such file" in done.output


@pytest.mark.parametrize("decision", Decision)
def test_every_decision_has_its_code(tmp_path: Path, decision: Decision) -> None:
    facts = {
        Decision.READY: (0.0, 0.0),
        Decision.CONDITIONAL: (0.0, 1.0),
        Decision.NOT_READY: (1.0, 0.0),
        Decision.INCONCLUSIVE: (None, 0.0),
    }[decision]
    seen = [measured(f"data.x{i}", v, reason=None if v is not None else "gone") for i, v in enumerate(facts)]
    from readiness.config.model import OnFail

    limits = config(check("data.x0", "== 0", on_fail=OnFail.BLOCK, weight=3), check("data.x1", "== 0"))
    verdict = judge(run(None, *seen), limits)
    assert verdict.decision is decision
    assert contradictions(verdict, REPORT_LAWS) == ()
    (tmp_path / "report.json").write_text(report_json.render(verdict))
    assert gated(tmp_path / "report.json")[0] == int(verdict.exit_code)


def edited(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    document = json.loads(path.read_text())
    change(document)
    other = path.with_name("edited.json")
    other.write_text(json.dumps(document))
    return other


def of(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in document["checks"] if one["name"] == name)
    return found


EDITS: dict[str, Callable[[dict[str, Any]], object]] = {
    "decision": lambda d: d.update(decision="READY", exit_code=0),
    "exit code": lambda d: d.update(exit_code=0),
    "score": lambda d: d["score"].update(value=95.0, high=95.0),
    "coverage": lambda d: d["score"].update(coverage=0.5),
    "outcome": lambda d: of(d, "latency.p95").update(outcome="pass"),
    "outcome and value": lambda d: of(d, "latency.p95").update(outcome="pass", value=None),
    "weight": lambda d: of(d, "latency.p95").update(weight=0.1),
    "a check twice": lambda d: d["checks"].append(d["checks"][0]),
    "a check gone": lambda d: d["checks"].remove(of(d, "latency.p95")),
    "limit": lambda d: of(d, "health.latency.p95").update({"pass": "< 1 ms"}),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_o14_an_edited_report_is_noticed_by_itself(conditional: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    code, said = gated(edited(conditional / "report.json", edit), "--allow-conditional")
    assert code == 3, said
    assert said.splitlines()[-1].startswith("readiness: decision=INCONCLUSIVE believed=no exit=3 run=")
    assert "exit=0" not in said


WHOLE: dict[str, Callable[[dict[str, Any]], object]] = {
    "a value within its limit": lambda d: of(d, "health.latency.p95").update(value=1.0, low=1.0, high=1.0),
    "another limit": lambda d: of(d, "latency.p95").update({"pass": "< 1000 ms"}),
    "a whole other story": lambda d: (
        [one.update(outcome="pass", value=0.5) for one in d["checks"] if one["pass"].startswith("<")],
        [one.update(outcome="pass", value=100.0) for one in d["checks"] if one["pass"].startswith((">", "== 100"))],
        d["score"].update(value=100.0, low=100.0, high=100.0),
        d.update(decision="READY", exit_code=0, conditions=[]),
    ),
}


@pytest.mark.parametrize("edit", WHOLE.values(), ids=WHOLE)
def test_o14_an_edited_report_that_fits_itself_is_noticed_against_its_run(
    conditional: Path, edit: Callable[[dict[str, Any]], object]
) -> None:
    report = edited(conditional / "report.json", edit)
    proof = ("--run", str(conditional / "run.json"), "--thresholds", str(conditional / "thresholds.yaml"))
    code, said = gated(report, *proof, "--allow-conditional")
    assert code == 3, said
    assert "it is not believed" in said
    assert gated(conditional / "report.json", *proof)[0] == 4


def test_a_whole_example_is_the_one_that_its_run_gives() -> None:
    proof = ("--run", str(EXAMPLE / "run.json"), "--thresholds", str(EXAMPLE / "thresholds.yaml"))
    assert gated(EXAMPLE / "report.json", *proof)[0] == 0


def places(value: object, *way: str | int) -> Iterator[tuple[str | int, ...]]:
    """The way to each value, of a list to its first and last."""
    if way:
        yield way
    if isinstance(value, dict):
        for key, part in value.items():
            yield from places(part, *way, key)
    elif isinstance(value, list) and value:
        for index in sorted({0, len(value) - 1}):
            yield from places(value[index], *way, index)


def test_nothing_can_be_taken_out_of_a_report_or_changed_in_it() -> None:
    document = json.loads((EXAMPLE / "report.json").read_text())
    assert report_json.edited(json.dumps(document), old=False) is None
    found = list(places(document))
    assert len(found) > 300
    for *way, last in found:
        changed = copy.deepcopy(document)
        inside: Any = changed
        for step in way:
            inside = inside[step]
        others: tuple[Any, ...] = (None, "x", 0.5, 7, [], {})
        for other in others:
            if inside[last] != other:
                old, inside[last] = inside[last], other
                assert report_json.edited(json.dumps(changed), old=False), (way, last, other)
                inside[last] = old
        del inside[last]
        assert report_json.edited(json.dumps(changed), old=False), (way, last)


QUIET: dict[str, Callable[[dict[str, Any]], object]] = {
    "measurements": lambda d: d.update(measurements=[]),
    "plan": lambda d: d["plan"].update(users=1, duration_s=1.0),
    "target": lambda d: d["target"].update(url="https://shop.example"),
    "rule and what was declared": lambda d: d.update(rule=None, declared=None),
    "seal": lambda d: d.pop("seal"),
    "seal, and the service": lambda d: (d.pop("seal"), d.update(service="another")),
    "a year that is none in UTC": lambda d: d.update(ended_at="0001-01-01T00:00:00+14:00"),
}
"""What breaks no law, or could not be read."""


@pytest.mark.parametrize("edit", QUIET.values(), ids=QUIET)
def test_an_edit_that_breaks_no_law_is_noticed_by_the_seal(
    tmp_path: Path, edit: Callable[[dict[str, Any]], object]
) -> None:
    shutil.copy(EXAMPLE / "report.json", tmp_path)
    code, said = gated(edited(tmp_path / "report.json", edit))
    assert (code, "believed=no" in said) == (3, True), said


def test_a_report_without_a_seal_is_that_of_its_run_or_of_nothing(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE / "report.json", tmp_path)
    proof = ("--run", str(EXAMPLE / "run.json"), "--thresholds", str(EXAMPLE / "thresholds.yaml"))
    older = edited(tmp_path / "report.json", lambda d: [d.pop(key) for key in ("seal", "declared", "rule")])
    assert gated(older, *proof)[0] == 0
    code, said = gated(older)
    assert (code, "name its run with --run" in said) == (3, True)
    other = edited(tmp_path / "report.json", QUIET["seal, and the service"])
    code, said = gated(other, *proof)
    assert (code, "the service of the report is not that of the run: another" in said) == (3, True), said


def test_a_report_that_another_program_wrote_anew_is_the_same_report(tmp_path: Path) -> None:
    text = (EXAMPLE / "report.json").read_text()
    whole = json.loads(text, parse_float=lambda digits: int(float(digits)) if digits.endswith(".0") else float(digits))
    (tmp_path / "report.json").write_text(json.dumps(whole, sort_keys=True, indent=1))
    assert gated(tmp_path / "report.json")[0] == 0


def test_the_seal_is_that_of_what_the_last_net_left(tmp_path: Path) -> None:
    secret = "Linux-c4nary-s3cret"
    verdict = replace(READY, provenance=replace(READY.provenance, platform=secret))
    artefacts = Artefacts(tmp_path, (FORMATS["json"],), (secret,))
    assert write_reports(verdict, None, artefacts)[1] == ()
    assert secret not in (tmp_path / "report.json").read_text()
    assert gated(tmp_path / "report.json")[0] == 0


def test_a_run_that_contradicts_itself_proves_no_report(conditional: Path) -> None:
    forged = edited(conditional / "run.json", lambda d: d["measurements"][0].update(samples=0))
    proof = ("--run", str(forged), "--thresholds", str(conditional / "thresholds.yaml"))
    code, said = gated(conditional / "report.json", *proof)
    assert (code, "from 0 samples" in said) == (3, True), said


def test_other_thresholds_and_another_run_prove_nothing(conditional: Path) -> None:
    report = conditional / "report.json"
    own = ("--run", str(conditional / "run.json"))
    other = (conditional / "other.yaml").write_text((conditional / "thresholds.yaml").read_text() + "\n")
    assert other
    code, said = gated(report, *own, "--thresholds", str(conditional / "other.yaml"))
    assert (code, "the thresholds are not the file" in said) == (3, True)
    code, said = gated(report, "--run", str(EXAMPLE / "run.json"), "--thresholds", str(EXAMPLE / "thresholds.yaml"))
    assert (code, "the report is of run" in said) == (3, True)


def test_a_report_that_is_old_or_of_another_commit_is_not_believed(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    made = replace(builders.MADE, commit="a1b2c3d4e5f60718")
    ended = (now - timedelta(hours=2)).isoformat()
    verdict = replace(READY, provenance=made, started_at=ended, ended_at=ended)
    path = tmp_path / "report.json"
    path.write_text(report_json.render(verdict))
    assert gated(path, "--max-age", "3h")[0] == 0
    code, said = gated(path, "--max-age", "1h")
    assert (code, "the run ended 2 h ago, the limit is 1 h" in said) == (3, True)
    assert "decision=READY" not in said
    assert said.splitlines()[-1].startswith("readiness: decision=INCONCLUSIVE believed=no exit=3 run=")
    assert gated(path, "--sha", "a1b2c3d")[0] == 0
    assert gated(path, "--sha", "a1b2c3d4e5f60718aaaa")[0] == 0
    assert gated(path, "--sha", "ffffffff")[0] == 3
    assert gated(path, "--sha", "a1b2")[0] == 3
    assert "does not say which commit" in (of_another_commit(READY, "a1b2c3d") or "")
    assert "in the future" in (stale(verdict, now - timedelta(hours=3), 60) or "")
    assert "does not say when" in (stale(replace(verdict, ended_at="soon"), now, 60) or "")


def test_an_old_not_ready_says_nothing_of_today(tmp_path: Path) -> None:
    facts = run(load(("s", "GET /", recording([500.0] * 400))))
    from readiness.config.model import OnFail

    verdict = judge(facts, config(check("latency.p95", "< 100 ms", on_fail=OnFail.BLOCK)))
    (tmp_path / "report.json").write_text(report_json.render(verdict))
    assert verdict.exit_code is ExitCode.NOT_READY
    assert gated(tmp_path / "report.json")[0] == 1
    assert gated(tmp_path / "report.json", "--max-age", "1s")[0] == 3


@pytest.mark.parametrize(
    "args",
    [["none.json"], [str(GOLDEN / "seed-run.json")], [str(EXAMPLE / "report.json"), "--max-age", "1"],
     [str(EXAMPLE / "report.json"), "--thresholds", "t.yaml"], []],
)  # fmt: skip
def test_what_cannot_be_read_ends_with_2(args: list[str]) -> None:
    assert CliRunner().invoke(app, ["gate", *args]).exit_code == 2
