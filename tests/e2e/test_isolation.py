"""What scenario code finds of us and leaves behind, and what a stranger's thresholds.yaml gets out of the command."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from readiness.load import kernel
from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.harness import run_readiness, start_readiness
from tests.e2e.invariants import decided
from tests.faultd.client import until
from tests.faultd.fixture import StartFaultd

USER = """
from locust import HttpUser, constant, task
class Visitor(HttpUser):
    wait_time = constant(0.01)
    @task
    def look(self):
        self.client.get("/api/item")
"""
LOOKS_AROUND = (
    USER
    + """
import json, os, pathlib
def environ_of(pid):
    try:
        return open(f"/proc/{pid}/environ", "rb").read().decode(errors="replace")
    except OSError:
        return ""
pid, above = os.getpid(), ""
while pid > 1:
    pid = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
    above += environ_of(pid)
seen = {"own": dict(os.environ), "above": above}
(pathlib.Path(__file__).parent / f"seen-{os.getpid()}.json").write_text(json.dumps(seen))
"""
)
LEAVES_A_DAEMON = (
    USER
    + """
import pathlib, subprocess
daemon = "echo > daemon-$$; exec sleep 600"
subprocess.run(
    ["sh", "-c", f"setsid sh -c '{daemon}' < /dev/null > /dev/null 2>&1 & until ls daemon-*; do sleep 0.1; done"],
    cwd=pathlib.Path(__file__).parent,
)
"""
)
STEERS = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
PRECIOUS = ("GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "READINESS_WORKER_TOKEN", "CI_JOB_TOKEN")
ENV = {name: f"prec-ious-{name.lower()}" for name in PRECIOUS}


def scenario(cli: Cli, text: str, name: str = "visit.py") -> str:
    path = cli.folder / "mine" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return str(path)


def daemons(cli: Cli) -> list[int]:
    return [int(path.name.partition("-")[2]) for path in (cli.folder / "mine").glob("daemon-*")]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("flags", [[], ["--processes", "2"]], ids=["engine", "workers"])
def test_a_scenario_sees_no_token_and_no_file_that_steers_ci_of_ours_or_of_those_that_started_us(
    cli: Cli, faultd: StartFaultd, flags: list[str]
) -> None:
    more = {
        **ENV,
        **{name: str(cli.folder / name) for name in STEERS},
        "READINESS_DATABASE_URL": "postgresql://u:prec-ious-database@127.0.0.1:1/db",
        "READINESS_VAR_COUNTRY": "se",
        "LOCUST_SKIP_LOG": "true",
        "SHOP_KEY": "shop-key-1",
        "PYTHONPATH": os.pathsep.join(["", ".", "relative", "/absolute"]),
    }
    name = scenario(cli, LOOKS_AROUND)
    line = ["--scenarios", name, "--allow-env", "SHOP_KEY", *flags]
    decided(cli.run(faultd().url, *line, checks=LOOSE, duration="1s", env=more).report, 0)
    found = [json.loads(path.read_text()) for path in (cli.folder / "mine").glob("seen-*.json")]
    assert found
    for seen in found:
        assert not {*PRECIOUS, *STEERS, "READINESS_DATABASE_URL", "READINESS_CACHE_URL"} & set(seen["own"])
        assert "prec-ious" not in str(seen["own"])
        assert {"PATH", "LOCUST_SKIP_LOG", "READINESS_PASSWORD", "READINESS_VAR_COUNTRY", "SHOP_KEY"} <= set(
            seen["own"]
        )
        assert seen["own"]["PYTHONPATH"] == "/absolute"
        assert "prec-ious" not in seen["above"]


def test_a_process_that_left_its_session_ends_with_the_load(cli: Cli, faultd: StartFaultd) -> None:
    result = cli.run(faultd().url, "--scenarios", scenario(cli, LEAVES_A_DAEMON), checks=LOOSE, duration="1s")
    decided(result.report, 0)
    assert daemons(cli)
    assert not [pid for pid in daemons(cli) if alive(pid)]


def test_a_process_that_left_its_session_ends_also_when_the_command_is_killed(cli: Cli, faultd: StartFaultd) -> None:
    running = cli.start(faultd().url, "--scenarios", scenario(cli, LEAVES_A_DAEMON), checks=LOOSE, duration="300s")
    assert until(lambda: bool(daemons(cli)))
    running.signal(signal.SIGKILL)
    running.finish()
    assert until(lambda: not [pid for pid in daemons(cli) if alive(pid)])


def test_an_engine_that_is_stuck_in_a_scenario_ends_when_the_command_is_killed(cli: Cli, faultd: StartFaultd) -> None:
    text = USER.replace('self.client.get("/api/item")', "open(__file__ + '.stuck', 'w')\n        while True: pass")
    name = scenario(cli, text)
    running = cli.start(faultd().url, "--scenarios", name, checks=LOOSE, duration="300s")
    assert until(Path(name + ".stuck").exists)
    running.signal(signal.SIGKILL)
    running.finish()
    assert until(lambda: not running.children())


@pytest.mark.parametrize("module", ["locust", "gevent", "select", "numpy", "readiness", "sitecustomize"])
def test_nothing_is_imported_from_the_working_directory_or_in_place_of_an_installed_module(
    cli: Cli, faultd: StartFaultd, module: str
) -> None:
    name = scenario(cli, USER)
    mark = f"open({str(cli.folder / 'imported')!r}, 'w')\nraise RuntimeError('the wrong module')\n"
    for folder in (cli.folder, cli.folder / "mine"):
        (folder / f"{module}.py").write_text(mark)
    decided(cli.run(faultd().url, "--scenarios", name, checks=LOOSE, duration="1s").report, 0)
    assert not (cli.folder / "imported").exists()


def test_a_locustfile_may_have_any_name_and_finds_its_neighbours(cli: Cli, faultd: StartFaultd) -> None:
    scenario(cli, "PATH = '/api/item'\n", "shop_paths.py")
    text = USER.replace('"/api/item"', "shop_paths.PATH") + "import shop_paths\n"
    name = scenario(cli, text, "locust.py")
    decided(cli.run(faultd().url, "--scenarios", name, checks=LOOSE, duration="1s").report, 0)


def test_what_a_scenario_raises_while_it_is_read_is_one_clean_line(cli: Cli, faultd: StartFaultd) -> None:
    text = "raise RuntimeError('no\\n::add-mask::x\\n##vso[task.complete]\\x1b]0;title\\x07 \\u00ad\\u202e')\n"
    result = cli.run(faultd().url, "--scenarios", scenario(cli, text), checks=LOOSE, duration="1s")
    assert result.exit_code == 2
    assert "##vso[" not in result.everything()
    assert not any(line.lstrip().startswith("::add-mask") for line in result.said.splitlines())
    assert not set("\x1b\x07\u00ad\u202e") & set(result.everything())


@pytest.mark.parametrize("command", ["run", "lint", "capacity", "judge", "report", "gate", "schema", "role"])
def test_every_command_that_reads_the_file_refuses_a_variable_that_it_was_not_given(cli: Cli, command: str) -> None:
    file = cli.thresholds(LOOSE.replace("http.success_rate: {", "http.success_rate: { title: '${GITHUB_TOKEN}',"))
    run = Path(__file__).parents[2] / "reports" / "example" / "ready" / "run.json"
    report = run.with_name("report.json")
    limits = ["--thresholds", str(file)]
    lines = {
        "run": ["run", "http://127.0.0.1:1", *limits, "--out", str(cli.out)],
        "lint": ["lint", str(file)],
        "capacity": ["capacity", "http://127.0.0.1:1", "--max-users", "2", *limits, "--out", str(cli.out)],
        "judge": ["judge", str(run), *limits],
        "report": ["report", str(run), *limits],
        "gate": ["gate", str(report), "--run", str(run), *limits],
        "schema": ["schema", "lock", "--out", "-", *limits],
        "role": ["database", "role", "--sql", *limits],
    }
    env = {"GITHUB_TOKEN": "prec-ious-token", "COLUMNS": "200"}
    refused = run_readiness(lines[command], out=cli.out, cwd=cli.folder, env=env)
    assert refused.exit_code == 2, refused
    assert "the variable GITHUB_TOKEN is not given to this file" in refused.said
    given = run_readiness([*lines[command], "--allow-env", "GITHUB_TOKEN"], out=cli.out, cwd=cli.folder, env=env)
    assert "is not given to this file" not in given.said
    assert "prec-ious" not in refused.everything() + given.said


@pytest.mark.parametrize("command", ["run", "lint", "capacity"])
def test_a_load_above_the_ceilings_is_refused_before_anything_is_sent(cli: Cli, command: str) -> None:
    file = cli.thresholds(LOOSE, load="  processes: 4\n", duration="20s")
    (cli.folder / "ceilings.yaml").write_text("users: 50\ntime: 1m\n")
    limits = ["--ceilings", "ceilings.yaml"]
    lines = {
        "run": ["run", "http://127.0.0.1:1", "--thresholds", str(file), "--users", "51", "--out", str(cli.out)],
        "lint": ["lint", str(file)],
        "capacity": ["capacity", "http://127.0.0.1:1", "--thresholds", str(file), "--max-users", "51"],
    }
    result = run_readiness([*lines[command], *limits], out=cli.out, cwd=cli.folder)
    assert result.exit_code == 2, result
    assert f"{file}: load.processes: 4 is more than ceilings.yaml allows (1)" in result.stderr
    assert ("load.users: 51 users is more than ceilings.yaml allows" in result.stderr) == (command != "lint")
    assert not (cli.out / "run.json").exists()


def test_children_are_told_by_their_parent(cli: Cli) -> None:
    assert os.getpid() not in kernel.children_of(os.getpid())
    running = start_readiness(["demo"], out=cli.out, cwd=cli.folder)
    try:
        assert running.process.pid in kernel.children_of(os.getpid())
    finally:
        running.kill_all()
        running.process.communicate()
    assert running.process.pid not in kernel.children_of(os.getpid())


def test_a_variable_that_a_scenario_names_and_does_not_see_is_told_at_the_start(cli: Cli, faultd: StartFaultd) -> None:
    name = scenario(cli, USER + 'import os\nPLACE = os.environ.get("SHOP_PLACE", "nowhere")\n')
    result = cli.run(
        faultd().url, "--scenarios", name, checks=LOOSE, duration="1s", env={**ENV, "SHOP_PLACE": "berlin"}
    )
    told = " ".join(result.stderr.split())
    assert "names SHOP_PLACE, which scenarios do not see: --allow-env SHOP_PLACE" in told
