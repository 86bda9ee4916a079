"""docs/ci: every script of the action and of the GitLab job runs in bash as a runner would run it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.harness import SCENARIOS, command, strict_json
from tests.e2e.invariants import decided
from tests.faultd.fixture import StartFaultd

DOCS = Path(__file__).parent.parent.parent / "docs" / "ci"
ACTION: dict[str, Any] = yaml.safe_load((DOCS / "action.yml").read_text())
STRICT = LOOSE + '  health.latency.p95: { pass: "< 0.001 ms", on_fail: block }\n'
"""Not ready, also where the load's generator stood still for a moment."""


class Runner:
    """Runs scripts as GitHub's or GitLab's runner does: `bash -e -o pipefail`, files for outputs and summary."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        self.output, self.summary = folder / "output", folder / "summary"
        kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        path = f"{Path(command()).parent}:{os.environ['PATH']}"
        self.env = {**kept, "PATH": path, "GITHUB_OUTPUT": str(self.output), **env}

    def bash(self, script: str, **env: str) -> subprocess.CompletedProcess[str]:
        line = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
        return subprocess.run(line, cwd=self.folder, env={**self.env, **env}, capture_output=True, text=True)

    def action(self, **given: str) -> list[subprocess.CompletedProcess[str]]:
        """Every step until one fails, with the inputs put in place of their expressions."""
        inputs = {name: str(one.get("default", "")) for name, one in ACTION["inputs"].items()} | given
        done = []
        for step in ACTION["runs"]["steps"]:
            env = {
                name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda match: inputs[match[1]], str(value))
                for name, value in step["env"].items()
            }
            done.append(self.bash(step["run"], **env))
            if done[-1].returncode:
                break
        return done


def test_the_action_is_whole() -> None:
    assert ACTION["runs"]["using"] == "composite"
    for step in ACTION["runs"]["steps"]:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an expression in a script is code from outside"
        used = {name for value in step["env"].values() for name in re.findall(r"inputs\.([\w-]+)", value)}
        assert used <= set(ACTION["inputs"])
    ids = {step["id"] for step in ACTION["runs"]["steps"]}
    for output in ACTION["outputs"].values():
        assert re.findall(r"steps\.(\w+)\.outputs", output["value"])[0] in ids


@pytest.mark.parametrize(("checks", "decision", "code"), [(LOOSE, "READY", 0), (STRICT, "NOT_READY", 1)])
def test_the_action_runs_reports_and_gates(
    cli: Cli, faultd: StartFaultd, checks: str, decision: str, code: int
) -> None:
    cli.thresholds(checks, duration="1s")
    runner = Runner(
        cli.folder, GITHUB_ACTIONS="true", GITHUB_SHA="a1b2c3d4e5", GITHUB_STEP_SUMMARY=str(cli.folder / "summary")
    )
    scenario = f"--scenarios\n{SCENARIOS / 'api.py'}\n"
    install, run, _, gate = runner.action(target=faultd().url, arguments=scenario)
    out = cli.folder / "reports" / "latest"
    if not decided(strict_json((out / "report.json").read_text()), code):
        decision, code = "INCONCLUSIVE", 3
    assert "readiness " in install.stdout
    assert run.returncode == 0, run
    assert gate.returncode == code, gate
    assert dict(line.split("=") for line in runner.output.read_text().splitlines()) == {
        "decision": decision, "exit-code": str(code),
    }  # fmt: skip
    assert decision.replace("_", " ") in runner.summary.read_text().splitlines()[0]
    assert gate.stdout.splitlines()[-1].startswith(f"readiness: decision={decision} exit={code} run=")
    assert f"::error title=readiness%3A {decision.replace('_', ' ')}" in gate.stdout or code == 0
    assert strict_json((out / "report.sarif").read_text())["version"] == "2.1.0"


def test_the_action_fails_when_nothing_was_judged_whatever_lies_there(cli: Cli) -> None:
    runner = Runner(cli.folder, GITHUB_ACTIONS="true")
    done = runner.action(target="http://127.0.0.1:9", thresholds="none.yaml")
    assert [one.returncode for one in done] == [0, 2]
    assert not runner.output.exists()


GH = """#!/bin/sh
echo "$*" >> calls
case "$*" in *--paginate*) cat found 2>/dev/null || true ;; esac
"""
"""Stands where GitHub's own program would: notes how it was called, and finds the comment whose id is in `found`."""


@pytest.mark.parametrize("found", ["", "4711"])
def test_the_action_edits_its_own_comment_or_adds_the_first(tmp_path: Path, found: str) -> None:
    runner = Runner(tmp_path, GITHUB_REPOSITORY="owner/shop")
    gh = tmp_path / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(GH)
    gh.chmod(0o755)
    (tmp_path / "found").write_text(found)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.json").write_bytes(Path("reports/example/conditional/report.json").read_bytes())
    (step,) = (one for one in ACTION["runs"]["steps"] if one["id"] == "comment")
    path = f"{gh.parent}:{runner.env['PATH']}"
    done = runner.bash(step["run"], OUT="out", NUMBER="7", GH_TOKEN="t", PATH=path)
    assert done.returncode == 0, done
    looked_up, written = (tmp_path / "calls").read_text().splitlines()
    assert "repos/owner/shop/issues/7/comments" in looked_up
    where = "--method PATCH repos/owner/shop/issues/comments/4711" if found else "repos/owner/shop/issues/7/comments"
    assert where in written
    assert "body=@out/comment.md" in written
    assert (tmp_path / "out" / "comment.md").read_text().startswith("<!-- readiness-report ")


def test_the_gitlab_job_writes_the_reports_that_it_names(cli: Cli, faultd: StartFaultd) -> None:
    job = yaml.safe_load((DOCS / "gitlab.yml").read_text())[".readiness"]
    cli.thresholds(LOOSE, duration="1s")
    variables = job["variables"] | {
        "READINESS_TARGET": faultd().url,
        "READINESS_ARGUMENTS": f"--scenarios {SCENARIOS / 'api.py'}",
    }
    runner = Runner(cli.folder, GITLAB_CI="true", CI_COMMIT_SHA="a1b2c3d4e5", **variables)
    done = runner.bash("\n".join(job["script"]))
    report = strict_json((cli.folder / variables["READINESS_OUT"] / "report.json").read_text())
    decided(report, 0)
    assert done.returncode == report["exit_code"], done
    for path in job["artifacts"]["reports"].values():
        found = cli.folder / path.replace("$READINESS_OUT", variables["READINESS_OUT"])
        assert found.stat().st_size > 0, path
    assert job["allow_failure"] == {"exit_codes": [4]}


def test_s7_a_pipe_that_loses_the_code_is_kept_by_the_gate(cli: Cli, faultd: StartFaultd) -> None:
    cli.thresholds(STRICT, duration="1s")
    runner = Runner(cli.folder)
    line = f"readiness run {faultd().url} --scenarios {SCENARIOS / 'api.py'} --out out"
    lost = runner.bash(f"set +o pipefail; {line} | tee log")
    assert lost.returncode == 0
    assert lost.stdout.splitlines()[-1].startswith("readiness: decision=NOT_READY exit=1 ")
    assert runner.bash("readiness gate out/report.json --max-age 1h").returncode == 1
