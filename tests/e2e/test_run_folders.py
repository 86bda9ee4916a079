"""Row O17: every run keeps its folder, also of two at once, and `latest` leads to the newest from its start."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.harness import SCENARIOS, start_readiness, strict_json
from tests.faultd.fixture import StartFaultd


def test_two_runs_at_once_never_mix_and_the_oldest_goes_when_asked(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    file = cli.thresholds(LOOSE, duration="2s")
    runs = cli.folder / "reports"
    line = ["run", server.url, "--thresholds", str(file), "--scenarios", str(SCENARIOS / "api.py"), "--quiet"]
    away = {"GITHUB_ACTIONS": "", "GITLAB_CI": "", "JENKINS_URL": ""}
    refused = cli.plain(*line, "--out", "x", "--keep", "3")
    assert (refused.exit_code, refused.stderr.startswith("--keep: ")) == (2, True)
    both = [start_readiness(line, out=runs, cwd=cli.folder, env=away) for _ in range(2)]
    cli.started += both
    told = [one.finish().stdout.splitlines()[-1].partition(" run=")[2].split()[0] for one in both]
    assert len(set(told)) == 2
    for run_id in told:
        assert strict_json((runs / run_id / "report.json").read_text())["run_id"] == run_id
        assert strict_json((runs / run_id / "run.json").read_text())["id"] == run_id
    assert (runs / "latest").readlink() in {Path(one) for one in told}
    assert len((runs / "history.jsonl").read_text().splitlines()) == 2
    third = cli.plain(*line, "--keep", "1", **away)
    newest = strict_json((runs / "latest" / "report.json").read_text())["run_id"]
    assert f"run={newest}" in third.stdout
    assert {one.name for one in runs.iterdir()} == {newest, "latest", "history.jsonl"}
    collected = cli.plain(*line, GITLAB_CI="true")  # GitLab's artefacts do not follow a link
    assert not (runs / "latest").is_symlink()
    assert f"run={strict_json((runs / 'latest' / 'report.json').read_text())['run_id']}" in collected.stdout
    assert (runs / newest / "report.json").is_file()
