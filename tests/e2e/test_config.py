"""Rows F: every mistake in what the user wrote is found before the first connection."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.harness import SCENARIOS, Result, run_readiness
from tests.e2e.invariants import refused
from tests.faultd.client import Faultd
from tests.faultd.fixture import StartFaultd

GOOD = """version: 1
service: tested
load:
  users: 5
  duration: 3s
checks:
  http.success_rate: { pass: "> 99 %", on_fail: block }
  latency.p95: { pass: "< 100 ms" }
"""


@pytest.fixture(scope="module")
def untouched() -> Iterator[Faultd]:
    """One server for all rows: it must not see a connection in any of them."""
    with Faultd() as server:
        yield server


def run(cli: Cli, server: Faultd, file: Path, *args: str, **env: str) -> Result:
    line = [
        "run",
        server.url,
        "--thresholds",
        str(file),
        "--scenarios",
        str(SCENARIOS / "api.py"),
        "--out",
        str(cli.out),
    ]
    return run_readiness([*line, *args], out=cli.out, cwd=cli.folder, env=env)


def test_the_file_that_the_rows_spoil_is_good(cli: Cli, faultd: StartFaultd) -> None:
    server, file = faultd(), cli.folder / "thresholds.yaml"
    file.write_text(GOOD.replace("3s", "1s"))
    assert run(cli, server, file).exit_code in (0, 3, 4)
    assert server.seen("/api/*") > 0


@pytest.mark.parametrize(
    ("content", "needle"),
    [
        (None, "no such file"),
        ("folder", "folder"),
        ("", "empty"),
        ("# only a comment\n", "empty"),
        ("version: 1\nservice: x\n", "checks"),
    ],
)
def test_f1_a_file_that_is_not_there_or_says_nothing(
    cli: Cli, untouched: Faultd, content: str | None, needle: str
) -> None:
    server, file = untouched, cli.folder / "thresholds.yaml"
    if content == "folder":
        file.mkdir()
    elif content is not None:
        file.write_text(content)
    refused(run(cli, server, file), server, "thresholds.yaml", needle)


SPOILED = [
    (
        "F2 no check at all",
        '  http.success_rate: { pass: "> 99 %", on_fail: block }\n  latency.p95: { pass: "< 100 ms" }\n',
        "  {}\n",
        None,
        "check",
    ),
    ("F3 duplicate key", "  users: 5\n", "  users: 5\n  users: 6\n", 5, "duplicate"),
    (
        "F3 duplicate check",
        '  latency.p95: { pass: "< 100 ms" }\n',
        '  latency.p95: { pass: "< 100 ms" }\n  latency.p95: { pass: "< 9 s" }\n',
        9,
        "duplicate",
    ),
    ("F4 unknown key", "  duration: 3s\n", "  durration: 3s\n", 5, "duration"),
    ("F4 unknown section", "load:\n", "laod:\n", 3, "load"),
    ("F4 unknown option", "on_fail: block", "on_fial: block", 7, "on_fail"),
    ("F4 unknown word", "on_fail: block", "on_fail: blok", 7, "block"),
    ("F5 unknown metric", "latency.p95", "latency.p59", 8, "latency.p95"),
    ("F5 unknown count", 'latency.p95: { pass: "< 100 ms" }', 'data.bags: { pass: "== 0" }', 8, "data.bags"),
    ("F6 nan", '"< 100 ms"', '".nan"', 8, "latency.p95.pass"),
    ("F6 inf", '"< 100 ms"', '"< .inf ms"', 8, "latency.p95.pass"),
    ("F6 negative", '"< 100 ms"', '"< -5 ms"', 8, "latency.p95.pass"),
    ("F6 zero", '"< 100 ms"', '"< 0 ms"', 8, "latency.p95.pass"),
    ("F6 bare number", '"< 100 ms"', "100", 8, "latency.p95.pass"),
    ("F6 underscore", "users: 5", "users: 1_00", 4, "load.users"),
    ("F6 sexagesimal", "duration: 3s", "duration: 1:30", 5, "load.duration"),
    ("F6 octal", "users: 5", "users: 0o17", 4, "load.users"),
    ("F6 yes", "users: 5", "users: yes", 4, "load.users"),
    ("F6 quoted nan weight", "on_fail: block", "weight: .nan", 7, "weight"),
    ("F7 no unit", '"< 100 ms"', '"< 0.1"', 8, "unit"),
    ("F7 share as ratio", '"> 99 %"', '"> 0.99"', 7, "unit"),
    ("F7 over 100 %", '"> 99 %"', '"> 101 %"', 7, "100"),
    ("F7 wrong unit", '"< 100 ms"', '"< 100 %"', 8, "unit"),
    ("F7 duration without unit", "duration: 3s", "duration: 3", 5, "load.duration"),
]


@pytest.mark.parametrize(
    ("old", "new", "line", "needle"), [row[1:] for row in SPOILED], ids=[row[0] for row in SPOILED]
)
def test_f2_to_f7_a_mistake_is_named_with_its_line_and_path(
    cli: Cli, untouched: Faultd, old: str, new: str, line: int | None, needle: str
) -> None:
    assert GOOD.count(old) == 1
    server, file = untouched, cli.folder / "thresholds.yaml"
    file.write_text(GOOD.replace(old, new))
    where = "thresholds.yaml:" if line is None else f"thresholds.yaml:{line}:"
    refused(run(cli, server, file), server, where, needle)


def test_all_mistakes_are_told_at_once(cli: Cli, untouched: Faultd) -> None:
    server, file = untouched, cli.folder / "thresholds.yaml"
    file.write_text(GOOD.replace("users: 5", "users: -1").replace('"< 100 ms"', '"< 100"').replace("3s", "soon"))
    refused(run(cli, server, file), server, "thresholds.yaml:4:", "thresholds.yaml:5:", "thresholds.yaml:8:")


def test_f5_a_scenario_without_a_file_is_named(cli: Cli, untouched: Faultd) -> None:
    server, file = untouched, cli.folder / "thresholds.yaml"
    file.write_text(GOOD.replace("load:\n", "load:\n  scenarios: { apii: 1 }\n"))
    result = run(cli, server, file, "--scenarios", str(SCENARIOS))
    refused(result, server, "apii", "api")


@pytest.mark.parametrize(
    "flags",
    [
        ["--users", "0"],
        ["--users", "-1"],
        ["--users", "1000000000"],
        ["--users", "many"],
        ["--duration", "0s"],
        ["--duration", "-1s"],
        ["--duration", "3"],
        ["--duration", "soon"],
        ["--duration", "1000000h"],
        ["--rate", "0"],
        ["--rate", "-5"],
        ["--rate", "nan"],
        ["--rate", "1e9"],
        ["--users", "5", "--rate", "5"],
        ["--format", "md,pdff"],
        ["--no-such-flag"],
    ],
    ids=" ".join,
)
def test_f14_flags_out_of_range_are_usage_errors(cli: Cli, untouched: Faultd, flags: list[str]) -> None:
    server, file = untouched, cli.folder / "thresholds.yaml"
    file.write_text(GOOD)
    refused(run(cli, server, file, *flags), server, flags[-2] if len(flags) > 1 else flags[0])


@pytest.mark.parametrize("target", [[], ["ftp://127.0.0.1/"], ["127.0.0.1"], ["http://"], ["demoo"]], ids=str)
def test_a_target_that_is_none_is_a_usage_error(cli: Cli, target: list[str]) -> None:
    file = cli.folder / "thresholds.yaml"
    file.write_text(GOOD)
    result = cli.plain("run", *target, "--thresholds", str(file), "--out", str(cli.out))
    assert result.exit_code == 2, str(result)
    assert "Traceback" not in result.said


@pytest.mark.parametrize("env", [{}, {"READINESS_VAR_SERVICE": ""}], ids=["unset", "empty"])
def test_f15_a_variable_that_is_not_there_is_named(cli: Cli, untouched: Faultd, env: dict[str, str]) -> None:
    server, file = untouched, cli.folder / "thresholds.yaml"
    file.write_text(GOOD.replace("service: tested", "service: tested-${READINESS_VAR_SERVICE}"))
    refused(run(cli, server, file, **env), server, "thresholds.yaml:2:", "READINESS_VAR_SERVICE")


@pytest.mark.parametrize(
    ("text", "needle"),
    [
        ("class Broken(:\n", "broken.py:1"),
        ("x = 1\n", "User"),
        ("import sys\nsys.exit(0)\n", "broken.py"),
        ("import nothing_such\n", "nothing_such"),
    ],
    ids=["syntax error", "no user", "exits", "import fails"],
)
def test_a_scenario_file_that_cannot_run_is_no_green_and_is_named(
    cli: Cli, faultd: StartFaultd, text: str, needle: str
) -> None:
    server, file = faultd(), cli.folder / "thresholds.yaml"
    file.write_text(GOOD)
    (cli.folder / "broken.py").write_text(text)
    result = run(cli, server, file, "--scenarios", str(cli.folder / "broken.py"))
    assert result.exit_code in (2, 3), str(result)
    assert needle in result.stderr
    assert "Traceback" not in result.said
    assert server.seen("/api/*") == 0
