"""`judge`, `report` and `lint`: the same verdict again, and nothing is sent."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import Cli
from tests.e2e.harness import Result, run_readiness, strict_json
from tests.e2e.invariants import assert_invariants, decided
from tests.faultd.fixture import StartFaultd

GOLDEN = Path(__file__).parents[1] / "golden"
SEED_RUN, SEED, STRICT = (
    GOLDEN / name for name in ("seed-run.json", "seed-thresholds.yaml", "seed-thresholds-strict.yaml")
)
EXAMPLE = GOLDEN.parents[1] / "reports" / "example" / "ready"
LOAD = ("http.success_rate", "latency.mean", "latency.p95", "latency.p99")


def judge(cli: Cli, facts: Path, thresholds: Path) -> Result:
    line = ["judge", str(facts), "--thresholds", str(thresholds), "--out", str(cli.out)]
    return run_readiness(line, out=cli.out, cwd=cli.folder, thresholds=thresholds)


def test_the_seed_report_is_75_and_conditional_on_average_p95_and_p99(cli: Cli) -> None:
    result = judge(cli, SEED_RUN, SEED)
    assert result.exit_code == 4, str(result)
    assert result.report["decision"] == "CONDITIONAL"
    assert result.report["score"] == {"value": 75.0, "low": 75.0, "high": 75.0, "coverage": 1.0}
    unmet = {one["name"] for one in result.report["checks"] if one["outcome"] != "pass"}
    assert unmet == {"latency.mean", "latency.p95", "latency.p99"}
    assert len(result.report["conditions"]) == 3


def test_the_seed_report_with_its_cache_row_as_printed_is_65(cli: Cli) -> None:
    result = judge(cli, SEED_RUN, STRICT)
    assert result.exit_code == 4, str(result)
    assert result.report["score"]["value"] == 65.0


SUBSETS = [names for size in range(1, len(LOAD) + 1) for names in combinations(LOAD, size)]


@pytest.mark.parametrize(
    ("dropped", "blocking"), [*((names, False) for names in SUBSETS), (LOAD[:1], True), (LOAD, True)], ids=str
)
def test_lost_load_data_never_raises_the_score_nor_gives_ready(
    cli: Cli, dropped: tuple[str, ...], blocking: bool
) -> None:
    facts = json.loads(SEED_RUN.read_text())
    facts["measurements"] = [one for one in facts["measurements"] if one["metric"] not in dropped]
    run_file, thresholds = cli.folder / "facts.json", cli.folder / "thresholds.yaml"
    run_file.write_text(json.dumps(facts))
    document = yaml.safe_load(SEED.read_text())
    if blocking:
        for name in dropped:
            document["checks"][name]["on_fail"] = "block"
    thresholds.write_text(yaml.safe_dump(document, sort_keys=False))
    result = judge(cli, run_file, thresholds)
    assert result.report["decision"] != "READY"
    assert result.exit_code in (1, 3), str(result)
    assert result.report["score"]["value"] <= 75.0
    assert result.report["score"]["low"] <= 75.0
    assert result.report["score"]["coverage"] == pytest.approx(1 - len(dropped) / 10)
    for name in dropped:
        assert result.check(name)["outcome"] == "error"
        assert result.check(name)["value"] is None


def test_a_judged_run_says_what_the_run_said_and_sends_nothing(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    first = cli.run(server.url, duration="2s")
    assert_invariants(first, server, planned_s=2)
    facts, before = cli.folder / "facts.json", server.counts()["connections"]
    facts.write_text(first.text("run.json"))
    again = judge(cli, facts, cli.folder / "thresholds.yaml")
    assert again.exit_code == first.exit_code, str(again)
    assert again.report["checks"] == first.report["checks"]
    assert again.report["score"] == first.report["score"]
    assert again.report["ledger"] == first.report["ledger"]
    assert server.counts()["connections"] == before


def test_a_run_judged_with_tighter_limits_is_not_ready(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="delay", delay_ms=5)
    first = cli.run(server.url, duration="2s")
    facts = cli.folder / "facts.json"
    facts.write_text(first.text("run.json"))
    tight = cli.thresholds('\n  latency.p95: { pass: "< 2 ms", on_fail: block }\n', name="tight.yaml")
    decided(judge(cli, facts, tight).report, 1)


def rendered(cli: Cli, form: str, facts: Path) -> str:
    result = run_readiness(["report", str(facts), "--format", form], out=cli.out, cwd=cli.folder)
    assert "Traceback" not in result.said
    files = [path for path in cli.folder.rglob("*") if path.is_file() and path != facts]
    return result.stdout + "".join(path.read_text() for path in files)


@pytest.mark.parametrize("form", ["md", "html", "junit", "json"])
def test_a_report_is_rendered_again_from_its_facts(cli: Cli, form: str) -> None:
    judged = judge(cli, SEED_RUN, SEED)
    facts = cli.folder.parent / f"{cli.folder.name}-report.json"
    facts.write_text(judged.text("report.json"))
    for path in cli.out.iterdir():
        path.unlink()
    assert "1378.7" in rendered(cli, form, facts).replace(",", "")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"schema": "readiness.run/2"}',
        '{"schema": "readiness.run/1"}',
        '{"schema": "readiness.run/1", "id": NaN}',
    ],
)
@pytest.mark.parametrize("verb", ["judge", "report"])
def test_a_file_that_is_no_run_is_a_usage_error(cli: Cli, verb: str, content: str) -> None:
    facts = cli.folder / "facts.json"
    facts.write_text(content)
    more = ["--thresholds", str(SEED)] if verb == "judge" else ["--format", "md"]
    result = cli.plain(verb, str(facts), *more)
    assert result.exit_code == 2, str(result)
    assert "facts.json" in result.stderr
    assert "Traceback" not in result.said


def test_the_shipped_thresholds_have_no_lint(cli: Cli) -> None:
    result = cli.plain("lint", str(GOLDEN.parents[1] / "thresholds.yaml"))
    assert result.exit_code == 0, str(result)


def test_lint_names_a_mistake_with_its_line(cli: Cli) -> None:
    file = cli.thresholds('\n  latency.p95: { pass: "< 100" }\n')
    line = file.read_text().splitlines().index('  latency.p95: { pass: "< 100" }') + 1
    result = cli.plain("lint", str(file))
    assert result.exit_code == 2, str(result)
    assert f"thresholds.yaml:{line}:" in result.said


def test_lint_tells_a_hint_from_an_error_and_counts_both(cli: Cli) -> None:
    look = "    @task\n    def look(self):\n        self.client.get('/a')\n"
    file = cli.folder / "locustfile.py"
    file.write_text(f"from locust import FastHttpUser, task\n\n\nclass Shop(FastHttpUser):\n{look}")
    file = cli.thresholds('\n  latency.max: { pass: "< 100 ms" }\n')
    good = cli.plain("lint", str(file))
    assert good.exit_code == 0, str(good)
    assert re.search(r"^hint: \S+\.py:\d+: ", good.stderr, re.MULTILINE)
    assert good.stdout.strip() == f"{file}: 1 check, no error, 1 hint"


def test_lint_finds_limits_that_contradict_each_other(cli: Cli) -> None:
    file = cli.thresholds('\n  latency.p95: { pass: "< 500 ms" }\n  latency.p99: { pass: "< 100 ms" }\n')
    result = cli.plain("lint", str(file))
    assert result.exit_code == 2, str(result)
    assert "latency.p99" in result.said


def test_help_and_version_are_good_and_quick_for_they_load_nothing_large(cli: Cli) -> None:
    for line in (["--help"], ["--version"], ["run", "--help"]):
        result = cli.plain(*line, PYTHONPROFILEIMPORTTIME="1")
        assert result.exit_code == 0, str(result)
        assert result.stdout.strip()
        loaded = {text.rpartition("|")[2].strip().partition(".")[0] for text in result.stderr.splitlines()}
        assert "typer" in loaded
        assert loaded.isdisjoint({"numpy", "locust", "gevent", "httpx", "psycopg", "jinja2", "msgspec", "yaml"})


def test_report_json_is_strict_and_complete(cli: Cli) -> None:
    judge(cli, SEED_RUN, SEED)
    document: dict[str, Any] = strict_json((cli.out / "report.json").read_text())
    contract = {
        "schema",
        "run_id",
        "decision",
        "exit_code",
        "reason",
        "score",
        "checks",
        "conditions",
        "risks",
        "next_steps",
    }
    assert contract | {"ledger", "endpoints"} <= set(document)
    assert set(document["risks"]) == {"low", "medium", "high"}


def test_judging_leaves_no_older_report_beside_the_new_one(cli: Cli) -> None:
    judge(cli, SEED_RUN, SEED)
    facts = cli.out / "run.json"
    facts.write_text(SEED_RUN.read_text())
    line = ["judge", str(facts), "--thresholds", str(STRICT), "--out", str(cli.out), "--format", "json"]
    assert cli.plain(*line).exit_code == 4
    assert sorted(path.name for path in cli.out.iterdir()) == ["report.json", "run.json"]


@pytest.mark.parametrize("where", ["> /dev/full", ">&-"])
def test_a_report_that_cannot_be_written_to_standard_output_is_never_green(where: str) -> None:
    line = f"{sys.executable} -m readiness report {EXAMPLE / 'run.json'} --format md {where}"
    ended = subprocess.run(["sh", "-c", line], capture_output=True, check=False)
    assert ended.returncode == 6, ended
    assert b"standard output" in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_a_report_is_utf_8_in_any_locale() -> None:
    line = [sys.executable, "-m", "readiness", "report", str(EXAMPLE / "run.json"), "--format", "html"]
    strange = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    ended = subprocess.run(line, capture_output=True, check=False, env=strange)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.decode("utf-8") == (EXAMPLE / "report.html").read_text("utf-8")
